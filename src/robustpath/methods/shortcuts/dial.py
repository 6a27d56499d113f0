"""DIAL as far as a view allows it: examples like those that were learnt slowly."""

import torch
from torch import Tensor

from robustpath.methods.acquiring import Acquisition, View, highest
from robustpath.methods.base import choice, register
from robustpath.methods.neighbours import nearest

PROTOCOLS = ("acquisition",)


@register(search={"neighbours": choice(1, 3, 5, 10, default=5)})
def dial(neighbours: Tensor) -> Acquisition:
    """Slow training dynamics first (Domain-Invariant Active Learning, openreview.net/forum?id=2XVECaYiFB).

    Checked: its abstract says that examples of groups with few labels are learnt slowly, which checkpoints show; its
    program scores an unlabelled example by the mean distance between the predictions of pairs of checkpoints. A view
    has no predictions of earlier moments on the pool, so the rest is our reading and not that score: an example is as
    slow as the mean of its nearest labelled examples in the penultimate layer, and a labelled one as slow as its mean
    cross-entropy over the moments of its training.
    """

    def acquire(view: View, count: int, generator: torch.Generator) -> Tensor:
        places = view.representations["penultimate"]
        slowness = view.losses.double().mean(0)
        own = nearest(places[view.unlabelled], places[view.labelled], min(int(neighbours), len(slowness)))[1]
        own = own.sort(1).values  # so that two examples with the same neighbours have the same sum
        return highest(slowness[own].mean(1), view.unlabelled, count)

    return acquire
