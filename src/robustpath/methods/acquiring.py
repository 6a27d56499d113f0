"""The contract of an acquisition: which unlabelled examples of a pool are labelled next.

An acquisition is a method of the protocol `acquisition`. Its factory takes hyperparameters as numbers and returns an
Acquisition, a pure function of what one run sees: it may look at values, since it runs once a round and not in a step.
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import NamedTuple

import torch
from torch import Tensor


class View(NamedTuple):
    """What a run sees of its pool when a round of training has ended. Positions are those of the pool's N examples.

    inputs: [N, …]; logits: [N, classes] of the trained model; sampled: logits [T, N, classes] of T passes with dropout;
    representations: [N, d] by name: "inputs" (flat), "random_features" (of a network that was never trained) and
    "penultimate" (what the trained model's last layer reads).
    head: the last layer, penultimate [b, d] -> logits [b, classes].
    labelled: positions [l] in the order in which they were labelled; labels: [l] of them alone, as noisy as the pool.
    correct: bool [moments, l], whether the model was right on each labelled example at moments of its training, in
    their order; losses: [moments, l], its cross-entropies there.
    unlabelled: positions [u], ascending.
    attribute: [N], what a label may be confused with, of all examples; only an oracle may read it.
    earlier: logits [moments, N, classes] at the moments of `correct`; None for an acquisition that does not say that it
    needs them.
    """

    inputs: Tensor
    logits: Tensor
    sampled: Tensor
    representations: Mapping[str, Tensor]
    head: Callable[[Tensor], Tensor]
    labelled: Tensor
    labels: Tensor
    correct: Tensor
    losses: Tensor
    unlabelled: Tensor
    attribute: Tensor | None = None
    earlier: Tensor | None = None

    @property
    def classes(self) -> int:
        return self.logits.shape[1]


class Chosen(NamedTuple):
    """positions: those of an Acquisition; notes: numbers by name that say how they were found, and choose nothing.

    The names are NOTES in protocols/acquisition/on_the_way.py. A number that does not exist is nan.
    """

    positions: Tensor
    notes: Mapping[str, float] = MappingProxyType({})


# (view, count, generator) -> `count` different positions of view.unlabelled, the first wish first, as they are or as
# Chosen. The generator is of the run and round; nothing else is random, and equal scores go to the lower position.
Acquisition = Callable[[View, int, torch.Generator], Tensor | Chosen]


def noted(found: Tensor | Chosen) -> Chosen:
    """What an acquisition gives, with no notes where it gives positions alone."""
    return found if isinstance(found, Chosen) else Chosen(found)


def highest(scores: Tensor, positions: Tensor, count: int) -> Tensor:
    """The `count` positions of the highest scores [u]; of equal ones the first come first."""
    order = torch.argsort(scores, descending=True, stable=True)
    return positions[order[:count]]
