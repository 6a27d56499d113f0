"""How well a measure orders runs by their generalisation gap: Kendall's tau, granulated Psi (Jiang et al. 2019)."""

import numpy as np
import pandas as pd

BLOCK = 500  # rows of the matrix of pairs held in memory together


def kendall(measure: np.ndarray, gap: np.ndarray) -> float:
    """tau = 1/(n(n-1)) sum over ordered pairs of sign(mu1 - mu2) sign(g1 - g2); a tie counts 0. NaN for one run."""
    n = len(measure)
    if n < 2:
        return np.nan
    total = 0.0
    for start in range(0, n, BLOCK):
        rows = slice(start, start + BLOCK)
        total += (np.sign(measure[rows, None] - measure) * np.sign(gap[rows, None] - gap)).sum()
    return float(total / (n * (n - 1)))


def along(runs: pd.DataFrame, axis: str, axes: list[str]) -> pd.Series:
    """tau among the runs that differ in `axis` alone, indexed by the settings of the other axes; one run has none."""
    others = [name for name in axes if name != axis]
    groups = runs.groupby(others)
    return groups[["measure", "gap"]].apply(lambda rows: kendall(*rows.to_numpy(dtype=float).T)).dropna()


def granulated(runs: pd.DataFrame, axes: list[str]) -> pd.Series:
    """psi of each axis, the mean of `along`, and Psi, their mean, under the name `Psi`; columns axes, measure, gap."""
    parts = pd.Series({axis: along(runs, axis, axes).mean() for axis in axes if runs[axis].nunique() > 1}, dtype=float)
    return pd.concat([parts, pd.Series({"Psi": parts.mean()})])
