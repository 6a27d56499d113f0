"""Main effects and interactions of factors that are each absent or present, in every combination, seed by seed.

The seed is the unit of replication: every effect is a weighted sum of the cells of a seed, with its t interval.
"""

from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations

import pandas as pd

from robustpath.core.errors import UserError
from robustpath.statistics.acquisition import scores
from robustpath.statistics.intervals import check_complete, interval
from robustpath.statistics.streams import selected

FACTORS = ("acquisition", "descent", "coding")
# The experiments of the shipped factorial: whether the learner has the descent and the coding that are tried.
EXPERIMENTS = {
    "factorial_plain": (False, False),
    "factorial_flat": (True, False),
    "factorial_coded": (False, True),
    "factorial_both": (True, True),
}
ABSENT = "random_acquisition"  # the level of the acquisition where it is absent


def cells(records: pd.DataFrame, metric: str) -> pd.DataFrame:
    """Columns method, descent, coding, seed and value: a metric of the four experiments on clean labels; data sets and
    missing groups are averaged within a seed, and a seed that lacks one of them is left out."""
    parts = []
    for experiment, (descent, coding) in EXPERIMENTS.items():
        rows = scores(selected(records, experiment), metric)
        rows = rows[rows["label_noise"] == 0]
        own = rows.groupby(["method", "seed"], as_index=False).agg(value=("value", "mean"), runs=("value", "size"))
        whole = own[own["runs"] == own["runs"].max()].drop(columns="runs")
        parts.append(whole.assign(descent=descent, coding=coding))
    return pd.concat(parts, ignore_index=True)


def design(found: pd.DataFrame, acquisition: str) -> pd.DataFrame:
    """Columns FACTORS, seed and value: the cells in which an acquisition is present, and those where it is absent, of
    the seeds that every cell has."""
    own = found[found["method"].isin([ABSENT, acquisition])]
    own = own.assign(acquisition=own["method"] == acquisition).drop(columns="method")
    return own[own.groupby("seed")["value"].transform("size") == 2 ** len(FACTORS)]


def effects(rows: pd.DataFrame, confidence: float, factors: Sequence[str] = FACTORS) -> pd.DataFrame:
    """Columns effect (a tuple of factors), n, mean, low, high; single factors first, then pairs, then more.

    Of one factor: the value where it is present less that where it is absent, mean over the other factors. Of several:
    what they change together beyond the sums of what fewer of them change, (both - second) - (first - neither) of a
    pair, again mean over the others. UserError where a combination lacks a seed that another one has.
    """
    _check(rows, factors)
    parts = []
    for chosen in subsets(factors):
        signs = pd.Series(1.0, index=rows.index)
        for factor in chosen:
            signs *= rows[factor].map({True: 1.0, False: -1.0})
        weight = 0.5 ** (len(factors) - len(chosen))
        parts.append(_summed(rows, weight * signs, confidence).assign(effect=[chosen]))
    return pd.concat(parts, ignore_index=True)[["effect", "n", "mean", "low", "high"]]


def contrast(
    rows: pd.DataFrame, weights: Mapping[tuple[bool, ...], float], confidence: float, factors: Sequence[str] = FACTORS
) -> pd.Series:
    """n, mean, low, high of a weighted sum of combinations of the factors, those that are not named left out."""
    _check(rows, factors)
    places = pd.Series(list(zip(*(rows[factor] for factor in factors), strict=True)), index=rows.index)
    return _summed(rows, places.map(lambda place: weights.get(place, 0.0)), confidence).iloc[0]


def subsets(factors: Sequence[str] = FACTORS) -> Iterator[tuple[str, ...]]:
    """Every choice of some of the factors: single ones, pairs, and so on."""
    for size in range(1, len(factors) + 1):
        yield from combinations(factors, size)


def alone(factors: Sequence[str] = FACTORS) -> dict[str, tuple[bool, ...]]:
    """By factor: the combination in which it is present and no other is."""
    return {factor: tuple(other == factor for other in factors) for factor in factors}


def _check(rows: pd.DataFrame, factors: Sequence[str]) -> None:
    check_complete(rows[[*factors, "seed", "value"]], across=(*factors, "seed"))
    if lacking := [factor for factor in factors if rows[factor].nunique() < 2]:
        raise UserError(f"the factor {lacking[0]} is not both absent and present in the records; run snakemake again")


def _summed(rows: pd.DataFrame, weights: pd.Series, confidence: float) -> pd.DataFrame:
    sums = rows.assign(value=rows["value"] * weights).groupby("seed", as_index=False)["value"].sum()
    return interval(sums.assign(what="sum"), ["what"], confidence)
