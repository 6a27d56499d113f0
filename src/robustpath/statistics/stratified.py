"""Estimates over seeds and data sets: seeds pair methods within a data set, and data sets are strata.

A seed of one data set has nothing in common with the same seed of another (their random streams differ), so nothing is
averaged over data sets within a seed: relabelling the seeds of a data set changes no number here.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from scipy.special import bdtr, nctdtrinc, ndtr, ndtri, stdtr, stdtrit

POWER = 0.8  # with which a detectable effect is found
# Of a mean, which its t interval must not reach further than for a ratio of it: Fieller's g is then at most a quarter,
# and his interval is close to that of the delta method.
REACH = 0.5
RANKS = 1.06  # variance of Fisher's z of a rank correlation over that of a plain one (Fieller, Hartley & Pearson 1957)

Plain = Callable[[float], float]


class Links(NamedTuple):
    """From the scale on which effects are printed to the one on which they are added and tested, and back."""

    link: Plain
    inverse: Plain


class Estimate(NamedTuple):
    """An effect with its interval, and the one-sided tests that agree with it.

    `above(threshold)` is p of the test that the effect lies above the threshold: small for a threshold far below it;
    `below` likewise. The interval at confidence c is where neither is under (1 - c) / 2. `detectable(threshold, sign)`
    is the smallest true effect beyond the threshold that the test finds with probability POWER; NaN where that is not
    known. `by_dataset`: (name, effect, low, high, n) of each. `interval` says which kind it is, or why there is none.
    """

    effect: float
    low: float
    high: float
    n: int
    interval: str
    above: Plain
    below: Plain
    detectable: Callable[[float, int], float]
    by_dataset: list[tuple[str, float, float, float, int]]
    error: float = np.nan
    freedom: float = np.nan


def unknown(why: str, effect: float = np.nan, n: int = 0, by_dataset: list | None = None) -> Estimate:
    """An estimate without an interval, with the reason."""
    return Estimate(effect, np.nan, np.nan, n, f"none ({why})", _nan, _nan, _nan, by_dataset or [])


def _nan(*_) -> float:
    return np.nan


def mean(values: np.ndarray, datasets: list[str], confidence: float, logarithmic: bool = False) -> Estimate:
    """The stratified t interval and test of the unweighted mean over data sets of the mean over seeds.

    values: shape [data sets, train sizes, seeds]; NaN where a value is missing. Train sizes are averaged within a seed,
    which they share. With d data sets of variance s_i^2 and n_i seeds, the variance is sum(s_i^2 / n_i) / d^2, with
    Welch and Satterthwaite's degrees of freedom. `logarithmic`: the values are logarithms (or `log_ratios`), and
    effect, interval and thresholds are ratios.
    """
    series = values.mean(axis=1)
    known = ~np.isnan(series)
    n = known.sum(axis=1)
    if len(n) == 0 or n.min() < 2:
        lacking = [name for name, each in zip(datasets, n, strict=True) if each < 2]
        return unknown(f"fewer than two seeds on {', '.join(lacking) or 'any data set'}", n=int(n.sum()))
    means = np.where(known, series, 0.0).sum(axis=1) / n
    variances = np.where(known, (series - means[:, None]) ** 2, 0.0).sum(axis=1) / (n - 1) / n
    links = Links(np.log, np.exp) if logarithmic else Links(float, float)
    words = "stratified t" + (" of the logarithm" if logarithmic else "")
    return combined(means, variances, n, datasets, confidence, words, links)


def combined(
    means: np.ndarray, variances: np.ndarray, n: np.ndarray, datasets: list[str], confidence: float, words: str,
    links: Links,
) -> Estimate:  # fmt: skip
    """The estimate of the unweighted mean over data sets of `means`, each with its variance and n seeds: Welch and
    Satterthwaite's t, on the scale of means and variances; effect, interval and thresholds are on that of `links`."""
    effect, total = float(means.mean()), float(variances.sum())
    error = np.sqrt(total) / len(n)
    freedom = float(total**2 / (variances**2 / (n - 1)).sum()) if total > 0 else float((n - 1).sum())
    half = error * float(stdtrit(freedom, 0.5 + confidence / 2))
    halves = np.sqrt(variances) * stdtrit(n - 1, 0.5 + confidence / 2)
    link, inverse = links

    def above(threshold: float) -> float:
        at = link(threshold)
        return float(stdtr(freedom, (at - effect) / error)) if error > 0 else 0.5 + 0.5 * float(np.sign(at - effect))

    def below(threshold: float) -> float:
        at = link(threshold)
        return float(stdtr(freedom, (effect - at) / error)) if error > 0 else 0.5 + 0.5 * float(np.sign(effect - at))

    def detectable(threshold: float, sign: int) -> float:
        critical = stdtrit(freedom, 0.5 + confidence / 2)
        return float(inverse(link(threshold) + sign * error * nctdtrinc(freedom, 1 - POWER, critical)))

    ends = zip(datasets, means, means - halves, means + halves, n, strict=True)
    parts = [(name, *(float(inverse(end)) for end in each[:3]), int(each[3])) for name, *each in ends]
    bounds = [float(inverse(end)) for end in (effect, effect - half, effect + half)]
    return Estimate(*bounds, int(n.sum()), words, above, below, detectable, parts, float(error), freedom)


