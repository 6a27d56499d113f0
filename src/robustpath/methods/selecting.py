"""Choosing the batch: of candidates, which are dealt beside it, those with some losses are trained on.

The candidates of a step are the next of the stream. A forward pass over them gives their losses; the base takes its
step on as many of them as a batch has, and does not look at the batch.
"""

from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy

from robustpath.core.errors import UserError
from robustpath.methods.base import Batch, Context, Method

CANDIDATES = 320  # n_B of RHO-LOSS on CIFAR-10; with a batch of 32, one in ten is chosen

Choose = Callable[[Tensor, int, Context], Tensor]


def selecting(base: Method, choose: Choose) -> Method:
    """The base on chosen candidates: choose(losses [n], count, context) -> their places, int64 [count].

    UserError for a batch of more than CANDIDATES examples.
    """

    def step(loss, params, state, batch, context):
        candidates, count = context.given["stream"], len(batch.labels)
        if count > CANDIDATES:
            raise UserError(
                f"a batch of {count} examples cannot be chosen from {CANDIDATES} candidates; set `batch_size` to at "
                f"most {CANDIDATES} in config.yaml"
            )
        losses = cross_entropy(context.network(params, candidates.inputs), candidates.labels, reduction="none")
        places = choose(losses, count, context)
        chosen = Batch(candidates.inputs[places], candidates.labels[places])
        return base.step(loss, params, state, chosen, context)

    return base.replace(step=step, needs={**base.needs, "stream": CANDIDATES})


def highest(scores: Tensor, count: int) -> Tensor:
    """The places of the `count` highest scores [n]; of equal ones the first."""
    return torch.argsort(scores, descending=True, stable=True)[:count]
