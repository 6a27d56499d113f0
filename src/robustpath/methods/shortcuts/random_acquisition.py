"""Examples at random, each with the same probability: what every other acquisition must beat."""

import torch
from torch import Tensor

from robustpath.methods.acquiring import Acquisition, View
from robustpath.methods.base import register

PROTOCOLS = ("acquisition",)


@register(search={})
def random_acquisition() -> Acquisition:
    """A random order of the unlabelled examples."""

    def acquire(view: View, count: int, generator: torch.Generator) -> Tensor:
        return view.unlabelled[torch.randperm(len(view.unlabelled), generator=generator)[:count]]

    return acquire
