"""How well a measure orders runs by their generalisation gap: Kendall's tau, granulated Psi (Jiang et al. 2019)."""

import numpy as np
import pandas as pd

BLOCK = 500  # rows of the matrix of pairs held in memory together


def kendall(measure: np.ndarray, gap: np.ndarray) -> float:
    """tau = 1/(n(n-1)) sum over ordered pairs of sign(mu1 - mu2) sign(g1 - g2); a tie counts 0. NaN for one run."""
    return float(_kendall(measure[None], gap[None])[0])


def _kendall(measure: np.ndarray, gap: np.ndarray) -> np.ndarray:
    """The same of each row: [g, n] -> [g]."""
    groups, n = measure.shape
    if n < 2:
        return np.full(groups, np.nan)
    total = np.zeros(groups)
    for start in range(0, n, BLOCK):
        own = slice(start, start + BLOCK)
        ordered = [np.sign(each[:, own, None] - each[:, None]) for each in (measure, gap)]
        total += np.einsum("gij,gij->g", *ordered)
    return total / (n * (n - 1))


def along(runs: pd.DataFrame, axis: str, axes: list[str]) -> pd.Series:
    """tau among the runs that differ in `axis` alone, indexed by the settings of the other axes; one run has none."""
    others = [name for name in axes if name != axis]
    groups = runs.groupby(others)
    sizes, place = groups.size(), groups.ngroup().to_numpy()
    ends = sizes.cumsum().to_numpy()
    values = runs[["measure", "gap"]].to_numpy(dtype=float)[np.argsort(place, kind="stable")].T
    found = np.full(len(sizes), np.nan)
    for size in sizes.unique():
        chosen = np.flatnonzero(sizes == size)
        for own in np.array_split(chosen, 1 + len(chosen) * size**2 // BLOCK**2):
            found[own] = _kendall(*values[:, ends[own, None] - size + np.arange(size)])
    return pd.Series(found, sizes.index).dropna()


def granulated(runs: pd.DataFrame, axes: list[str]) -> pd.Series:
    """psi of each axis, the mean of `along`, and Psi, their mean, under the name `Psi`; columns axes, measure, gap."""
    parts = pd.Series({axis: along(runs, axis, axes).mean() for axis in axes if runs[axis].nunique() > 1}, dtype=float)
    return pd.concat([parts, pd.Series({"Psi": parts.mean()})])
