"""Label noise: some labels replaced by labels drawn at random, the same ones for every method."""

import torch
from torch import Tensor

from robustpath.core.randomness import generator


def noisy(labels: Tensor, classes: int, dataset: str, seed: int, level: float) -> Tensor:
    """`labels` int64 [N] of which each is, with probability `level`, drawn anew from all classes alike (Zhang et al.
    2017, sec. 2.1, "partially corrupted labels"); at level 1 they tell nothing.

    A drawn label may be the right one. What is replaced, and by what, depends on (data set, seed) only, and a higher
    level replaces what a lower one does and more.
    """
    stream = generator("label noise", dataset, seed)
    threshold = torch.rand(len(labels), generator=stream, dtype=torch.float64)
    drawn = torch.randint(classes, (len(labels),), generator=stream)
    return torch.where(threshold < level, drawn, labels)
