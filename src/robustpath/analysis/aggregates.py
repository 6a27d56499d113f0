"""Statistics beside the t interval: sign flips, the interquartile mean, improvement, the best of several draws, how
many runs are needed; on tables with named columns.

They sum up what `statistics` leaves apart: several tasks at once, or several draws of a method.
"""

from math import comb

import numpy as np
import pandas as pd
from scipy import stats

from robustpath.analysis.statistics import check_complete
from robustpath.errors import UserError

TASK = ["dataset", "train_size", "label_noise", "shift_family"]
BLOCK = 1000  # resamples held in memory together
EXACT = 20  # seeds up to which every combination of signs is counted


def sign_flip(differences: pd.DataFrame) -> float:
    """p of the sign-flip test that paired differences lie around zero: columns seed and value, one row a seed.

    The share of the 2^n changes of sign after which the mean is at least as far from zero as it is (Fisher 1935). All
    are counted up to 20 seeds; more are refused by a UserError.
    """
    if differences["seed"].duplicated().any():
        raise UserError("sign flips need one difference a seed: average over the other columns first")
    values = differences["value"].to_numpy(dtype=float)
    if len(values) > EXACT:
        raise UserError(f"sign flips of {len(values)} seeds are too many to count; take the paired t test")
    if np.isnan(values).any():
        raise UserError("sign flips need every difference: some are missing")
    sums = np.zeros(1)
    for value in values:
        sums = np.concatenate([sums + value, sums - value])
    # Sums of the same numbers in another order differ by rounding.
    return float((np.abs(sums) >= abs(values.sum()) - 1e-12 * np.abs(values).sum()).mean())


def interquartile_mean(values: np.ndarray) -> np.ndarray:
    """The mean of the middle half of the last axis; a quarter of its length, rounded down, is cut at either end."""
    ordered = np.sort(values, axis=-1)
    cut = int(0.25 * ordered.shape[-1])
    return ordered[..., cut : ordered.shape[-1] - cut].mean(-1)


def aggregate(scores: pd.DataFrame, confidence: float, resamples: int = 2000) -> pd.DataFrame:
    """Columns method, mean, low, high, tasks, n: the interquartile mean over tasks and seeds of every method.

    scores: columns TASK, method, seed, value, one row each. The interval is the percentile bootstrap stratified by task
    (Agarwal et al. 2021): seeds are drawn anew within each task, the same for every method. UserError for gaps.
    """
    cube, methods = _cube(scores)
    count, tasks, seeds = cube.shape
    generator, drawn = np.random.default_rng(0), []
    for start in range(0, resamples, BLOCK):
        size = min(BLOCK, resamples - start)
        rows = generator.integers(seeds, size=(size, tasks, seeds))
        each = [np.take_along_axis(np.broadcast_to(table, (size, tasks, seeds)), rows, axis=2) for table in cube]
        drawn.append(np.stack([interquartile_mean(part.reshape(size, -1)) for part in each]))
    outside = 50 * (1 - confidence)
    low, high = np.percentile(np.concatenate(drawn, axis=1), [outside, 100 - outside], axis=1)
    middle = interquartile_mean(cube.reshape(count, -1))
    return pd.DataFrame({"method": methods, "mean": middle, "low": low, "high": high, "tasks": tasks, "n": seeds})


def improvement(scores: pd.DataFrame, reference: str) -> pd.DataFrame:
    """Columns method, probability: that a run of the method beats one of the reference on the same task.

    Tasks weigh alike, and ties count half (Agarwal et al. 2021: Mann and Whitney's U / n²). Scores as in `aggregate`.
    """
    cube, methods = _cube(scores)
    if reference not in methods:
        raise UserError(f"no scores of the reference {reference}, only of {', '.join(methods)}")
    base = cube[methods.index(reference)]
    above = [np.sign(own[:, :, None] - base[:, None, :]).mean() for own in cube]
    return pd.DataFrame({"method": methods, "probability": 0.5 + 0.5 * np.array(above)})


def _cube(scores: pd.DataFrame) -> tuple[np.ndarray, list[str]]:
    """Scores as [methods, tasks, seeds], and the methods; by name, whatever the order of rows and columns."""
    table = scores[[*TASK, "method", "seed", "value"]]
    check_complete(table)
    wide = table.pivot(index=["method", *TASK], columns="seed", values="value").sort_index()
    methods = list(wide.index.get_level_values("method").unique())
    return wide.to_numpy(dtype=float).reshape(len(methods), -1, wide.shape[1]), methods


def best_of_draws(draws: pd.DataFrame) -> pd.DataFrame:
    """Columns draws, value: the expected test score of the best of 1, 2, … draws, the best by validation score.

    draws: columns draw, validation, test, one row a draw of one method, cell and seed. The mean over all subsets of n
    of the B draws, without replacement and so without bias (Tang et al. 2020): in ascending order of validation, draw i
    is the best of C(i - 1, n - 1) of the C(B, n) subsets. Draws of equal validation score share their weight.
    """
    if draws["draw"].duplicated().any():
        raise UserError("the best of several draws needs one row a draw: average over the other columns first")
    ordered = draws.groupby("validation", sort=True)["test"].agg(["mean", "size"])
    last = ordered["size"].cumsum().to_numpy()
    total, means = int(last[-1]), ordered["mean"].to_numpy()
    value = []
    for count in range(1, total + 1):
        up_to = np.array([comb(int(place), count) for place in (0, *last)], dtype=float)
        value.append(float((np.diff(up_to) * means).sum() / comb(total, count)))
    return pd.DataFrame({"draws": range(1, total + 1), "value": value})


def runs_needed(effect: float, deviation: float, alpha: float = 0.05, power: float = 0.8) -> int:
    """The fewest paired seeds with which a two-sided t test finds a mean difference `effect` (unit of `deviation`, the
    sd of the differences) with probability `power`."""
    if effect == 0 or deviation <= 0:
        raise UserError("runs needed: the effect must not be zero and the deviation must be above zero")
    found = 2
    while detected(effect, deviation, found, alpha) < power:
        found += 1
    return found


def detected(effect: float, deviation: float, seeds: int, alpha: float = 0.05) -> float:
    """The power of the two-sided paired t test of `seeds` differences with mean `effect` and sd `deviation`.

    By the noncentral F distribution, which t squared has: scipy's of t is not a number where few seeds meet a large
    effect.
    """
    bound, shift = stats.f.isf(alpha, 1, seeds - 1), seeds * (effect / deviation) ** 2
    return 1 - float(stats.ncf.cdf(bound, 1, seeds - 1, shift))


def smallest_effect(deviation: float, seeds: int, alpha: float = 0.05, power: float = 0.8) -> float:
    """The smallest mean difference, in the unit of `deviation`, that `seeds` paired seeds find with `power`."""
    low, high = 0.0, 100 * deviation
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if detected(middle, deviation, seeds, alpha) < power else (low, middle)
    return high


def runs_for_probability(gamma: float, alpha: float = 0.05, beta: float = 0.05) -> int:
    """Pairs of runs with which P(A > B) = `gamma` is told from a half (Noether 1987, as in Bouthillier et al. 2021)."""
    if not 0.5 < gamma <= 1:
        raise UserError(f"runs needed: a probability of improvement above a half and up to 1, not {gamma:g}")
    quantiles = stats.norm.ppf(1 - alpha) - stats.norm.ppf(beta)
    return int(np.ceil((quantiles / (np.sqrt(6) * (0.5 - gamma))) ** 2))
