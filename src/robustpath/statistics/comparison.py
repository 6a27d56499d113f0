"""The comparison of methods that table, numbers and verdicts share: one row a method and kind of test set."""

import pandas as pd

from robustpath.records import runs, test_scores
from robustpath.records.selection import select
from robustpath.statistics.intervals import average, check_complete, holm, interval, paired

KINDS = {"none": "in distribution", "natural": "natural", "corruption": "corruptions", "generator": "generator"}


def seed_means(scores: pd.DataFrame) -> pd.DataFrame:
    """Columns method, seed, shift_family, value: the mean over all else, label noise included, within a seed.

    Kinds of shift are kept apart; each data set that has the kind weighs the same, for any number of shifts.
    """
    each = average(scores, ["shift", "severity"])
    return average(each, ["dataset", "train_size", "label_noise"])


def compare(records: pd.DataFrame, experiment: str, reference: str, confidence: float) -> pd.DataFrame:
    """Columns shift_family, method, n, mean, low, high, difference, difference_low, difference_high, p, holm.

    Accuracies as fractions, of the draws chosen by validation accuracy. The differences are to the reference, seed by
    seed; Holm runs over all differences of this table. The reference has no difference (NaN).
    """
    scores = seed_means(test_scores(select(records), experiment))
    check_complete(scores)
    return compare_means(scores, reference, confidence)


def compare_means(scores: pd.DataFrame, reference: str, confidence: float) -> pd.DataFrame:
    """The table of `compare` from seed means with columns method, seed, shift_family, value."""
    absolute = interval(scores, ["shift_family", "method"], confidence)
    relative = paired(scores, ["shift_family"], reference, confidence).drop(columns="n")
    relative["holm"] = holm(relative["p"])
    names = {"mean": "difference", "low": "difference_low", "high": "difference_high"}
    return absolute.merge(relative.rename(columns=names), on=["shift_family", "method"], how="left")


def by_level(records: pd.DataFrame, experiment: str, reference: str, confidence: float) -> pd.DataFrame:
    """The table of `compare` at each level of label noise: label_noise first, and Holm within a level."""
    scores = test_scores(select(records[records["experiment"] == experiment]), experiment)
    check_complete(scores, across=("method", "seed"))
    parts = {
        level: compare_means(seed_means(rows), reference, confidence) for level, rows in scores.groupby("label_noise")
    }
    return pd.concat(parts, names=["label_noise"]).reset_index(level=0).reset_index(drop=True)


def cost(records: pd.DataFrame, experiment: str) -> pd.DataFrame:
    """Index method, columns family, gradient_evaluations (mean a run), runs, diverged (counts), over every draw run."""
    each = runs(records[records["experiment"] == experiment])
    return each.groupby("method").agg(
        family=("family", "first"),
        gradient_evaluations=("gradient_evaluations", "mean"),
        runs=("seed", "size"),
        diverged=("diverged", "sum"),
    )
