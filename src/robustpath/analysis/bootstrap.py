"""Intervals and tests of a statistic over seeds: BCa bootstrap, with a stated fall-back where it is not defined."""

import warnings
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from scipy import stats
from scipy.special import ndtr, ndtri

SEED = 0
BLOCK = 2000  # resamples held in memory together

Tail = Callable[[float], float]


class Estimate(NamedTuple):
    """A statistic with its interval, and how far into the tail of its uncertainty a threshold lies.

    `interval` says which kind it is, and why where it is not the BCa bootstrap. `tail` maps a threshold to the level of
    the one-sided interval that ends there: near 0 for a threshold far below the effect, near 1 for one far above.
    """

    effect: float
    low: float
    high: float
    n: int
    interval: str
    tail: Tail

    def p(self, threshold: float) -> float:
        """Two-sided p of the hypothesis that the statistic is `threshold`: the interval that ends there has level 1-p.

        NaN where there is no interval.
        """
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
        )
    low, high = found.confidence_interval
    if not (np.isfinite(low) and np.isfinite(high)):
        return _simple(columns, statistic, confidence, effect, "BCa is undefined")
    tail = _bca_tail(found.bootstrap_distribution, columns, statistic, effect)
    return Estimate(effect, float(low), float(high), n, "BCa bootstrap", tail)


def _bca_tail(resampled: np.ndarray, columns: list[np.ndarray], statistic: Callable, effect: float) -> Tail:
    """The level whose BCa endpoint is a threshold: Efron's (1987) endpoint solved for its level.

    The bias z0 is taken from the resamples, the acceleration a from the jackknife.
    """
    count = len(resampled)

    def rank(value: float) -> float:
        share = ((resampled < value).sum() + (resampled <= value).sum()) / (2 * count)
        return float(ndtri(np.clip(share, 1 / (count + 1), count / (count + 1))))

    left_out = np.array([statistic(*(np.delete(column, i) for column in columns)) for i in range(len(columns[0]))])
    gaps = left_out.mean() - left_out
    spread = (gaps**2).sum()
    acceleration = (gaps**3).sum() / (6 * spread**1.5) if spread > 0 else 0.0
    bias = rank(effect)

    def tail(threshold: float) -> float:
        apart = rank(threshold) - bias
        return float(ndtr(apart / (1 + acceleration * apart) - bias))

    return tail


def _simple(columns: list[np.ndarray], statistic: Callable, confidence: float, effect: float, why: str) -> Estimate:
    n = len(columns[0])
    if statistic is median:
        each = median(*[column[:, None] for column in columns])
        bounds = float(each.min()), float(each.max())
        return Estimate(
            effect, *bounds, n, f"range of the seeds ({why})", lambda threshold: _sign_tail(each, threshold)
        )
    influence = columns[0]
    if statistic is ratio:
        influence = (columns[0] - effect * columns[1]) / columns[1].mean()
    error = float(influence.std(ddof=1) / np.sqrt(n))
    half = float(stats.t.ppf(0.5 + confidence / 2, n - 1)) * error

    def tail(threshold: float) -> float:
        if error == 0:
            return 0.5 + 0.5 * float(np.sign(threshold - effect))
        return float(stats.t.cdf((threshold - effect) / error, n - 1))

    return Estimate(effect, effect - half, effect + half, n, f"t ({why})", tail)


def _sign_tail(values: np.ndarray, threshold: float) -> float:
    """Level of the sign test that the median lies at `threshold`; half where as many lie above as below."""
    above, below = int((values > threshold).sum()), int((values < threshold).sum())
    if above == below:
        return 0.5
    p = stats.binomtest(max(above, below), above + below, alternative="greater").pvalue
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
    return float(stats.t.sf(inside / error, n - 1))
