"""Statistics over seeds: t intervals, paired differences, Holm's correction; on tables with named columns.

The seed is the unit of replication; all else is averaged within a seed first.
"""

from itertools import product
from math import prod

import numpy as np
import pandas as pd
from scipy.special import stdtr, stdtrit

from robustpath.core.errors import UserError


def check_complete(scores: pd.DataFrame, across: tuple[str, ...] = ("method", "seed")) -> None:
    """Raise a UserError naming the cells where some combination of the `across` columns lacks a score others have."""
    others = [name for name in scores if name not in (*across, "value")]
    axes = [scores[name].unique() for name in across]
    keys = scores[[*others, *across]]
    cells = len(keys[others].drop_duplicates()) if others else 1
    # As many rows as there can be, none of them twice: nothing is missing. Nearly all scores end here.
    if len(scores) == cells * prod(map(len, axes)) and not keys.duplicated().any() and keys.notna().all(axis=None):
        return
    combinations = pd.DataFrame(product(*axes), columns=list(across))
    expected = scores[others].drop_duplicates().merge(combinations, how="cross") if others else combinations
    counts = scores.groupby([*others, *across]).size().rename("count").reset_index()
    found = expected.merge(counts, how="left", on=[*others, *across])
    _refuse(found[found["count"].isna()].drop(columns="count"), "has no score")
    _refuse(found[found["count"] > 1].drop(columns="count"), "has more than one score")


def _refuse(cells: pd.DataFrame, fault: str) -> None:
    if len(cells):
        shown = "; ".join(", ".join(f"{name}={row[name]}" for name in cells) for _, row in cells.head(3).iterrows())
        more = f" and {len(cells) - 3} more" if len(cells) > 3 else ""
        raise UserError(f"the records are not complete: {shown}{more} {fault}; run snakemake again")


def average(scores: pd.DataFrame, over: list[str]) -> pd.DataFrame:
    """Mean of `value` over the columns `over`, every other column kept as key; refuses gaps, so all means are alike."""
    check_complete(scores)
    keys = [name for name in scores if name not in (*over, "value")]
    return scores.groupby(keys, sort=True, as_index=False)["value"].mean()


def _summary(values: pd.core.groupby.SeriesGroupBy, confidence: float) -> pd.DataFrame:
    """n, mean, low, high, error of each group: mean -+ t[(1 + confidence) / 2, n - 1] error (Student 1908).

    error = sd / sqrt(n), the sd with n - 1. One value has no interval: low and high are NaN.
    """
    table = values.agg(n="size", mean="mean", deviation="std")
    error = table["deviation"] / np.sqrt(table["n"])
    half = stdtrit(np.maximum(table["n"] - 1, 1), 0.5 + confidence / 2) * error
    return table.assign(low=table["mean"] - half, high=table["mean"] + half, error=error)


def interval(scores: pd.DataFrame, by: list[str], confidence: float, over: str = "seed") -> pd.DataFrame:
    """Columns `by`, n, mean, low, high: the t interval of `value` over seeds in each cell of the columns `by`.

    The scores must hold one value a cell and seed: average over everything else first.
    """
    _check_unique(scores, [*by, over])
    table = _summary(scores.groupby(by, sort=True)["value"], confidence)
    return table[["n", "mean", "low", "high"]].reset_index()


def paired(
    scores: pd.DataFrame, by: list[str], reference: str, confidence: float, over: str = "seed", of: str = "method"
) -> pd.DataFrame:
    """Columns `by`, method, n, mean, low, high, p: the difference to the reference, seed by seed, in each cell of `by`.

    d[s] = x[method, s] - x[reference, s]; t interval of its mean and the two-sided p of the paired t test. Differences
    that do not vary have p 1 when they are zero and p 0 otherwise. Raises UserError when a pair is missing.
    """
    _check_unique(scores, [*by, of, over])
    if reference not in set(scores[of]):
        known = ", ".join(sorted(set(scores[of])))
        raise UserError(f"no scores of the reference {reference} to compare with, only of {known}")
    check_complete(scores[[*by, of, over, "value"]], across=(of,))
    wide = scores.pivot(index=[*by, over], columns=of, values="value")
    differences = wide.sub(wide[reference], axis="index").drop(columns=reference)
    long = differences.stack().rename("value").reset_index()
    table = _summary(long.groupby([*by, of], sort=True)["value"], confidence)
    with np.errstate(divide="ignore", invalid="ignore"):
        statistic = (table["mean"] / table["error"]).abs()
    p = 2 * stdtr(np.maximum(table["n"] - 1, 1), -statistic)
    table["p"] = np.where((table["error"] == 0) & (table["mean"] == 0), 1.0, p)
    return table[["n", "mean", "low", "high", "p"]].reset_index()


def _check_unique(scores: pd.DataFrame, key: list[str]) -> None:
    if scores.duplicated(key).any():
        raise ValueError(f"more than one score for a cell of {', '.join(key)}: average over the other columns first")


def holm(p: pd.Series) -> pd.Series:
    """Holm's adjusted p on the index of `p`: max over j <= i of min(1, (m - j + 1) p[j]), p sorted (Holm 1979)."""
    ordered = p.sort_values(kind="stable")
    factors = np.arange(len(p), 0, -1)
    return (ordered * factors).clip(upper=1).cummax().reindex(p.index)
