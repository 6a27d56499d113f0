"""Effective robustness: accuracy under shift beyond what accuracy in distribution predicts (Taori et al. 2020)."""

from typing import NamedTuple

import numpy as np
import pandas as pd
from scipy.special import expit, logit

from robustpath.statistics.evidence import CELL, OOD

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
        return expit(self.intercept + self.slope * logit(accuracy))


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
        x, y = logit(both["none"].to_numpy()), logit(both[OOD].to_numpy())
        if len(np.unique(x)) < 3:
            continue
        slope, intercept = np.polyfit(x, y, 1)
        spread = ((y - y.mean()) ** 2).sum()
        unexplained = ((y - intercept - slope * x) ** 2).sum()
        r_squared = float(1 - unexplained / spread) if spread else np.nan
        found[place] = Line(float(slope), float(intercept), r_squared, len(rows), len(both) - len(rows))
    return found


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
