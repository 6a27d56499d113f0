"""Which examples a run has, with which labels: a function of (data set, seed, train size, label noise) alone."""

from collections.abc import Callable
from typing import NamedTuple

from torch import Tensor

from robustpath.core.randomness import varied
from robustpath.data.label_noise import noisy
from robustpath.data.prepared import Prepared
from robustpath.data.splits import Split, split


class Deal(NamedTuple):
    """What the runs of a seed share: the split, and `labels(level)`, those of all examples [N] at a level of noise."""

    parts: Split
    labels: Callable[[float], Tensor]

    def training(self, size: int, level: float) -> tuple[Tensor, Tensor]:
        """The training set of a run: positions [size] and labels [size]."""
        chosen = self.parts.train[:size]
        return chosen, self.labels(level)[chosen]


def deal_of(settings: dict, prepared: Prepared, seed: int) -> Deal:
    """The deal of a run's seed; where the split does not vary, that of seed 0.

    settings: dataset, validation_size, test_size and vary (the sources of variation).
    """
    dataset, own = settings["dataset"], varied("split", seed, settings["vary"])
    parts = split(prepared, dataset, own, settings["validation_size"], settings["test_size"])
    classes = int(prepared.labels.max()) + 1
    return Deal(parts, lambda level: noisy(prepared.labels, classes, dataset, own, level))
