"""Statistics beside the t interval: sign flips, the interquartile mean, improvement, the best of several draws, how
many runs are needed; on tables with named columns.

They sum up what `statistics` leaves apart, several tasks at once or several draws of a method, and so stand beside it.
"""

from collections.abc import Iterator
from functools import cache
from math import comb

import numpy as np
import pandas as pd
import scipy

from robustpath.core.errors import UserError
from robustpath.statistics.evidence import CELL
from robustpath.statistics.intervals import check_complete

TASK = ["dataset", "train_size", "label_noise", "shift_family"]
DIFFERENCE = ["difference", "difference_low", "difference_high"]
RESAMPLES = 100_000  # the bounds then vary by a few thousandths of a point, and are printed to a tenth
SEED = 0
BLOCK = 500  # resamples held in memory together
EXACT = 40  # seeds up to which every combination of signs is counted
FLIPS = 99_999  # drawn at random beyond


def sign_flips(means: pd.DataFrame, reference: str) -> pd.DataFrame:
    """Columns method, p: `sign_flip` of every method's differences to the reference.

    means: columns method, seed, value, one row each; UserError for gaps and repeats.
    """
    check_complete(means[["method", "seed", "value"]])
    wide = means.pivot(index="seed", columns="method", values="value")
    if reference not in wide:
        raise UserError(f"no scores of the reference {reference} to compare with, only of {', '.join(wide)}")
    differences = wide.sub(wide[reference], axis="index").drop(columns=reference)
    found = [sign_flip(own.rename("value").reset_index()) for _, own in differences.items()]
    return pd.DataFrame({"method": differences.columns.to_list(), "p": found})


def sign_flip(differences: pd.DataFrame) -> float:
    """p of the sign-flip test that paired differences lie around zero: columns seed and value, one row a seed.

    The share of the 2^n changes of sign after which the mean is at least as far from zero as it is (Fisher 1935). Up to
    40 seeds all are counted: each sum of one half of the seeds is looked up among the sorted sums of the other. Beyond,
    FLIPS of them are drawn, always the same, and the data themselves count as one more. UserError for a seed that
    stands twice or has no difference.
    """
    if differences["seed"].duplicated().any():
        raise UserError("sign flips need one difference a seed: average over the other columns first")
    if differences["value"].isna().any():
        raise UserError("sign flips need every difference: some are missing")
    values = differences.sort_values("seed")["value"].to_numpy(dtype=float)
    # Sums of the same numbers in another order differ by rounding.
    reach = abs(values.sum()) - 1e-12 * np.abs(values).sum()
    if reach <= 0:
        return 1.0
    if len(values) > EXACT:
        generator = np.random.default_rng(0)
        sums = np.concatenate(
            [
                generator.choice([-1.0, 1.0], (min(BLOCK, FLIPS - start), len(values))) @ values
                for start in range(0, FLIPS, BLOCK)
            ]
        )
        return float((1 + (np.abs(sums) >= reach).sum()) / (1 + FLIPS))
    one, other = (np.sort(_sums(part)) for part in (values[::2], values[1::2]))
    above = len(other) - np.searchsorted(other, reach - one, side="left")
    below = np.searchsorted(other, -reach - one, side="right")
    return float((above.sum() + below.sum()) / 2.0 ** len(values))


def _sums(values: np.ndarray) -> np.ndarray:
    """The sums of `values` with every combination of signs."""
    sums = np.zeros(1)
    for value in values:
        sums = np.concatenate([sums + value, sums - value])
    return sums


def interquartile_means(
    scores: pd.DataFrame, reference: str, confidence: float, resamples: int = RESAMPLES
) -> pd.DataFrame:
    """Columns method, mean, low, high, difference, difference_low, difference_high, tasks, n.

    scores: columns TASK, method, seed, value, one row each. `mean` is that of the middle half of all tasks and seeds
    together. `difference` is that of the middle half of the paired differences to the reference, which has none (NaN):
    the difference of two means would compare tasks of middling scores, which need not be the same for both. Intervals
    are percentile bootstraps (Agarwal et al. 2021), stratified by data set: the tasks of one share its splits, so that
    its seeds are drawn anew for all of its tasks together, and the same for every method. UserError for gaps, repeats.
    """
    cube, methods, strata = _cube(scores, reference)
    _, tasks, seeds = cube.shape
    table = pd.DataFrame({"method": methods})
    differences = cube - cube[methods.index(reference)]
    for values, names in ((cube, ["mean", "low", "high"]), (differences, DIFFERENCE)):
        drawn = np.concatenate(
            [
                np.stack([_middle(np.take_along_axis(own[None], rows, axis=2)) for own in values])
                for rows in _resampled(strata, seeds, resamples)
            ],
            axis=1,
        )
        table[names] = np.stack([_middle(values), *_percentiles(drawn, confidence)], axis=1)
    table[DIFFERENCE] = table[DIFFERENCE].where(table["method"] != reference)
    return table.assign(tasks=tasks, n=seeds)


