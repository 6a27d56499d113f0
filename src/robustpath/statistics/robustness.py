"""Effective robustness: accuracy under shift beyond what accuracy in distribution predicts (Taori et al. 2020)."""

from itertools import product
from typing import NamedTuple

import numpy as np
import pandas as pd
from scipy.special import expit, logit

from robustpath.statistics.evidence import CELL, OOD
from robustpath.statistics.grid import Grid

REACH = 1.0  # logits: from an accuracy of 90 % down to 77 % and up to 96 %
PLACE = ["dataset", "train_size", "label_noise"]


class Line(NamedTuple):
    """logit(accuracy under shift) = intercept + slope logit(accuracy in distribution), with its share of variance.

    `methods` baselines and `lengths` runs of SGD of another length are its points.
    """

    slope: float
    intercept: float
    r_squared: float
    methods: int
    lengths: int

    def predict(self, accuracy: np.ndarray) -> np.ndarray:
        """The accuracy under shift that the line expects of accuracies in distribution, both fractions."""
        return self.at(logit(accuracy))

    def at(self, logits: np.ndarray) -> np.ndarray:
        """The same of the logits of accuracies in distribution."""
        return expit(self.intercept + self.slope * logits)


def points(accuracy: pd.DataFrame, test_size: int) -> pd.DataFrame:
    """Columns CELL, method, none, ood: kept half an example away from 0 and 1, where the logit is not defined."""
    wide = accuracy[accuracy["test_set"].isin(["none", OOD])].pivot(
        index=[*CELL, "method"], columns="test_set", values="value"
    )
    wide = wide.reindex(columns=["none", OOD]).dropna()
    return wide.clip(0.5 / test_size, 1 - 0.5 / test_size).reset_index()


def lines(
    accuracy: pd.DataFrame, baselines: list[str], test_size: int, curve: pd.DataFrame | None = None
) -> dict[tuple, Line]:
    """The line of each data set, train size and label noise: least squares, one point a baseline (its mean over seeds).

    Baselines of nearly the same accuracy leave the slope to chance: SGD of other lengths (`curve`, a method each) joins
    them, as far as REACH in logits from their mean. Where fewer than three points differ there is no line.
    """
    means = _means(accuracy[accuracy["method"].isin(baselines)], test_size)
    lengths = dict(list(_means(curve, test_size).groupby(PLACE))) if curve is not None else {}
    found = {}
    for place, rows in means.groupby(PLACE):
        middle = logit(rows["none"]).mean()
        extra = lengths.get(place, rows.iloc[:0])
        both = pd.concat([rows, extra[(logit(extra["none"]) - middle).abs() <= REACH]])
        if line := _fitted(logit(both["none"].to_numpy()), logit(both[OOD].to_numpy()), len(rows)):
            found[place] = line
    return found


def _fitted(x: np.ndarray, y: np.ndarray, methods: int) -> Line | None:
    """The line of least squares through points of which the first `methods` are baselines; None where fewer than three
    differ."""
    if len(np.unique(x)) < 3:
        return None
    across, up = x - x.mean(), y - y.mean()
    slope = float(across @ up / (across @ across))
    spread, unexplained = up @ up, ((up - slope * across) ** 2).sum()
    r_squared = float(1 - unexplained / spread) if spread else np.nan
    return Line(slope, float(y.mean() - slope * x.mean()), r_squared, methods, len(x) - methods)


def _means(accuracy: pd.DataFrame, test_size: int) -> pd.DataFrame:
    """Columns PLACE, method, none, ood: the mean over seeds."""
    return points(accuracy, test_size).groupby([*PLACE, "method"], as_index=False)[["none", OOD]].mean()


def residuals(
    accuracy: pd.DataFrame, baselines: list[str], test_size: int, curve: pd.DataFrame | None = None
) -> pd.DataFrame:
    """Columns CELL, method, value: accuracy under shift minus the line's, relative to the baselines' mean in the seed.

    Taking that mean off in each seed removes what its test examples do to every method.
    """
    known, fitted = points(accuracy, test_size), lines(accuracy, baselines, test_size, curve)
    parts = []
    for place, rows in known.groupby(PLACE):
        if place in fitted:
            left = rows[OOD] - fitted[place].predict(rows["none"].to_numpy())
            common = left.where(rows["method"].isin(baselines)).groupby(rows["seed"]).transform("mean")
            parts.append(rows[[*CELL, "method"]].assign(value=left - common))
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=[*CELL, "method", "value"])


