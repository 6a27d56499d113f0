"""What the choice of the hyperparameter draw does to a comparison: two rules side by side, and seeds that agree."""

import numpy as np
import pandas as pd

from robustpath.records import test_scores
from robustpath.records.selection import HOLDOUT, VALIDATION, Rule, select
from robustpath.statistics.intervals import average, interval, paired

FIRST, SECOND = "data_efficiency", "held_out"  # the experiments whose draws the first and the second rule select
AXES = ["dataset", "method", "train_size", "label_noise"]
PRINTED = 1  # digits of a printed difference in percentage points


def two_rules(records: pd.DataFrame, reference: str, confidence: float) -> pd.DataFrame:
    """Index (train_size, method) of the experiment SECOND; columns mean, difference, low, high, each under `validation`
    and `holdout`, and `changes`.

    Accuracies in distribution as fractions, over data sets and seeds; differences are to the reference, seed by seed.
    `validation`: the runs of FIRST, of the same data sets, methods, train sizes and levels of label noise, with the
    draw of the highest validation accuracy; `holdout`: the runs of SECOND with the draw that is best on the examples
    held out. What FIRST lacks, and the reference's difference, are NaN. `changes`: the printed differences have
    opposite signs, or the verdicts by their intervals differ.
    """
    own = _select(records, SECOND, HOLDOUT)
    held = _by_size(own, reference, confidence)
    other = _select(records, FIRST, VALIDATION)
    for axis in AXES:
        other = other[other[axis].isin(own[axis].unique())]
    known = not other.empty and reference in set(other["method"].unique())
    first = _by_size(other, reference, confidence) if known else held.iloc[:0]
    table = pd.concat({"validation": first.reindex(held.index), "holdout": held}, axis=1)
    signs = [np.sign(round(100 * table[rule, "difference"], PRINTED)) for rule in ("validation", "holdout")]
    said = [_verdict(table[rule]) for rule in ("validation", "holdout")]
    compared = table["validation", "difference"].notna() & table["holdout", "difference"].notna()
    table["changes", ""] = compared & ((signs[0] * signs[1] < 0) | (said[0] != said[1]))
    return table


def _select(records: pd.DataFrame, experiment: str, rule: Rule) -> pd.DataFrame:
    """Accuracies in distribution of the chosen draws: AXES, seed, value; empty where there is no such experiment."""
    own = records[records["experiment"] == experiment]
    if own.empty:
        return pd.DataFrame(columns=[*AXES, "seed", "value"])
    scores = test_scores(select(own, rule), experiment)
    return scores.loc[scores["shift_family"] == "none", [*AXES, "seed", "value"]]


def _by_size(scores: pd.DataFrame, reference: str, confidence: float) -> pd.DataFrame:
    """Index (train_size, method); columns mean, difference, low, high."""
    keys = ["train_size", "method"]
    means = average(scores, ["dataset", "label_noise"])
    absolute = interval(means, keys, confidence).set_index(keys)[["mean"]]
    relative = paired(means, ["train_size"], reference, confidence).set_index(keys)
    return absolute.join(relative.rename(columns={"mean": "difference"})[["difference", "low", "high"]])


def _verdict(table: pd.DataFrame) -> pd.Series:
    """1, -1 or 0: the interval of a difference lies above zero, below it, or holds it."""
    return (table["low"] > 0).astype(int) - (table["high"] < 0).astype(int)


def agreement(records: pd.DataFrame, experiment: str, reference: str) -> pd.DataFrame:
    """Index (draws, label_noise), draws `selected` or `default`; columns correlation, deviation: medians over methods.

    Of a method: the correlation over seeds of its accuracy in distribution, averaged over data sets and train sizes,
    with the reference's, and the standard deviation of the differences. The pairing of seeds takes out of a difference
    what correlates. `default`: draw 0. A method whose accuracy is the same for all seeds has no correlation.
    """
    own = records[(records["experiment"] == experiment) & (records["metric"] == "accuracy")]
    rows = {}
    for draws, runs in (("selected", select(own)), ("default", own[own["draw"] == 0])):
        scores = test_scores(runs, experiment)
        scores = scores.loc[scores["shift_family"] == "none", [*AXES, "seed", "value"]]
        for level, each in average(scores, ["dataset", "train_size"]).groupby("label_noise"):
            wide = each.pivot(index="seed", columns="method", values="value")
            others, base = wide.drop(columns=reference), wide[reference]
            moving = others.loc[:, others.std() > 0]
            together = moving.corrwith(base) if base.std() > 0 else moving.iloc[:0].mean()
            rows[draws, level] = {
                "correlation": together.median(),
                "deviation": others.sub(base, axis="index").std().median(),
            }
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis(["draws", "label_noise"])