def _middle(values: np.ndarray) -> np.ndarray:
    """The interquartile mean over the last two axes; a quarter of the values, rounded down, is cut at either end."""
    ordered = np.sort(values.reshape(*values.shape[:-2], -1), axis=-1)
    cut = int(0.25 * ordered.shape[-1])
    return ordered[..., cut : ordered.shape[-1] - cut].mean(-1)


def improvement(scores: pd.DataFrame, reference: str, confidence: float, resamples: int = RESAMPLES) -> pd.DataFrame:
    """Columns method, probability, low, high: that a run of the method beats one of the reference on the same task.

    Every run meets every other, tasks weigh alike, and ties count half (Agarwal et al. 2021: Mann and Whitney's U / n²,
    averaged). Scores, resamples and errors are those of `interquartile_means`; the reference has no interval (NaN).
    """
    cube, methods, strata = _cube(scores, reference)
    seeds = cube.shape[2]
    base = cube[methods.index(reference)]
    wins = 0.5 + 0.5 * np.sign(cube[:, :, :, None] - base[:, None, :])  # [methods, tasks, runs, the reference's runs]
    parts = []
    for rows in _resampled(strata, seeds, resamples):
        times = (rows[..., None] == np.arange(seeds)).sum(2) / seeds  # how often each seed was drawn
        parts.append(np.einsum("bti,mtij,btj->mb", times, wins, times, optimize=True) / len(strata))
    low, high = _percentiles(np.concatenate(parts, axis=1), confidence)
    table = pd.DataFrame({"method": methods, "probability": wins.mean((1, 2, 3)), "low": low, "high": high})
    others = table["method"] != reference
    return table.assign(low=table["low"].where(others), high=table["high"].where(others))


def _cube(scores: pd.DataFrame, reference: str) -> tuple[np.ndarray, list[str], np.ndarray]:
    """Scores as [methods, tasks, seeds], the methods, and the number of each task's data set; by name, in any order."""
    table = scores[[*TASK, "method", "seed", "value"]]
    check_complete(table)
    wide = table.pivot(index=["method", *TASK], columns="seed", values="value").sort_index()
    methods = list(wide.index.get_level_values("method").unique())
    if reference not in methods:
        raise UserError(f"no scores of the reference {reference} to compare with, only of {', '.join(methods)}")
    strata = pd.factorize(wide.loc[reference].index.get_level_values("dataset"))[0]
    return wide.to_numpy(dtype=float).reshape(len(methods), -1, wide.shape[1]), methods, strata


def _resampled(strata: np.ndarray, seeds: int, resamples: int) -> Iterator[np.ndarray]:
    """Blocks [resamples, tasks, seeds] of places on the axis of seeds, alike for the tasks of one stratum."""
    generator = np.random.default_rng(SEED)
    for start in range(0, resamples, BLOCK):
        yield generator.integers(seeds, size=(min(BLOCK, resamples - start), strata.max() + 1, seeds))[:, strata]


def _percentiles(drawn: np.ndarray, confidence: float) -> np.ndarray:
    """Lower and upper end of the percentile interval over the last axis."""
    outside = 50 * (1 - confidence)
    return np.percentile(drawn, [outside, 100 - outside], axis=-1)


def best_of_draws(draws: pd.DataFrame) -> pd.DataFrame:
    """Columns draws, value: the expected test score of the best of 1, 2, … draws, the best by validation score.

    draws: columns draw, validation, test, one row a draw of one method, cell and seed. The mean over all subsets of n
    of the B draws, without replacement and so without bias (Tang et al. 2020): in ascending order of validation, draw i
    is the best of C(i - 1, n - 1) of the C(B, n) subsets. Draws of equal validation score share their weight.
    """
    value = _best_of_draws(*(draws[name].to_numpy() for name in ("draw", "validation", "test")))
    return pd.DataFrame({"draws": range(1, len(value) + 1), "value": value})


