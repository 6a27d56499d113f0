"""A long table of one label noise as arrays: every method in the same cells, so that a comparison is a subtraction."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd


class Grid(NamedTuple):
    """One quantity: `values` [methods, data sets, train sizes, seeds], NaN where missing, and whether a row was there.

    Data sets are those on which the quantity was taken of any method.
    """

    datasets: list[str]
    sizes: list[int]
    seeds: list[int]
    places: dict[str, int]  # method -> position
    values: np.ndarray
    there: np.ndarray

    def of(self, method: str) -> np.ndarray | None:
        """The values of a method, shape [data sets, train sizes, seeds]; None where it has no rows."""
        place = self.places.get(method)
        return None if place is None or not self.there[place].any() else self.values[place]

    def lost(self, *methods: str) -> int:
        """Cells in which all these methods have rows and one of them no value."""
        chosen = [self.places[name] for name in methods]
        return int((self.there[chosen].all(axis=0) & np.isnan(self.values[chosen]).any(axis=0)).sum())


def grids(rows: pd.DataFrame, by: str, values: Iterable[str] = ("value",)) -> list[dict[str, Grid]]:
    """For each column of `values` a Grid of every quantity that the column `by` names; rows of one label noise."""
    axes = [_codes(rows[name]) for name in (by, "method", "dataset", "train_size", "seed")]
    (_, names), (_, known), *cells = axes
    shape = tuple(len(found) for _, found in axes)
    index = tuple(codes for codes, _ in axes)
    there = np.zeros(shape, dtype=bool)
    there[index] = True
    sizes, seeds = ([int(each) for each in cells[axis][1]] for axis in (1, 2))
    places = {str(name): place for place, name in enumerate(known)}
    found = []
    for column in values:
        held = np.full(shape, np.nan)
        held[index] = rows[column].to_numpy(dtype=float)
        own = {}
        for kind, name in enumerate(names):
            some = there[kind].any(axis=(0, 2, 3))
            datasets = [str(each) for each, here in zip(cells[0][1], some, strict=True) if here]
            own[str(name)] = Grid(datasets, sizes, seeds, places, held[kind][:, some], there[kind][:, some])
        found.append(own)
    return found


def _codes(column: pd.Series) -> tuple[np.ndarray, Sequence]:
    """The place of each entry among those that there are, in order, and these; categories are not looked at again."""
    if not isinstance(column.dtype, pd.CategoricalDtype):
        return pd.factorize(column, sort=True)
    used, codes = np.unique(column.array.codes, return_inverse=True)
    return codes, column.array.categories[used].tolist()
