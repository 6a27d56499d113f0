"""Intervals and tests of a statistic over seeds: BCa bootstrap, with a stated fall-back where it is not defined."""

import warnings
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from scipy import stats

SEED = 0
BLOCK = 2000  # resamples held in memory together


class Estimate(NamedTuple):
    """A statistic with its interval; `interval` says which kind it is, and why where it is not the BCa bootstrap."""

    effect: float
    low: float
    high: float
    n: int
    interval: str


def mean(values: np.ndarray, axis: int = -1) -> np.ndarray:
    """The mean over seeds."""
    return np.mean(values, axis=axis)


def median(*columns: np.ndarray, axis: int = -1) -> np.ndarray:
    """The median over seeds and columns; a missing value is left out."""
    return np.nanmedian(np.concatenate(columns, axis=axis), axis=axis)


def ratio(above: np.ndarray, below: np.ndarray, axis: int = -1) -> np.ndarray:
    """The ratio of two means over seeds; NaN where the lower mean is zero."""
    with np.errstate(divide="ignore", invalid="ignore"):
        found = np.mean(above, axis=axis) / np.mean(below, axis=axis)
    return np.where(np.isfinite(found), found, np.nan)


def estimate(
    columns: list[np.ndarray], statistic: Callable, confidence: float, resamples: int = 9999, fewest: int = 8
) -> Estimate:
    """The statistic of columns of equal length, an entry a seed, with its BCa interval (Efron 1987), seeds in pairs.

    With fewer than `fewest` seeds, or where BCa is undefined (values that do not vary), the interval is Student's t of
    a mean, that of the linearised ratio of a ratio, and the range of the seeds of a median. One seed has none (NaN).
    """
    n = len(columns[0])
    effect = float(statistic(*columns)) if n else np.nan
    if n < 2 or not np.isfinite(effect):
        why = "fewer than two seeds" if n < 2 else "the statistic is undefined"
        return Estimate(effect, np.nan, np.nan, n, f"none ({why})")
    if n < fewest:
        return _simple(columns, statistic, confidence, effect, f"fewer than {fewest} seeds")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = stats.bootstrap(
            columns,
            statistic,
            n_resamples=resamples,
            batch=BLOCK,
            vectorized=True,
            paired=True,
            axis=-1,
            confidence_level=confidence,
            method="BCa",
            rng=np.random.default_rng(SEED),
        ).confidence_interval
    if not np.isfinite([found.low, found.high]).all():
        return _simple(columns, statistic, confidence, effect, "BCa is undefined")
    return Estimate(effect, float(found.low), float(found.high), n, "BCa bootstrap")


def _simple(columns: list[np.ndarray], statistic: Callable, confidence: float, effect: float, why: str) -> Estimate:
    n = len(columns[0])
    if statistic is median:
        each = median(*[column[:, None] for column in columns])
        return Estimate(effect, float(each.min()), float(each.max()), n, f"range of the seeds ({why})")
    influence = columns[0]
    if statistic is ratio:
        influence = (columns[0] - effect * columns[1]) / columns[1].mean()
    half = stats.t.ppf(0.5 + confidence / 2, n - 1) * influence.std(ddof=1) / np.sqrt(n)
    return Estimate(effect, float(effect - half), float(effect + half), n, f"t ({why})")


def probability(values: np.ndarray, threshold: float = 0.0, alternative: str = "two-sided") -> float:
    """p of the t test that the mean is `threshold`; values that do not vary have p 1 at it and beyond it 0 or 1."""
    if len(values) < 2:
        return np.nan
    if np.ptp(values) == 0:
        gap = values[0] - threshold
        beyond = {"two-sided": gap != 0, "greater": gap > 0, "less": gap < 0}
        return 0.0 if beyond[alternative] else 1.0
    return float(stats.ttest_1samp(values, threshold, alternative=alternative).pvalue)


def sign_probability(values: np.ndarray, threshold: float) -> float:
    """p of the two-sided sign test that the median is `threshold`."""
    apart = values[values != threshold]
    if len(apart) < 2:
        return np.nan
    return float(stats.binomtest(int((apart > threshold).sum()), len(apart)).pvalue)


def equivalence(values: np.ndarray, margin: float) -> float:
    """p of the two one-sided t tests that the mean lies within -margin..margin (Schuirmann 1987): the larger one."""
    return float(np.max([probability(values, -margin, "greater"), probability(values, margin, "less")]))
