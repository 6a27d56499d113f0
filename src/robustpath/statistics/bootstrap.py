"""Intervals and tests of a statistic over seeds: BCa bootstrap, with a stated fall-back where it is not defined."""

import warnings
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import scipy
from scipy.special import stdtr

SEED = 0
BLOCK = 2000  # resamples held in memory together

Tail = Callable[[float], float]


class Estimate(NamedTuple):
    """A statistic with its interval, and the tail of its test at a threshold.

    `interval` says which kind it is, and why where it is not the BCa bootstrap. `tail` maps a threshold to the p of the
    one-sided test that the statistic lies above it: near 0 for a threshold far below the effect, near 1 far above. The
    test is Student's t (of the linearised ratio; the sign test of a median), also beside a BCa interval: the tails of a
    bootstrap of twenty values are too light for the small levels of Holm's correction, so the two may differ a little.
    """

    effect: float
    low: float
    high: float
    n: int
    interval: str
    tail: Tail

    def p(self, threshold: float) -> float:
        """Two-sided p of the hypothesis that the statistic is `threshold`; NaN where there is no interval."""
        below = self.tail(threshold)
        return float(np.minimum(1.0, 2 * np.minimum(below, 1 - below)))


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
        return Estimate(effect, np.nan, np.nan, n, f"none ({why})", lambda threshold: np.nan)
    if n < fewest:
        return _simple(columns, statistic, confidence, effect, f"fewer than {fewest} seeds")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = scipy.stats.bootstrap(
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
        )
    low, high = found.confidence_interval
    if not (np.isfinite(low) and np.isfinite(high)):
        return _simple(columns, statistic, confidence, effect, "BCa is undefined")
    return Estimate(effect, float(low), float(high), n, "BCa bootstrap", _tail(columns, statistic, effect))


def _simple(columns: list[np.ndarray], statistic: Callable, confidence: float, effect: float, why: str) -> Estimate:
    n, tail = len(columns[0]), _tail(columns, statistic, effect)
    if statistic is median:
        each = _medians(columns)
        return Estimate(effect, float(each.min()), float(each.max()), n, f"range of the seeds ({why})", tail)
    half = float(scipy.stats.t.ppf(0.5 + confidence / 2, n - 1)) * _error(columns, statistic, effect)
    return Estimate(effect, effect - half, effect + half, n, f"t ({why})", tail)


def _medians(columns: list[np.ndarray]) -> np.ndarray:
    """The median of each seed."""
    return median(*[column[:, None] for column in columns])


def _error(columns: list[np.ndarray], statistic: Callable, effect: float) -> float:
    """Standard error of a mean, or of a ratio by its linearisation: the mean of (x - effect y) / mean(y)."""
    influence = columns[0]
    if statistic is ratio:
        influence = (columns[0] - effect * columns[1]) / columns[1].mean()
    return float(influence.std(ddof=1) / np.sqrt(len(influence)))


def _tail(columns: list[np.ndarray], statistic: Callable, effect: float) -> Tail:
    if statistic is median:
        each = _medians(columns)
        return lambda threshold: _sign_tail(each, threshold)
    error, freedom = _error(columns, statistic, effect), len(columns[0]) - 1

    def tail(threshold: float) -> float:
        if error == 0:
            return 0.5 + 0.5 * float(np.sign(threshold - effect))
        return float(stdtr(freedom, (threshold - effect) / error))

    return tail


def _sign_tail(values: np.ndarray, threshold: float) -> float:
    """Level of the sign test that the median lies at `threshold`; half where as many lie above as below."""
    above, below = int((values > threshold).sum()), int((values < threshold).sum())
    if above == below:
        return 0.5
    p = scipy.stats.binomtest(max(above, below), above + below, alternative="greater").pvalue
    return float(p if above > below else 1 - p)


def equivalence(values: np.ndarray, margin: float) -> float:
    """p of the two one-sided t tests that the mean lies within -margin..margin (Schuirmann 1987): the larger one."""
    n = len(values)
    if n < 2:
        return np.nan
    inside = margin - abs(float(values.mean()))
    error = float(values.std(ddof=1) / np.sqrt(n))
    if error == 0:
        return 0.0 if inside > 0 else 1.0
    return float(stdtr(n - 1, -inside / error))
