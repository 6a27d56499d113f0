"""The data-efficiency ratio: how many examples a ruler needs for the accuracy of a method, over those the method had.

The ruler is a plain method at several numbers of examples. Its mean accuracies are made monotone by least squares
(isotonic regression), joined by straight lines over the logarithm of the number of examples, and read off backwards.
Beyond its ends nothing is read off: there a ratio is a bound, and marked as one.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from scipy.special import ndtr, stdtrit

EQUAL = 1.05  # ratios within this factor of 1, on either side, count as equal
RESAMPLES = 4000
TINY = 1e-12  # accuracies that differ by rounding alone are the same


class Task(NamedTuple):
    """A data set: the ruler's accuracies [seeds, k] at `sizes` [k], ascending, and those of methods [seeds, m] that had
    `size` examples. Row s of both is the same seed."""

    name: str
    sizes: np.ndarray
    ruler: np.ndarray
    methods: np.ndarray
    size: float


class Ratio(NamedTuple):
    """The geometric mean of a ratio over data sets, with its interval.

    side: "" where it was read off on every data set; ">" where it is a lower bound, since a mean lies above the ruler's
    upper end on some of them; "<" likewise an upper bound; "?" where both happen. `low_open` and `high_open`: whether
    an end of the interval lies beyond the number that is given. seeds: of the data set with the fewest. by_dataset:
    (name, ratio, side) of each.
    """

    ratio: float
    low: float
    high: float
    side: str
    low_open: bool
    high_open: bool
    seeds: int
    by_dataset: list[tuple[str, float, str]]


def isotonic(values: np.ndarray) -> np.ndarray:
    """The non-decreasing sequence next to `values` [..., k] in least squares, along the last axis.

    What pooling adjacent violators gives, by its closed form (Robertson, Wright & Dykstra 1988): entry i is the largest
    over j <= i of the smallest over l >= i of the mean of the entries j to l.
    """
    sums = np.concatenate([np.zeros((*values.shape[:-1], 1)), values.cumsum(axis=-1)], axis=-1)
    fitted = np.full(values.shape, -np.inf)
    for start in range(values.shape[-1]):
        lengths = np.arange(1, values.shape[-1] - start + 1)
        means = (sums[..., start + 1 :] - sums[..., start : start + 1]) / lengths
        smallest = np.minimum.accumulate(means[..., ::-1], axis=-1)[..., ::-1]
        fitted[..., start:] = np.maximum(fitted[..., start:], smallest)
    return fitted


def needed(sizes: np.ndarray, curve: np.ndarray, accuracy: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The logarithm of the smallest number of examples at which a curve [..., k] reaches an accuracy [...], and its
    side: 0, or 1 and -1 where the accuracy lies above and below all of the curve, whose end is given then.

    The curve is non-decreasing. Where it is flat at the accuracy, the number is that at the beginning of the flat part.
    """
    logs = np.log(np.asarray(sizes, float))
    curve = np.broadcast_to(curve, (*accuracy.shape, len(logs)))
    reached = curve >= accuracy[..., None] - TINY
    above, first = ~reached.any(axis=-1), reached.argmax(axis=-1)
    below = (first == 0) & ~above & (accuracy < curve[..., 0] - TINY)
    before = np.maximum(first - 1, 0)
    low, high = (np.take_along_axis(curve, at[..., None], -1)[..., 0] for at in (before, first))
    between = (first > 0) & ~above
    share = np.where(between, (accuracy - low) / np.where(between, high - low, 1.0), 0.0).clip(0, 1)
    found = logs[before] + share * (logs[first] - logs[before])
    return np.where(above, logs[-1], found), above.astype(int) - below.astype(int)


def ratios(tasks: Sequence[Task], confidence: float, resamples: int = RESAMPLES) -> list[Ratio]:
    """The ratio of each method, in the order of the columns of `methods`, over all data sets.

    The interval is the percentile interval of a bootstrap over seeds, which are drawn within each data set, the same
    for ruler and methods, so that both keep their pairs. Percentiles are those of a t interval with so few seeds
    (Hesterberg 2015), since those of the normal one would be too narrow. Resamples are the same on every day.
    """
    parts = [_drawn(task, place, resamples) for place, task in enumerate(tasks)]
    logs, sides = (np.stack(each, axis=-1) for each in zip(*parts, strict=True))  # [1 + resamples, m, tasks]
    means, above, below = logs.mean(axis=-1), (sides > 0).any(axis=-1), (sides < 0).any(axis=-1)
    seeds = min(len(task.methods) for task in tasks)
    tail = _tail(seeds, confidence)
    found = []
    for method in range(means.shape[1]):
        own, up, down = means[1:, method], above[1:, method], below[1:, method]
        low, low_open = _end(-own, down, 1 - tail)
        high, high_open = _end(own, up, 1 - tail)
        each = [
            (task.name, float(np.exp(logs[0, method, place])), _side(side > 0, side < 0))
            for place, (task, side) in enumerate(zip(tasks, sides[0, method], strict=True))
        ]
        side = _side(above[0, method], below[0, method])
        bounds = [float(np.exp(bound)) for bound in (means[0, method], -low, high)]
        found.append(Ratio(*bounds, side, low_open, high_open, seeds, each))
    return found


def exceeds(found: Ratio) -> bool:
    """Whether the whole interval lies above 1."""
    return found.low > 1 and not found.low_open


def falls_below(found: Ratio) -> bool:
    """Whether the whole interval lies below 1."""
    return found.high < 1 and not found.high_open


def equals(found: Ratio) -> bool:
    """Whether the whole interval lies within the factor EQUAL of 1."""
    return found.low >= 1 / EQUAL and found.high <= EQUAL and not (found.low_open or found.high_open)


def _drawn(task: Task, place: int, resamples: int) -> tuple[np.ndarray, np.ndarray]:
    """Logarithms of ratios and their sides [1 + resamples, m] on a data set: of all seeds, then of each resample."""
    both, count = np.concatenate([task.ruler, task.methods], axis=1), len(task.ruler)
    generator = np.random.default_rng([place, count])
    weights = generator.multinomial(count, np.full(count, 1 / count), size=resamples) / count
    means = np.concatenate([both.mean(axis=0, keepdims=True), weights @ both])
    curve = isotonic(means[:, : len(task.sizes)])
    logs, sides = needed(task.sizes, curve[:, None, :], means[:, len(task.sizes) :])
    return logs - np.log(task.size), sides


def _tail(seeds: int, confidence: float) -> float:
    """The share of resamples beyond an end: a mean of n resampled values scatters by sqrt((n - 1) / n) too little, and
    its normal quantile is that of t with n - 1 degrees of freedom."""
    if seeds < 2:
        return 0.0
    return float(ndtr(-np.sqrt(seeds / (seeds - 1)) * stdtrit(seeds - 1, 0.5 + confidence / 2)))


def _end(values: np.ndarray, clipped: np.ndarray, share: float) -> tuple[float, bool]:
    """The upper end of an interval, and whether it lies beyond the clipped value that is given then."""
    end = float(np.quantile(np.where(clipped, np.inf, values), share, method="higher"))
    if np.isfinite(end):
        return end, False
    return float(np.quantile(values, share, method="higher")), True


def _side(above: bool, below: bool) -> str:
    return "?" if above and below else ">" if above else "<" if below else ""
