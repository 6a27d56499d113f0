"""The final scores of runs on acquisition: their last models on validation and test examples, under every shift."""

from collections.abc import Iterator
from pathlib import Path

import pandas as pd
from torch import Tensor

from robustpath.data.label_noise import noisy
from robustpath.data.prepared import Prepared
from robustpath.data.shifts import ShiftedSet, shifted_sets
from robustpath.protocols.acquisition.deals import held_of
from robustpath.protocols.supervised.score import scored_on

OWN = ("none", "corruption", "generator")  # families of shifts of the data set's own examples


def evaluate(
    settings: dict, data: dict[str, Path], weights: list[Path], runs: list[Path], scores: Path, threads: int
) -> None:
    """Score all runs of one experiment and data set; one row a run x split x shift x severity x metric.

    Validation labels are as noisy as those of the pool, since a user has no others; those of the test are clean.
    """
    scored_on(_examples, settings, data, weights, runs, scores, threads)


def _examples(
    settings: dict, seed: int, members: pd.DataFrame, prepared: dict[str, Prepared]
) -> Iterator[tuple[pd.DataFrame, ShiftedSet]]:
    """(runs, examples) to score on the split of a seed."""
    dataset, own = settings["dataset"], prepared[settings["dataset"]]
    held, classes = held_of(settings, own, seed), int(own.labels.max()) + 1
    for examples in shifted_sets(dataset, seed, prepared, settings):
        if examples.shift != "none" and not settings.get("shifted", True):
            return
        if examples.split == "validation":
            for level, rows in members.groupby("label_noise"):
                labels = noisy(own.labels, classes, dataset, seed, level)[held.parts.validation]
                yield rows, examples._replace(labels=labels)
        elif examples.shift_family in OWN:
            yield members, _of(examples, held.test)
        else:
            yield members, examples


def _of(examples: ShiftedSet, places: Tensor) -> ShiftedSet:
    """Some of the examples."""
    attribute = None if examples.attribute is None else examples.attribute[places]
    return examples._replace(inputs=examples.inputs[places], labels=examples.labels[places], attribute=attribute)