def left_out(accuracy: dict[str, Grid], baselines: list[str], test_size: int, curve: dict[str, Grid]) -> dict:
    """The `residuals` of all methods by the line of all baselines, and by the line of all but one: None or the name of
    the baseline left out -> Grid, empty where there is no line.

    accuracy: the grids of none and ood, of the methods; curve: those of SGD's runs of other lengths (empty: none).
    """
    if not {"none", OOD} <= set(accuracy):
        return {}
    inner, outer = _both(accuracy, accuracy[OOD], test_size)
    lengths = _both(curve, accuracy[OOD], test_size) if {"none", OOD} <= set(curve) else None
    places = {name: place for name, place in accuracy[OOD].places.items() if name in baselines}
    chosen = {None: list(places.values())}
    chosen |= {name: [place for other, place in places.items() if other != name] for name in places}
    found = _residuals(inner, outer, {name: own for name, own in chosen.items() if own}, lengths)
    return {name: accuracy[OOD]._replace(values=left) for name, left in found.items() if not np.isnan(left).all()}


def _both(grids: dict[str, Grid], like: Grid, test_size: int) -> tuple[np.ndarray, np.ndarray]:
    """Accuracies in distribution and under shift, away from 0 and 1 (see `points`), on the data sets and train sizes of
    another grid: NaN on those that are not there."""
    found = []
    for grid in (grids["none"], grids[OOD]):
        values = np.full((len(grid.values), len(like.datasets), len(like.sizes), len(grid.seeds)), np.nan)
        for (dataset, name), (size, number) in product(enumerate(like.datasets), enumerate(like.sizes)):
            if name in grid.datasets and number in grid.sizes:
                values[:, dataset, size] = grid.values[:, grid.datasets.index(name), grid.sizes.index(number)]
        found.append(values)
    whole = ~np.isnan(found).any(axis=0)
    return tuple(np.where(whole, values.clip(0.5 / test_size, 1 - 0.5 / test_size), np.nan) for values in found)


def _residuals(
    inner: np.ndarray, outer: np.ndarray, chosen: dict[str | None, list[int]], lengths: tuple | None
) -> dict[str | None, np.ndarray]:
    """For each choice of baselines, the accuracy under shift minus the line's, less the baselines' mean in the seed:
    shape of the arrays [methods, data sets, train sizes, seeds]."""
    found = {name: np.full(outer.shape, np.nan) for name in chosen}
    for dataset, size in np.ndindex(outer.shape[1:3]):
        own = inner[:, dataset, size], outer[:, dataset, size]
        known, logits = _logits(*own), logit(own[0])
        at = _logits(*(each[:, dataset, size] for each in lengths)) if lengths else np.empty((2, 0))
        for name, baselines in chosen.items():
            x, y = _there(known[:, baselines])
            if not len(x):
                continue
            nearby = _there(at[:, np.abs(at[0] - x.mean()) <= REACH])
            if line := _fitted(np.append(x, nearby[0]), np.append(y, nearby[1]), len(baselines)):
                left = own[1] - line.at(logits)
                found[name][:, dataset, size] = left - np.nanmean(left[baselines], axis=0)
    return found


def _logits(inner: np.ndarray, outer: np.ndarray) -> np.ndarray:
    """The logits [2, methods] of the means over seeds, NaN of a method that has none: arrays [methods, seeds]."""
    there = ~np.isnan(inner).all(axis=1)
    found = np.full((2, len(inner)), np.nan)
    found[:, there] = [logit(np.nanmean(each[there], axis=1)) for each in (inner, outer)]
    return found


def _there(points: np.ndarray) -> np.ndarray:
    return points[:, ~np.isnan(points[0])]
