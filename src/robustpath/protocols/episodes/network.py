"""The network of a run on episodes: its outputs for the classes of an episode, then those for classes of training.

Both stand beside each other in the last layer, so that every method has the same network. A loss looks at the outputs
of the kind that its labels are of, and no others.
"""

from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy

from robustpath.core.types import Batch, Params
from robustpath.data.prepared import Prepared
from robustpath.protocols.episodes.sizes import TURNS, letters


def loss_of(network: Callable[[Params, Tensor], Tensor], ways: int) -> Callable[[Params, Batch], Tensor]:
    """The mean cross-entropy (params, batch) -> a scalar in nats: a label below `ways` is one of an episode, and of no
    other kind are the classes that it competes with."""

    def loss(params: Params, batch: Batch) -> Tensor:
        logits = network(params, batch.inputs)
        of_episode = torch.arange(logits.shape[1], device=logits.device) < ways
        competing = of_episode == (batch.labels < ways)[:, None]
        return cross_entropy(torch.where(competing, logits, -torch.inf), batch.labels)

    return loss


def with_fresh_head(params: Params, ways: int) -> Params:
    """The parameters with zeros for the outputs of an episode: before its first step all classes are as probable."""
    weight, bias = list(params)[-2:]
    return params | {name: params[name].index_fill(0, torch.arange(ways), 0.0) for name in (weight, bias)}


def outputs(prepared: Prepared, ways: int) -> int:
    """How many outputs the network has: those of an episode, then one for each class of training."""
    return ways + TURNS * letters(int(prepared.labels.max()) + 1)["train"]
