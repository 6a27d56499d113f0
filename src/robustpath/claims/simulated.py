"""Evidence whose truth is known: the study's own, with what a condition compares moved to where it shall lie, redrawn.

A simulated seed is a whole seed of the study, drawn with replacement for each data set on its own: all methods, test
sets and measures of that seed together. So pairing, spread, skew, and the dependence between validation and test
accuracies are those of the study, and the truth of what is simulated is what the study's moved values give.
"""

import zlib
from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd

from robustpath.claims.model import BEST_CONTROL, Family
from robustpath.statistics.evidence import OOD, VALIDATION, Evidence

PLACE = ["dataset", "train_size"]
QUANTITY = {
    "accuracy": "test_set",
    "plain": "test_set",
    "measure": "metric",
    "curve": "test_set",
    "matched": "quantity",
    "expected": "quantity",
}
LEVEL_ERROR = "walk_level_error"
Column = tuple[str, str, str]  # table (a key of QUANTITY), method, and test set or measure


class World(NamedTuple):
    """The evidence of one label noise as numbers: values [places, seeds, columns], NaN where there is none."""

    places: list[tuple]
    columns: list[Column]
    values: np.ndarray

    def at(self, column: Column) -> int:
        """Where a column stands."""
        return self.columns.index(column)


def needed(condition, variants: Sequence[str], family: Family, reference: str, lengths: Iterable[str]) -> set[Column]:
    """The columns that a condition reads when it is weighed for some variants.

    lengths: the methods of the curve, which the line of effective robustness is fitted on beside the baselines.
    """
    kind = condition.kind
    if kind == "any_of":
        return set().union(*(needed(part, variants, family, reference, lengths) for part in condition.conditions))
    if kind in ("difference", "inequivalence"):
        others = family.controls if condition.against == BEST_CONTROL else [condition.against]
        return {("accuracy", name, condition.test_set) for name in (*variants, *others)}
    if kind == "effective_robustness":
        names = {("accuracy", name) for name in (*variants, *family.baselines)} | {("curve", name) for name in lengths}
        return {(*name, place) for name in names for place in ("none", OOD)}
    if kind in ("matched_difference", "matched_ratio"):
        quantity = condition.test_set if kind == "matched_difference" else condition.measure
        return {(table, name, quantity) for table in ("matched", "expected") for name in variants}
    if kind == "ratio":
        below = condition.against_measure or condition.measure
        return {("measure", name, condition.measure) for name in variants} | {("measure", condition.against, below)}
    if kind == "level_error":
        return {("measure", name, LEVEL_ERROR) for name in variants}
    measures = {("measure", name, metric) for name in variants for metric in (condition.measure, condition.given)}
    return measures | {("plain", name, condition.test_set) for name in (*variants, reference)}


def world(whole: Evidence, level: float, columns: Iterable[Column]) -> World:
    """The columns of one label noise that there are; the others are left out."""
    wanted, parts = sorted(columns), []
    for table in sorted({column[0] for column in wanted}):
        rows = getattr(whole, "matched" if table == "expected" else table)
        names = [column for column in wanted if column[0] == table]
        own = rows[
            (rows["label_noise"] == level)
            & rows["method"].isin({name for _, name, _ in names})
            & rows[QUANTITY[table]].isin({quantity for _, _, quantity in names})
        ]
        value = "expected" if table == "expected" else "value"
        wide = own.pivot(index=[*PLACE, "seed"], columns=["method", QUANTITY[table]], values=value)
        wide.columns = [(table, *name) for name in wide.columns]
        parts.append(wide[[name for name in names if name in wide]])
    both = pd.concat(parts, axis=1).sort_index()
    places = list(dict.fromkeys(key[:-1] for key in both.index))
    seeds = sorted({key[-1] for key in both.index})
    index = pd.MultiIndex.from_tuples([(*place, seed) for place in places for seed in seeds], names=both.index.names)
    values = both.reindex(index).to_numpy(dtype=float)
    return World(places, list(both.columns), values.reshape(len(places), len(seeds), len(both.columns)))


def generator(kind: str, number: int) -> np.random.Generator:
    """The random numbers of a simulated claim, which depend on its kind and number alone."""
    return np.random.default_rng([zlib.crc32(kind.encode()), number])


def redrawn(known: World, kind: str, numbers: Iterable[int]) -> np.ndarray:
    """Values [claims, places, seeds, columns] with seeds drawn with replacement, for each claim and place anew."""
    places, seeds = known.values.shape[:2]
    donors = np.stack([generator(kind, number).integers(seeds, size=(places, seeds)) for number in numbers])
    return known.values[np.arange(places)[:, None], donors]


