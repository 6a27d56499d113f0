"""Which examples a run has, with which labels: a function of (data set, seed, train size, label noise) alone."""

from collections.abc import Callable
from typing import NamedTuple

from torch import Tensor

from robustpath.core.randomness import varied
from robustpath.data.group_splits import parted
from robustpath.data.label_noise import noisy
from robustpath.data.prepared import Prepared
from robustpath.data.splits import Split
from robustpath.protocols.supervised.held_out import learnt


class Deal(NamedTuple):
    """What the runs of a seed share: the split, `labels(level)`, those of all examples [N] at a level of noise, and the
    share of the training set that is held out."""

    parts: Split
    labels: Callable[[float], Tensor]
    held_out: float = 0.0

    def training(self, size: int, level: float) -> tuple[Tensor, Tensor]:
        """What a run of a train size learns from: positions [n] and labels [n], n = `learnt(size, held_out)`."""
        chosen = self.parts.train[: learnt(size, self.held_out)]
        return chosen, self.labels(level)[chosen]

    def holdout(self, size: int, level: float) -> tuple[Tensor, Tensor]:
        """The end of the training set, which the run never learns from: positions and labels, noisy as all others."""
        chosen = self.parts.train[learnt(size, self.held_out) : size]
        return chosen, self.labels(level)[chosen]


def deal_of(settings: dict, prepared: Prepared, seed: int) -> Deal:
    """The deal of a run's seed; where the split does not vary, that of seed 0.

    settings: dataset, validation_size, test_size, vary (the sources of variation) and, where an experiment has them,
    held_out and correlation.
    """
    dataset, own = settings["dataset"], varied("split", seed, settings["vary"])
    parts = parted(prepared, dataset, own, settings)
    classes = int(prepared.labels.max()) + 1
    held_out = settings.get("held_out", 0.0)
    return Deal(parts, lambda level: noisy(prepared.labels, classes, dataset, own, level), held_out)