def log_ratios(over: np.ndarray, under: np.ndarray) -> np.ndarray:
    """Values whose mean over seeds is the logarithm of the ratio of two means over seeds, and whose spread is that of
    its linearisation: log(x / y) + x_i / x - y_i / y (delta method), shape [data sets, train sizes, seeds].

    A pair that lacks one of its values is left out. NaN where a mean is not positive: it has no ratio.
    """
    whole = ~(np.isnan(over) | np.isnan(under))
    n = np.maximum(whole.sum(axis=2, keepdims=True), 1)
    tops, bottoms = (np.where(whole, each, 0.0).sum(axis=2, keepdims=True) / n for each in (over, under))
    with np.errstate(divide="ignore", invalid="ignore"):
        found = np.log(tops) - np.log(bottoms) + over / tops - under / bottoms
    return np.where(whole & (tops > 0) & (bottoms > 0), found, np.nan)


def uncertain(over: np.ndarray, under: np.ndarray, confidence: float) -> np.ndarray:
    """Whether the t interval of a mean over seeds reaches further than REACH of that mean: shape [data sets, 2], of the
    means of `log_ratios`, at any of the train sizes. There the delta method does not hold (Fieller 1954)."""
    both = np.stack([over, under], axis=1)
    whole = ~np.isnan(both).any(axis=1, keepdims=True)
    n = np.maximum(whole.sum(axis=3, keepdims=True), 2)
    means = np.where(whole, both, 0.0).sum(axis=3, keepdims=True) / n
    variances = np.where(whole, (both - means) ** 2, 0.0).sum(axis=3) / (n[..., 0] - 1) / n[..., 0]
    half = np.sqrt(variances) * stdtrit(n[..., 0] - 1, 0.5 + confidence / 2)
    return (half > REACH * np.abs(means[..., 0])).any(axis=2)


def median(values: np.ndarray, datasets: list[str], confidence: float) -> Estimate:
    """The median over the runs of all data sets, with the interval and the one-sided tests of the sign test.

    values: shape [data sets, train sizes, seeds]. A run lies above or below a threshold; where data sets differ, the
    binomial test on all runs together is conservative, its variance being largest where they do not (Hoeffding
    1956). NaN is left out; an infinite value lies above every threshold. Runs of one seed and data set at several train
    sizes are not independent: their largest value stands for the seed.
    """
    series = values.max(axis=1)
    known = np.sort(series[~np.isnan(series)])
    n = len(known)
    if n < 2:
        return unknown("fewer than two runs", n=n)
    with np.errstate(invalid="ignore"):
        effect = float(np.median(known))
    outside = int(np.searchsorted(bdtr(np.arange(n), n, 0.5), (1 - confidence) / 2, side="right"))
    parts = []
    for name, each in zip(datasets, series, strict=True):
        own = each[~np.isnan(each)]
        parts.append((name, float(np.median(own)) if len(own) else np.nan, np.nan, np.nan, len(own)))
    if outside < 1:
        return unknown("too few runs for a sign test", effect, n, parts)

    def above(threshold: float) -> float:
        higher, lower = int((known > threshold).sum()), int((known < threshold).sum())
        return float(bdtr(lower, higher + lower, 0.5)) if higher + lower else 1.0

    def below(threshold: float) -> float:
        higher, lower = int((known > threshold).sum()), int((known < threshold).sum())
        return float(bdtr(higher, higher + lower, 0.5)) if higher + lower else 1.0

    low, high = float(known[outside - 1]), float(known[n - outside])
    return Estimate(effect, low, high, n, "sign test", above, below, _nan, parts)


def rank_correlation(correlation: float, freedom: int, units: int, confidence: float) -> Estimate:
    """The interval and test of a (partial) rank correlation by Fisher's z, whose variance is RANKS / (freedom - 1).

    freedom: units less the parameters taken out, less 2, as for the t test of a correlation.
    """
    if freedom < 2 or not np.isfinite(correlation):
        return unknown("too few units that differ", correlation, units)
    centre, error = np.arctanh(np.clip(correlation, -1 + 1e-12, 1 - 1e-12)), np.sqrt(RANKS / (freedom - 1))
    quantile = float(ndtri(0.5 + confidence / 2))

    def beyond(threshold: float, sign: int) -> float:
        return float(ndtr(sign * (np.arctanh(threshold) - centre) / error))

    def detectable(threshold: float, sign: int) -> float:
        return float(np.tanh(np.arctanh(threshold) + sign * error * (quantile + ndtri(POWER))))

    low, high = (float(np.tanh(centre + sign * quantile * error)) for sign in (-1, 1))
    above, below = (lambda threshold: beyond(threshold, 1)), (lambda threshold: beyond(threshold, -1))
    words = "Fisher's z over variants and data sets"
    return Estimate(float(correlation), low, high, units, words, above, below, detectable, [], float(error))


def beyond_margin(found: Estimate, margin: float) -> float:
    """p of the test that the effect lies beyond the margin on either side: the chance at the margin itself of an
    estimate that far out, which is the largest under the hypothesis (both tails, so that no margin is too small)."""
    if not np.isfinite(found.low):
        return np.nan
    out = abs(found.effect)
    if not found.error > 0:
        return float(out <= margin)
    at = np.array([margin - out, -margin - out]) / found.error
    return float(stdtr(found.freedom, at).sum())


def within_margin(found: Estimate, margin: float) -> float:
    """p of two one-sided t tests that the effect lies within -margin..margin (Schuirmann 1987): the larger one."""
    return max(found.below(margin), found.above(-margin))


def equivalence_power(found: Estimate, margin: float, confidence: float) -> float:
    """The chance that both one-sided tests show equivalence where the true effect is zero, at this standard error."""
    if not found.error > 0:
        return np.nan
    critical = stdtrit(found.freedom, 0.5 + confidence / 2)
    return float(max(0.0, 2 * stdtr(found.freedom, margin / found.error - critical) - 1))
