"""Scores of runs on data with groups: which draw stands for a method by which rule, means and paired differences.

The seed is the unit of replication: data sets are averaged within it where a table does not keep them apart.
"""

from collections.abc import Sequence
from typing import NamedTuple

import pandas as pd

from robustpath.core.errors import UserError
from robustpath.records import RUN, plain
from robustpath.records.selection import choose
from robustpath.statistics.streams import with_hyperparameters

CELL = ["dataset", "method", "train_size", "label_noise"]


class Rule(NamedTuple):
    """What chooses among the draws of a seed: a metric on a split, in words."""

    split: str
    metric: str
    words: str


RULES = {
    "validation": Rule("validation", "accuracy", "validation accuracy"),
    "worst": Rule("validation", "accuracy_worst_group", "worst-group validation"),
    "oracle": Rule("test", "accuracy_worst_group", "oracle"),
}


def selected(records: pd.DataFrame, experiment: str, rule: Rule, within: Sequence[str] = ()) -> pd.DataFrame:
    """The records of an experiment's draws that are the best by a rule, seed by seed; of a grid, of each value of the
    hyperparameters `within`, which become columns. UserError where there are no such records."""
    own = plain(records[records["experiment"] == experiment])
    decides = own[(own["split"] == rule.split) & (own["metric"] == rule.metric) & (own["shift"] == "none")]
    if decides.empty:
        raise UserError(
            f"the records have no {rule.split} {rule.metric} of experiment {experiment}: give it data sets with groups "
            "in config.yaml and run snakemake again"
        )
    own, decides = with_hyperparameters(own, *within), with_hyperparameters(decides, *within)
    known = decides.assign(split="validation", metric="accuracy")  # where records.selection looks
    return own.merge(choose(known, within=tuple(within))[RUN], on=RUN)


def scores(chosen: pd.DataFrame, metric: str, keys: Sequence[str] = (), split: str = "test") -> pd.DataFrame:
    """Columns CELL, seed, `keys` and value: a metric of selected runs on unshifted data, those of the test in equal
    groups. UserError where there are no such records."""
    own = chosen[(chosen["metric"] == metric) & (chosen["split"] == split) & (chosen["shift"] == "none")]
    if own.empty:
        raise UserError(f"the records have no {split} {metric} of the runs that are compared; run snakemake again")
    return own[[*CELL, "seed", *keys, "value"]].reset_index(drop=True)
