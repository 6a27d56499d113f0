"""The partial rank correlation of two columns of runs given a third, with an interval by a bootstrap over seeds.

Ranks, not values: the strengths of a grid are spread on a logarithmic scale and accuracies end at a ceiling, so that
values would leave much of the dependence on the third column in both others, and a few collapsed runs would decide.
"""

import zlib

import numpy as np
import pandas as pd

from robustpath.statistics import stratified
from robustpath.statistics.stratified import Estimate

RESAMPLES = 4_000  # the standard error then varies by about one per cent
BLOCK = 250  # resamples held in memory together
SEED = 0
FEWEST = 4  # runs, below which nothing is left once the third column is taken out
WORDS = "bootstrap over seeds of Fisher's z, t"


def estimate(runs: pd.DataFrame, confidence: float) -> Estimate:
    """The partial rank correlation of the columns x and y given `given`, as a mean over data sets.

    runs: columns dataset, seed, x, y, given, a row a run. The seed is the unit: its runs stay together when seeds are
    drawn again, always the same draws, data set by data set, since a seed has nothing in common with the same seed of
    another one. Data sets are combined and tested as in `stratified.mean`, on the scale of Fisher's z; the variance of
    a data set is that of z over resamples times n / (n - 1), n its seeds, which a bootstrap of so few falls short by.
    """
    names, centres, variances, seeds = [], [], [], []
    for name, own in runs.groupby("dataset", sort=True):
        numbers, kinds = pd.factorize(own["seed"], sort=True)
        columns = own[["x", "y", "given"]].to_numpy(dtype=float).T
        own_correlation = float(correlation(*columns)[0]) if len(own) >= FEWEST else np.nan
        names.append(str(name))
        seeds.append(len(kinds))
        centres.append(_z(own_correlation))
        generator = np.random.default_rng([SEED, zlib.crc32(str(name).encode())])  # the same beside other data sets
        variances.append(_variance(columns, numbers, len(kinds), generator))
    counts = np.array(seeds, dtype=int)
    if not seeds or counts.min() < 2:
        lacking = [name for name, n in zip(names, seeds, strict=True) if n < 2]
        return stratified.unknown(f"fewer than two seeds on {', '.join(lacking) or 'any data set'}", n=sum(seeds))
    if np.isnan([centres, variances]).any():
        flat = [name for name, *both in zip(names, centres, variances, strict=True) if np.isnan(both).any()]
        effect = float(np.tanh(np.mean(centres)))
        return stratified.unknown(f"too few runs that differ on {', '.join(flat)}", effect, int(counts.sum()))
    links = stratified.Links(_z, np.tanh)
    return stratified.combined(np.array(centres), np.array(variances), counts, names, confidence, WORDS, links)


def correlation(x: np.ndarray, y: np.ndarray, given: np.ndarray, weights: np.ndarray | None = None) -> np.ndarray:
    """(r_xy - r_xz r_yz) / sqrt((1 - r_xz^2) (1 - r_yz^2)) of the ranks of x, y and z = `given`, ties averaged [B].

    x, y, given: shape [n]; weights: how often each run is taken, shape [B, n], by default once. NaN where x or y does
    not vary or is determined by `given`; a `given` that does not vary explains nothing.
    """
    weights = np.ones((1, len(x))) if weights is None else weights
    x, y, z = (_ranks(values, weights) for values in (x, y, given))
    xy, xz, yz = _pearson(x, y, weights), _pearson(x, z, weights), _pearson(y, z, weights)
    known = (weights * z**2).sum(1) > 1e-9
    xz, yz = np.where(known, xz, 0.0), np.where(known, yz, 0.0)
    left = (1 - xz**2) * (1 - yz**2)
    with np.errstate(invalid="ignore", divide="ignore"):
        found = (xy - xz * yz) / np.sqrt(left)
    return np.where(left > 1e-9, np.clip(found, -1.0, 1.0), np.nan)


def residuals(y: np.ndarray, given: np.ndarray) -> np.ndarray:
    """y less its mean and what a straight line in `given` explains of it [n]."""
    y, z = y - y.mean(), given - given.mean()
    size = float(z @ z)
    return y - (float(y @ z) / size) * z if size > 0 else y


def _z(value: float) -> float:
    return float(np.arctanh(np.clip(value, -1 + 1e-12, 1 - 1e-12)))


def _variance(columns: np.ndarray, numbers: np.ndarray, n: int, generator: np.random.Generator) -> float:
    """The variance of z over resamples of n seeds, times n / (n - 1); NaN where most resamples have no correlation.

    columns: [3, runs]; numbers: which seed each run has.
    """
    if n < 2:
        return np.nan
    found = []
    for _ in range(0, RESAMPLES, BLOCK):
        drawn = generator.integers(n, size=(BLOCK, n))
        times = (drawn[:, :, None] == np.arange(n)).sum(1).astype(float)
        found.append(correlation(*columns, times[:, numbers]))
    z = np.arctanh(np.clip(np.concatenate(found), -1 + 1e-12, 1 - 1e-12))
    known = z[~np.isnan(z)]
    return float(known.var() * n / (n - 1)) if len(known) > RESAMPLES / 2 else np.nan


def _ranks(values: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Ranks of `values` [n], each taken as often as `weights` [B, n] says, ties averaged, less their mean [B, n]."""
    _, groups = np.unique(values, return_inverse=True)
    order = np.argsort(groups, kind="stable")
    starts = np.flatnonzero(np.diff(groups[order], prepend=-1))
    sizes = np.add.reduceat(weights[:, order], starts, axis=1)
    middle = np.cumsum(sizes, axis=1) - sizes / 2
    return (middle - weights.sum(1, keepdims=True) / 2)[:, groups]


def _pearson(x: np.ndarray, y: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """The correlation of two centred columns [B]; NaN where one does not vary."""
    spread = np.sqrt((weights * x**2).sum(1) * (weights * y**2).sum(1))
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(spread > 1e-9, (weights * x * y).sum(1) / spread, np.nan)
