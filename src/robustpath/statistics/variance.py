"""What the spread of test accuracy is made of: each source of variation alone (Bouthillier et al. 2021)."""

from typing import NamedTuple

import numpy as np
import pandas as pd
import scipy

from robustpath.records import test_scores
from robustpath.records.selection import select
from robustpath.statistics.intervals import average

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
    quantiles = scipy.stats.chi2.ppf([0.5 + confidence / 2, 0.5 - confidence / 2], freedom)
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
