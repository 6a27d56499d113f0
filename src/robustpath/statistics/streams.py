"""Scores of runs on streams, by budget a batch and label noise: what was selected, its mean, and paired differences.

The seed is the unit of replication: data sets are averaged within it where a table does not keep them apart.
"""

import json
import math
from collections.abc import Sequence
from typing import NamedTuple

import pandas as pd

from robustpath import protocols
from robustpath.core.errors import UserError
from robustpath.records import RUN, plain
from robustpath.records.selection import select
from robustpath.statistics.intervals import check_complete, interval, paired

CELL = ["dataset", "method", "evaluations", "label_noise"]


def with_hyperparameters(records: pd.DataFrame, *names: str) -> pd.DataFrame:
    """The records with a column for each of these hyperparameters; UserError where a run was not given one."""
    texts = records["hyperparameters"].astype(str)
    values = {text: json.loads(text) for text in texts.unique()}
    for name in names:
        if lacking := [text for text, own in values.items() if name not in own]:
            raise UserError(
                f"a run has no hyperparameter {name}, only {lacking[0]}; correct the grid of its experiment in "
                "config.yaml"
            )
    return records.assign(**{name: [values[text][name] for text in texts] for name in names})


def selected(records: pd.DataFrame, experiment: str, within: Sequence[str] = ()) -> pd.DataFrame:
    """The records of an experiment of the draws with the highest validation accuracy, seed by seed; of a grid, of each
    value of the hyperparameters `within`, which become columns."""
    own = plain(records[records["experiment"] == experiment])
    if own.empty:
        known = ", ".join(sorted(records["experiment"].unique()))
        raise UserError(f"the records have no runs of experiment {experiment}, only of {known}; run snakemake again")
    return select(with_hyperparameters(own, *within), within=tuple(within))


def scores(chosen: pd.DataFrame, metric: str, keys: Sequence[str] = (), split: str | None = None) -> pd.DataFrame:
    """Columns CELL, seed, `keys` and value: a metric of selected runs, unshifted; on test data where it is taken there
    and no `split` is named. Runs for which the metric has no meaning are left out."""
    splits = protocols.metrics()[metric].splits
    split = split or ("test" if "test" in splits else splits[0])
    own = chosen[(chosen["metric"] == metric) & (chosen["split"] == split) & (chosen["shift"] == "none")]
    return own.loc[own["converged"], [*CELL, "seed", *keys, "value"]].reset_index(drop=True)


def shifted(chosen: pd.DataFrame) -> pd.DataFrame:
    """Columns CELL, seed, value: accuracy on the test data of all tasks under shift; shifts weigh the same, and so do
    severities within a shift."""
    own = chosen[(chosen["metric"] == "accuracy") & (chosen["split"] == "test") & (chosen["shift"] != "none")]
    own = own[[*CELL, "seed", "shift", "severity", "value"]]
    check_complete(own, across=("method", "seed"))
    each = own.groupby([*CELL, "seed", "shift"], as_index=False)["value"].mean()
    return each.groupby([*CELL, "seed"], as_index=False)["value"].mean()


def means(rows: pd.DataFrame, by: Sequence[str], confidence: float) -> pd.DataFrame:
    """Columns `by`, n, mean, low, high: t intervals over seeds, all other columns averaged within a seed."""
    return interval(_of_seeds(rows, by), list(by), confidence)


def differences(rows: pd.DataFrame, by: Sequence[str], of: str, reference: object, confidence: float) -> pd.DataFrame:
    """Columns `by`, `of`, n, mean, low, high, p: the paired difference to the rows where `of` is `reference`; no rows
    where there are no others."""
    if set(rows[of]) == {reference}:
        return pd.DataFrame(columns=[*by, of, "n", "mean", "low", "high", "p"])
    return paired(_of_seeds(rows, [*by, of]), list(by), reference, confidence, of=of)


def _of_seeds(rows: pd.DataFrame, by: Sequence[str]) -> pd.DataFrame:
    return rows.groupby([*by, "seed"], as_index=False)["value"].mean()


class Interaction(NamedTuple):
    """Of a design of two factors, each absent or present: what both change beyond the sum of what each does alone."""

    n: int
    mean: float
    low: float
    high: float


def interaction(rows: pd.DataFrame, first: str, second: str, confidence: float) -> Interaction:
    """(both - second alone) - (first alone - neither), seed by seed, with its t interval; a factor is absent at 0. Data
    sets are averaged within a seed.

    UserError where a factor has not two values, one of them 0.
    """
    if "dataset" in rows:
        check_complete(rows[[first, second, "dataset", "seed", "value"]], across=(first, second, "dataset", "seed"))
        rows = _of_seeds(rows, [first, second])
    signs = {}
    for factor in (first, second):
        values = sorted(rows[factor].unique())
        if len(values) != 2 or values[0] != 0:
            raise UserError(f"{factor} has the values {values}, where 0 and one other are compared; correct its grid")
        signs[factor] = rows[factor].map({values[0]: -1.0, values[1]: 1.0})
    check_complete(rows[[first, second, "seed", "value"]], across=(first, second, "seed"))
    sums = (
        rows.assign(value=rows["value"] * signs[first] * signs[second]).groupby("seed", as_index=False)["value"].sum()
    )
    found = interval(sums.assign(what="interaction"), ["what"], confidence).iloc[0]
    return Interaction(int(found["n"]), found["mean"], found["low"], found["high"])


def at_edge(chosen: pd.DataFrame, name: str, values: Sequence[float], by: Sequence[str]) -> pd.DataFrame:
    """Columns `by`, median, smallest, largest: the (lower) median of a selected hyperparameter, and the shares of seeds
    in which it is the smallest and the largest of the `values` of its grid; there it is a bound, and no optimum."""
    runs = with_hyperparameters(chosen, name).drop_duplicates(RUN)
    ends = runs.assign(median=runs[name], smallest=runs[name] == min(values), largest=runs[name] == max(values))
    groups = ends.groupby(list(by))
    return (
        groups["median"]
        .quantile(0.5, interpolation="lower")
        .to_frame()
        .join(groups[["smallest", "largest"]].mean())
        .reset_index()
    )


def noise_entropy(level: float, classes: int) -> float:
    """The entropy in bits of a label given the true class, when it is drawn anew from all classes with probability
    `level`: the least that a code of such labels can take, on average."""
    right, wrong = 1 - level + level / classes, level / classes
    return -sum(n * p * math.log2(p) for n, p in ((1, right), (classes - 1, wrong)) if p > 0) + 0.0
