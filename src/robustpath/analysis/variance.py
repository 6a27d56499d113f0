"""What the spread of test accuracy is made of: each source of variation alone (Bouthillier et al. 2021, "Accounting for
variance in machine learning benchmarks"), and what difference such a spread lets a paired test find."""

from typing import NamedTuple

import numpy as np
import pandas as pd
from scipy import optimize, stats

from robustpath.analysis.comparison import seed_means
from robustpath.analysis.records import test_scores
from robustpath.analysis.selection import select
from robustpath.analysis.statistics import average, check_complete

POOLED = "pooled"
SETTING = ["dataset", "train_size", "label_noise"]


class Source(NamedTuple):
    """Where a source of variation is varied, and in which runs: the selected draws, or the defaults (draw 0)."""

    experiment: str
    selected: bool
    words: str


ALONE = {
    "split": Source("variance_split", False, "split of the data"),
    "initialisation": Source("variance_initialisation", False, "initialisation"),
    "order": Source("variance_order", False, "order of batches"),
    "draw": Source("variance_draw", True, "hyperparameter draws"),
}
TOGETHER = {
    "default": Source("minima", False, "all but the draws"),
    "all": Source("minima", True, "all together"),
}
SOURCES = ALONE | TOGETHER


class Spread(NamedTuple):
    """A standard deviation with its interval; n repetitions, `freedom` degrees of freedom."""

    n: int
    deviation: float
    low: float
    high: float
    freedom: float


def spread(values: np.ndarray, confidence: float) -> Spread:
    """The standard deviation over the repetitions of values [n, D]: root of the mean variance of the D columns.

    Interval: freedom x variance is taken to be chi-square, as it is for one column of normal values. Of several columns
    the freedom is (n - 1) tr(S)^2 / |S|^2, S their covariance: n - 1 of each where they are independent and vary alike,
    n - 1 in all where they rise and fall as one (Box 1954, theorem 3.1). Where more than half of the repetitions agree
    in all columns they are not normal, and there is no interval (NaN). A single repetition has no deviation either.
    """
    n, columns = values.shape
    if n < 2:
        return Spread(n, np.nan, np.nan, np.nan, np.nan)
    covariance = np.cov(values, rowvar=False, ddof=1).reshape(columns, columns)
    variance = np.trace(covariance) / columns
    _, alike = np.unique(values, axis=0, return_counts=True)
    if alike.max() > n / 2:
        return Spread(n, float(np.sqrt(variance)), np.nan, np.nan, np.nan)
    freedom = float((n - 1) * np.trace(covariance) ** 2 / np.square(covariance).sum())
    quantiles = stats.chi2.ppf([0.5 + confidence / 2, 0.5 - confidence / 2], freedom)
    low, high = np.sqrt(freedom * variance / quantiles)
    return Spread(n, float(np.sqrt(variance)), float(low), float(high), freedom)


def components(records: pd.DataFrame, reference: str, confidence: float) -> pd.DataFrame:
    """Columns shift_family, source, dataset, then those of Spread: how far the reference's test accuracy (a fraction,
    mean over the shifts of a kind and their severities) spreads over each of SOURCES.

    Data set POOLED is the root of the mean variance over data sets. What varies together is read at the sizes and label
    noise of what varies alone. UserError where the records lack an experiment of a source or a score.
    """
    alone = records[records["experiment"].isin({source.experiment for source in ALONE.values()})]
    settings = alone[SETTING].drop_duplicates()
    rows = []
    for name, source in SOURCES.items():
        own = records[(records["experiment"] == source.experiment) & (records["method"] == reference)]
        own = own.merge(settings, on=SETTING)
        scores = test_scores(select(own) if source.selected else own[own["draw"] == 0], source.experiment)
        means = average(average(scores, ["shift", "severity"]), ["train_size", "label_noise"])
        for kind, found in means.groupby("shift_family"):
            wide = found.pivot(index="seed", columns="dataset", values="value")
            for dataset in wide:
                rows.append((kind, name, dataset, *spread(wide[[dataset]].to_numpy(), confidence)))
            rows.append((kind, name, POOLED, *spread(wide.to_numpy(), confidence)))
    return pd.DataFrame(rows, columns=["shift_family", "source", "dataset", *Spread._fields])


def paired_deviations(records: pd.DataFrame, experiment: str, reference: str) -> pd.Series:
    """The standard deviation over seeds of each method's difference to the reference: accuracy in distribution of the
    selected draws at the lowest label noise, mean over data sets. Index method."""
    own = records[records["experiment"] == experiment]
    own = own[own["label_noise"] == own["label_noise"].min()]
    scores = test_scores(select(own), experiment)
    means = seed_means(scores[scores["shift_family"] == "none"])
    check_complete(means)
    wide = means.pivot(index="seed", columns="method", values="value")
    return wide.sub(wide[reference], axis="index").drop(columns=reference).std(ddof=1)


def power(difference: float, deviation: float, n: int, level: float) -> float:
    """The chance that the two-sided paired t test at `level` finds a true difference of n pairs whose differences have
    the standard deviation `deviation`: t squared is F with 1 and n - 1 degrees of freedom, noncentral."""
    noncentrality = n * (difference / deviation) ** 2
    return 1 - float(stats.ncf.cdf(stats.f.isf(level, 1, n - 1), 1, n - 1, noncentrality))


def detectable(deviation: float, n: int, level: float, chance: float) -> float:
    """The smallest difference that the paired t test finds with that chance, in the unit of `deviation`."""
    most = 1.0
    while power(most, 1.0, n, level) < chance:
        most *= 2
    return deviation * float(optimize.brentq(lambda effect: power(effect, 1.0, n, level) - chance, 0.0, most))


def seeds_needed(difference: float, deviation: float, level: float, chance: float) -> int:
    """The fewest pairs, at least two, with which the paired t test finds a difference with that chance."""
    enough = 2
    while power(difference, deviation, enough, level) < chance:
        enough *= 2
    fewest, enough = enough // 2 + 1, enough
    while fewest < enough:
        middle = (fewest + enough) // 2
        if power(difference, deviation, middle, level) < chance:
            fewest = middle + 1
        else:
            enough = middle
    return enough
