"""Scores of runs that acquire labels: their means and differences over seeds, and when a missing group is first found.

The seed is the unit of replication: data sets and missing groups are averaged within it where they are not kept apart.
"""

import warnings
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd
import scipy

from robustpath import protocols
from robustpath.statistics.intervals import check_complete, interval

CELL = ["dataset", "method", "missing", "label_noise"]


def scores(chosen: pd.DataFrame, metric: str) -> pd.DataFrame:
    """Columns CELL, seed and value: a metric of selected runs, unshifted; on test data where it is taken there. Runs
    without a value, since their acquisition has no anchors, are left out."""
    splits = protocols.metrics()[metric].splits
    split = "test" if "test" in splits else splits[0]
    own = chosen[(chosen["metric"] == metric) & (chosen["split"] == split) & (chosen["shift"] == "none")]
    return own.loc[own["converged"], [*CELL, "seed", "value"]].reset_index(drop=True)


class Finding(NamedTuple):
    """When runs first found what was missing: labels bought [k], and the shares of runs [k] that had found it by then,
    with the bounds of their confidence intervals.

    median: labels by which half of the runs had found it; infinite where fewer did.
    """

    labels: np.ndarray
    share: np.ndarray
    low: np.ndarray
    high: np.ndarray
    median: float


def found(labels: Sequence[float], never: Sequence[bool], confidence: float) -> Finding:
    """The estimate of Kaplan and Meier (1958) from the labels that each run bought until its first hit or, where it
    `never` hit, altogether; intervals by Greenwood's variance of log(-log), which stay between 0 and 1."""
    data = _censored(labels, never)
    result = scipy.stats.ecdf(data)
    bounds = [np.full(len(result.cdf.quantiles), np.nan)] * 2
    if data.num_censored() < len(labels):
        with warnings.catch_warnings(), np.errstate(divide="ignore", invalid="ignore"):
            warnings.simplefilter("ignore", RuntimeWarning)  # of the bounds that are undefined, which follow
            between = result.cdf.confidence_interval(confidence, method="log-log")
        bounds = [between.low.probabilities, between.high.probabilities]
    times, share = result.cdf.quantiles, result.cdf.probabilities
    # The interval of a share of 0 or 1 has no variance to be read off: there it is the share itself.
    low, high = (np.where(np.isnan(bound), share, bound) for bound in bounds)
    reached = times[share >= 0.5]
    return Finding(times, share, low, high, float(reached[0]) if len(reached) else np.inf)


def sooner(one: pd.DataFrame, other: pd.DataFrame) -> float:
    """The p of the log-rank test that two sets of runs find what is missing equally soon; columns labels and never."""
    if one["never"].all() and other["never"].all():
        return 1.0
    return float(
        scipy.stats.logrank(_censored(one["labels"], one["never"]), _censored(other["labels"], other["never"])).pvalue
    )


def _censored(labels: Sequence[float], never: Sequence[bool]) -> "scipy.stats.CensoredData":
    times, never = np.asarray(labels, float), np.asarray(never, bool)
    return scipy.stats.CensoredData(uncensored=times[~never], right=times[never])


def first_hits(chosen: pd.DataFrame) -> pd.DataFrame:
    """Columns CELL, seed, labels and never, of selected runs in which a group is missing."""
    labels, never = (scores(chosen, name) for name in ("labels_to_first_hit", "never_hit"))
    both = labels.rename(columns={"value": "labels"}).merge(never, on=[*CELL, "seed"])
    return both.assign(never=both["value"] > 0).drop(columns="value")


def advantage(rows: pd.DataFrame, method: str, reference: str) -> pd.DataFrame:
    """Columns at, seed and value: the score of a method less that of a reference, seed by seed, at each value of the
    column `at`; all other columns averaged within a seed."""
    own = rows[rows["method"].isin([method, reference])]
    means = own.groupby(["method", "at", "seed"], as_index=False)["value"].mean()
    check_complete(means, across=("method", "at", "seed"))
    wide = means.pivot(index=["at", "seed"], columns="method", values="value")
    return (wide[method] - wide[reference]).rename("value").reset_index()


def trend(rows: pd.DataFrame, confidence: float) -> pd.Series:
    """n, mean, low, high of the slope of `value` over `at`: least squares within each seed, t interval over seeds.

    Seeds that lack a value at some `at` are left out; n is 0 where all do.
    """
    whole = [(seed, own) for seed, own in rows.groupby("seed") if len(own) == rows["at"].nunique()]
    slopes = [(seed, np.polyfit(own["at"], own["value"], 1)[0]) for seed, own in whole]
    if not slopes:
        return pd.Series({"n": 0, "mean": np.nan, "low": np.nan, "high": np.nan})
    table = pd.DataFrame(slopes, columns=["seed", "value"]).assign(what="slope")
    return interval(table, ["what"], confidence).iloc[0]
