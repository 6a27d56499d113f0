"""Toy models of superposition (Elhage et al. 2022): when a model holds more features than it has dimensions.

Features x [n] are zero with probability 1 - p, else uniform on [0, 1], each on its own; p is their density. A model
of m dimensions gives x' = ReLU(W^T W x + b), W [m, n] with a column W_i for each feature, and is trained on the sum
over features of I_i (x_i - x'_i)^2, I_i their importances. A feature is represented where |W_i| > 1/2.

Five features in two dimensions, I_i = 0.9^i: dense ones are dropped until two are left, each with a dimension of its
own; sparse ones lie in antipodal pairs, then in a pentagon. Two features in one dimension, I = (1, r): the phase
diagram, whose boundary feature_geometry.boundary derives. 80 features in eight dimensions, I = 1: dimensions a feature,
m / |W|^2, over the density, with a plateau at 1/2, where features lie in antipodal pairs.

The bands are drawn about a pilot of this study. Where it gives a range, that is the band; where it gives a value
alone, the width is of this study: 0.05 for norms of 1 and 0, 0.02 for dimensionalities, 0.2 for the squared norm of
the pentagon, 0.03 for dimensions a feature. All were fixed before this program was first run. A value that misses its
band is printed beside it, and the row "bands that hold" counts how many do.
"""

import math
from collections.abc import Mapping
from typing import NamedTuple

from robustpath.theory.table import Row

SOURCE = "a pilot of this study"
DENSITIES = (1.0, 0.5, 0.2, 0.1, 0.05)  # of five features
# 1 / p of 80 features: the pilot's 50^(k / 11), and three between them where the plateau should be.
SPARSITIES = tuple(50 ** (k / 11) for k in (0, 1, 2, 2.5, 3, 3.5, 4, 4.5, *range(5, 12)))
FEW, PAIR, MANY = "five features in two dimensions", "two features in one dimension", "80 features in eight dimensions"


class Band(NamedTuple):
    """What a measured value should be: from `low` to `high`, one of which may be infinite."""

    place: str
    name: str
    low: float
    high: float

    def holds(self, value: float) -> bool:
        return self.low <= value <= self.high

    def row(self, value: float) -> Row:
        """The measured value beside its band: a bound, or the middle of a range and half its width."""
        if math.isinf(self.high):
            return Row(self.place, f"{self.name}, at least", value, self.low, SOURCE)
        if math.isinf(self.low):
            return Row(self.place, f"{self.name}, at most", value, self.high, SOURCE)
        within = f", within {(self.high - self.low) / 2:.3g}" if self.high > self.low else ""
        return Row(self.place, f"{self.name}{within}", value, (self.low + self.high) / 2, SOURCE)


BANDS = (
    Band(FEW, "represented features at density 1", 2, 2),
    Band(FEW, "least norm of a represented feature at density 1", 0.95, 1.05),
    Band(FEW, "largest norm of a represented feature at density 1", 0.95, 1.05),
    Band(FEW, "largest norm of another feature at density 1", -math.inf, 0.05),
    Band(FEW, "least dimensionality at density 1", 0.98, 1.02),
    Band(FEW, "squared norm of W at density 1", 1.95, 2.05),
    Band(FEW, "represented features at density 0.2", 4, 4),
    Band(FEW, "least dimensionality at density 0.2", 0.48, 0.52),
    Band(FEW, "largest dimensionality at density 0.2", 0.48, 0.52),
    Band(FEW, "squared norm of W at density 0.2", 4.0, 4.2),
    Band(FEW, "represented features at density 0.05", 5, 5),
    Band(FEW, "least dimensionality at density 0.05", 0.38, 0.42),
    Band(FEW, "largest dimensionality at density 0.05", 0.38, 0.42),
    Band(FEW, "least norm of a represented feature at density 0.05", 1.11, 1.15),
    Band(FEW, "largest norm of a represented feature at density 0.05", 1.11, 1.15),
    Band(FEW, "squared norm of W at density 0.05", 6.2, 6.6),
    Band(PAIR, "share of densities up to 0.55 with an antipodal pair, r = 1", 1.0, math.inf),
    Band(PAIR, "antipodal pair at density 0.6, r = 1", 0, 0),
    Band(PAIR, "antipodal pair at density 0.4, r = 0.5", 1, 1),
    Band(PAIR, "dimension of its own at density 0.5, r = 0.5", 1, 1),
    Band(MANY, "dimensions a feature at 1 / p = 1.0", 0.97, 1.03),
    Band(MANY, "dimensions a feature at 1 / p = 2.0", 0.53, 0.59),
    Band(MANY, "dimensions a feature at 1 / p = 2.9", 0.50, 0.56),
    Band(MANY, "dimensions a feature at 1 / p = 4.1", 0.43, 0.49),
    Band(MANY, "dimensions a feature at 1 / p = 5.9", 0.29, 0.35),
    Band(MANY, "dimensions a feature at 1 / p = 8.4", 0.23, 0.29),
    Band(MANY, "median dimensionality at 1 / p = 2.0", 0.49, 0.51),
    Band(MANY, "median dimensionality at 1 / p = 2.9", 0.49, 0.51),
    Band(MANY, "densities whose dimensions a feature are within 0.03 of 1/2", 3, math.inf),
    Band(MANY, "densities whose median dimensionality is within 0.03 of 1/2", 3, math.inf),
)


def claims(found: Mapping[str, float]) -> list[Row]:
    """Every band with the measured value of its name, and how many of the bands hold."""
    held = sum(band.holds(found[band.name]) for band in BANDS)
    rows = [band.row(found[band.name]) for band in BANDS]
    return [*rows, Row("all toy models", "bands that hold", float(held), float(len(BANDS)), SOURCE)]
