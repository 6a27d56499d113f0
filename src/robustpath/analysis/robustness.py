"""Effective robustness: accuracy under shift beyond what accuracy in distribution predicts (Taori et al. 2020)."""

from typing import NamedTuple

import numpy as np
import pandas as pd
from scipy.special import expit, logit

from robustpath.analysis.evidence import CELL, OOD

PLACE = ["dataset", "train_size", "label_noise"]


class Line(NamedTuple):
    """logit(accuracy under shift) = intercept + slope logit(accuracy in distribution), with its share of variance."""

    slope: float
    intercept: float
    r_squared: float
    methods: int

    def predict(self, accuracy: np.ndarray) -> np.ndarray:
        """The accuracy under shift that the line expects of accuracies in distribution, both fractions."""
        return expit(self.intercept + self.slope * logit(accuracy))


def points(accuracy: pd.DataFrame, test_size: int) -> pd.DataFrame:
    """Columns CELL, method, none, ood: kept half an example away from 0 and 1, where the logit is not defined."""
    wide = accuracy[accuracy["test_set"].isin(["none", OOD])].pivot(
        index=[*CELL, "method"], columns="test_set", values="value"
    )
    return wide.dropna().clip(0.5 / test_size, 1 - 0.5 / test_size).reset_index()


def lines(accuracy: pd.DataFrame, baselines: list[str], test_size: int) -> dict[tuple, Line]:
    """The line of each data set, train size and label noise: least squares, one point a baseline (its mean over seeds).

    Where fewer than three baselines differ in accuracy there is no line.
    """
    known = points(accuracy, test_size)
    means = known[known["method"].isin(baselines)].groupby([*PLACE, "method"], as_index=False)[["none", OOD]].mean()
    found = {}
    for place, rows in means.groupby(PLACE):
        x, y = logit(rows["none"].to_numpy()), logit(rows[OOD].to_numpy())
        if len(np.unique(x)) < 3:
            continue
        slope, intercept = np.polyfit(x, y, 1)
        spread = ((y - y.mean()) ** 2).sum()
        unexplained = ((y - intercept - slope * x) ** 2).sum()
        found[place] = Line(slope, intercept, 1 - unexplained / spread if spread else np.nan, len(rows))
    return found


def residuals(accuracy: pd.DataFrame, baselines: list[str], test_size: int) -> pd.DataFrame:
    """Columns CELL, method, value: accuracy under shift minus the line's, relative to the baselines' mean in the seed.

    Over all seeds that mean is near zero; taking it off in each seed removes what its test examples do to every method.
    """
    known, fitted = points(accuracy, test_size), lines(accuracy, baselines, test_size)
    parts = []
    for place, rows in known.groupby(PLACE):
        if place in fitted:
            left = rows[OOD] - fitted[place].predict(rows["none"].to_numpy())
            common = left.where(rows["method"].isin(baselines)).groupby(rows["seed"]).transform("mean")
            parts.append(rows[[*CELL, "method"]].assign(value=left - common))
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=[*CELL, "method", "value"])
