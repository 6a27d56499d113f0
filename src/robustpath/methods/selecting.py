"""Choosing the batch: of candidates, which are dealt beside it, those with some losses are trained on.

The candidates of a step are the next of the stream. A forward pass over them gives their losses; the base takes its
step on as many of them as a batch has, and does not look at the batch.

Where a source deals the truth about the candidates, what was chosen is recorded; neither the choice nor the base sees
the truth.
"""

from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy

from robustpath.core.errors import UserError
from robustpath.methods.base import Batch, Context, Method

CANDIDATES = 320  # n_B of RHO-LOSS on CIFAR-10; with a batch of 32, one in ten is chosen
# Of each candidate its clean label and, where the data have groups, a column: 1 where it is in a minority, 0 elsewhere.
TRUTH = "truth"

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
        blind = context._replace(given={name: part for name, part in context.given.items() if name != TRUTH})
        places = choose(losses, count, blind)
        chosen = Batch(candidates.inputs[places], candidates.labels[places])
        params, state, info = base.step(loss, params, state, chosen, blind)
        truth = context.given.get(TRUTH)
        return params, state, info | (composition(truth, candidates.labels, places) if truth else {})

    return base.replace(step=step, needs={**base.needs, "stream": CANDIDATES})


def highest(scores: Tensor, count: int) -> Tensor:
    """The places of the `count` highest scores [n]; of equal ones the first."""
    return torch.argsort(scores, descending=True, stable=True)[:count]


def composition(truth: Batch, labels: Tensor, places: Tensor) -> dict[str, Tensor]:
    """Shares, scalars, of the corrupted and of the minority among the candidates with these labels [n], and among those
    at the chosen `places`; of the minority where the truth has a column of it."""
    marks = {"corrupted": labels != truth.labels} | dict(zip(["minority"], truth.inputs.unbind(-1), strict=False))
    marks = {name: mark.to(torch.get_default_dtype()) for name, mark in marks.items()}
    among = {f"candidates_{name}": mark.mean() for name, mark in marks.items()}
    return among | {f"chosen_{name}": mark[places].mean() for name, mark in marks.items()}