def _best_of_draws(draw: np.ndarray, validation: np.ndarray, test: np.ndarray) -> np.ndarray:
    if len(np.unique(draw)) < len(draw):
        raise UserError("the best of several draws needs one row a draw: average over the other columns first")
    order = np.argsort(validation, kind="stable")
    ordered = validation[order]
    first = np.flatnonzero(np.append(True, ordered[1:] > ordered[:-1]))
    ends = np.append(first, len(order))
    means = np.add.reduceat(test[order].astype(float), first) / np.diff(ends)
    subsets = _subsets(len(order))[:, ends]
    return (np.diff(subsets) * means).sum(1) / subsets[:, -1]


@cache
def _subsets(total: int) -> np.ndarray:
    """C(k, n), how many subsets of n are among the first k draws: [n - 1, k]."""
    return np.array([[comb(k, n) for k in range(total + 1)] for n in range(1, total + 1)], dtype=float)


def tuning_curves(records: pd.DataFrame, experiment: str) -> pd.DataFrame:
    """Columns CELL, method, draws, value: `best_of_draws` of every method, cell and seed, accuracies in distribution.

    A diverged draw is the best of none but diverged ones, as in the selection.
    """
    own = records[
        (records["experiment"] == experiment) & (records["metric"] == "accuracy") & (records["shift"] == "none")
    ]
    keys = [*CELL, "method"]
    wide = own.pivot(index=[*keys, "draw", "diverged"], columns="split", values="value").rename_axis(columns=None)
    wide = wide.reset_index()
    wide = wide.assign(validation=wide["validation"].mask(wide["diverged"].astype(bool), -1.0))
    draw, validation, test = (wide[name].to_numpy() for name in ("draw", "validation", "test"))
    groups = sorted(wide.groupby(keys, observed=True).indices.values(), key=lambda rows: rows[0])
    return (
        wide.loc[np.concatenate(groups), keys]
        .assign(
            draws=np.concatenate([np.arange(1, len(rows) + 1) for rows in groups]),
            value=np.concatenate([_best_of_draws(draw[rows], validation[rows], test[rows]) for rows in groups]),
        )
        .reset_index(drop=True)
    )


def runs_needed(effect: float, deviation: float, alpha: float = 0.05, power: float = 0.8) -> int:
    """The fewest paired seeds with which a two-sided t test finds a mean difference `effect` (unit of `deviation`, the
    sd of the differences) with probability `power`."""
    if not (abs(effect) > 0 and deviation > 0):
        raise UserError("runs needed: the effect must not be zero and the deviation must be above zero")
    few, many = 1, 2
    while detected(effect, deviation, many, alpha) < power:
        few, many = many, 2 * many
    while many - few > 1:
        middle = (few + many) // 2
        few, many = (middle, many) if detected(effect, deviation, middle, alpha) < power else (few, middle)
    return many


def detected(effect: float, deviation: float, seeds: int, alpha: float = 0.05) -> float:
    """The power of the two-sided paired t test of `seeds` differences with mean `effect` and sd `deviation`.

    By the noncentral F distribution, which t squared has: scipy's of t is not a number where few seeds meet a large
    effect.
    """
    bound, shift = scipy.stats.f.isf(alpha, 1, seeds - 1), seeds * (effect / deviation) ** 2
    return 1 - float(scipy.stats.ncf.cdf(bound, 1, seeds - 1, shift))


def smallest_effect(deviation: float, seeds: int, alpha: float = 0.05, power: float = 0.8) -> float:
    """The smallest mean difference, in the unit of `deviation`, that `seeds` paired seeds find with `power`."""
    low, high = 0.0, 100 * deviation
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if detected(middle, deviation, seeds, alpha) < power else (low, middle)
    return high


def runs_for_probability(gamma: float, alpha: float = 0.05, beta: float = 0.05) -> int:
    """Pairs of runs with which P(A > B) = `gamma` differs from a half (Noether 1987, as in Bouthillier et al. 2021)."""
    if not 0.5 < gamma <= 1:
        raise UserError(f"runs needed: a probability of improvement above a half and up to 1, not {gamma:g}")
    quantiles = scipy.stats.norm.ppf(1 - alpha) - scipy.stats.norm.ppf(beta)
    return int(np.ceil((quantiles / (np.sqrt(6) * (0.5 - gamma))) ** 2))