def evidence_of(known: World, values: np.ndarray, levels: Sequence[float]) -> Evidence:
    """Values [claims, places, seeds, columns] as the judge takes them, each claim as a label noise of its own."""
    claims, places, seeds, _ = values.shape
    tables = {}
    for table in QUANTITY:
        own = [at for at, column in enumerate(known.columns) if column[0] == table]
        place, seed, column = (axis.ravel() for axis in np.indices((places, seeds, len(own))))
        frame = {
            "dataset": _named([place[0] for place in known.places], np.tile(place, claims)),
            "train_size": np.tile(np.array([place[1] for place in known.places])[place], claims),
            "label_noise": np.repeat(np.asarray(levels, dtype=float), len(place)),
            "seed": np.tile(seed, claims),
            "method": _named([known.columns[at][1] for at in own], np.tile(column, claims)),
            QUANTITY[table]: _named([known.columns[at][2] for at in own], np.tile(column, claims)),
            "value": values[..., own].ravel(),
        }
        tables[table] = pd.DataFrame(frame)
    expected = tables.pop("expected")["value"]
    return Evidence(**tables | {"matched": tables["matched"].assign(expected=expected)})


def _named(names: list[str], places: np.ndarray) -> pd.Categorical:
    """The name at each place."""
    known = sorted(set(names))
    codes = np.array([known.index(name) for name in names], dtype=int)
    return pd.Categorical.from_codes(codes[places] if len(codes) else places, known)


def shifted(known: World, column: Column, by: float | np.ndarray) -> World:
    """The world with `by`, a number or one for each place, added to a column."""
    values = known.values.copy()
    values[..., known.at(column)] += np.reshape(by, (-1, 1))
    return known._replace(values=values)


def scaled(known: World, column: Column, by: float) -> World:
    """The world with a column multiplied by a positive number."""
    values = known.values.copy()
    values[..., known.at(column)] *= by
    return known._replace(values=values)


def identical(known: World, methods: Iterable[str], reference: str) -> World:
    """The world in which the accuracies of some methods have, at each place, the reference's mean over seeds."""
    for column in known.columns:
        if column[0] == "accuracy" and column[1] in set(methods):
            known = shifted(known, column, means(known, (column[0], reference, column[2])) - means(known, column))
    return known


def means(known: World, column: Column) -> np.ndarray:
    """The mean over seeds of a column at each place."""
    return np.nanmean(known.values[..., known.at(column)], axis=1)


def permuted(known: World, variants: Sequence[str], test_set: str, number: int, kind: str) -> World:
    """The world in which the accuracies of some variants are exchanged among them, at random at each place.

    All seeds of a variant move together, since what a variant gains it gains in all of them; so gains keep their
    spread within and between variants, and have nothing to do with what else was measured of the variant.
    """
    columns = [known.at(("plain", name, test_set)) for name in variants]
    draw, values = generator(kind, number), known.values.copy()
    for place in range(len(known.places)):
        values[place][:, columns] = known.values[place][:, draw.permutation(columns)]
    return known._replace(values=values)


def drawn(draws: pd.DataFrame, level: float, methods: Sequence[str], test_set: str) -> tuple[World, np.ndarray]:
    """A world of the validation accuracy and that on `test_set` of methods, and the values of all their draws.

    draws: columns as in statistics.evidence.validated. The second is [places, seeds, methods, draws, 2], each method
    shifted, at each place, to the mean over all methods, seeds and draws, so that only chance sets them apart.
    """
    kinds = [VALIDATION, test_set]
    own = draws[(draws["label_noise"] == level) & draws["method"].isin(methods) & draws["test_set"].isin(kinds)]
    wide = own.pivot(index=[*PLACE, "seed"], columns=["method", "draw", "test_set"], values="value").sort_index()
    names, numbers = sorted(own["method"].unique()), sorted(own["draw"].unique())
    columns = pd.MultiIndex.from_product([names, numbers, kinds])
    places, seeds = list(own[PLACE].drop_duplicates().itertuples(index=False, name=None)), own["seed"].nunique()
    values = wide[columns].to_numpy(dtype=float).reshape(len(places), seeds, len(names), len(numbers), 2)
    values = values - values.mean(axis=(1, 3), keepdims=True) + values.mean(axis=(1, 2, 3), keepdims=True)
    known = [("accuracy", name, kind) for name in names for kind in kinds]
    return World(sorted(places), known, np.full((len(places), seeds, len(known)), np.nan)), values


def selected(draws: np.ndarray, kind: str, number: int) -> np.ndarray:
    """Values [places, seeds, columns] of a claim: methods exchanged in each seed, then the draw of each selected.

    draws: [places, seeds, methods, draws, 2], validation and test accuracy. Methods keep all their draws of a seed
    together, so all are drawn from one distribution; of draws with equal validation accuracy the lowest is taken.
    """
    generated = generator(kind, number)
    places, seeds, methods = draws.shape[:3]
    donors = generated.integers(seeds, size=(places, seeds))
    order = generated.permuted(np.broadcast_to(np.arange(methods), (places, seeds, methods)), axis=-1)
    values = draws[np.arange(places)[:, None], donors]
    values = np.take_along_axis(values, order[..., None, None], axis=2)
    best = values[..., 0].argmax(axis=-1)
    chosen = np.take_along_axis(values, best[..., None, None], axis=3)[..., 0, :]
    return chosen.reshape(places, seeds, 2 * methods)
