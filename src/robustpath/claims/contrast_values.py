"""The values of a term of a contrast: a metric of one method in one experiment, by data set and seed; or run by run."""

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd

from robustpath import protocols
from robustpath.claims import contrast_model
from robustpath.claims.contrast_kinds import Term
from robustpath.claims.contrast_model import Contrasts
from robustpath.records import RUN, plain
from robustpath.records.selection import VALIDATION, select
from robustpath.statistics import matched

PAIR = ["dataset", "seed"]
METRICS = ("metric", "by", "outcome", "given")  # keys of a condition that name one
BUDGETS = [*PAIR, "train_size", "evaluations", "missing"]  # a value of a pair is the mean over all but the pair


class Runs(NamedTuple):
    """Records by experiment and method, and the values that were taken of them so far, by what was asked."""

    tables: dict[tuple[str, str], pd.DataFrame]
    taken: dict[tuple, pd.Series | None]


class Quantity(NamedTuple):
    """What is measured: a metric on a split, `over` no shift or some (see contrast_model.Condition)."""

    metric: str
    split: str
    over: str = "none"

    def unit(self) -> str:
        """The metric's unit."""
        return protocols.metrics()[self.metric].unit


def quantity(condition, metric: str | None = None, split: str | None = None) -> Quantity:
    """What a condition measures, or another metric where it does, on unshifted data of the split."""
    name = metric or condition.metric
    known = protocols.metrics()[name].splits
    split = split if metric else condition.split
    return Quantity(name, split or ("test" if "test" in known else known[0]), "none" if metric else condition.over)


def needed(table: pd.DataFrame, claims: Contrasts) -> Runs:
    """The rows of the records that the conditions of a file, and the choice of draws, can need; text as text."""
    every = [claim for family in claims.families.values() for claim in family.claims]
    metrics = {"accuracy", *(name for claim in every for name in claim.metric_placebos)}
    experiments: set[str] = set()
    for claim in every:
        experiments.update(contrast_model.experiments(claim))
        for condition in claim.conditions:
            metrics.update(getattr(condition, key) for key in METRICS if hasattr(condition, key))
    rows = plain(table[table["experiment"].isin(experiments) & table["metric"].isin(metrics)])
    return runs_of(rows)


def runs_of(rows: pd.DataFrame) -> Runs:
    """Rows of the records, text as text, in the form that `values` takes."""
    return Runs(dict(list(rows.groupby(["experiment", "method"]))), {})


def values(runs: Runs, term: Term, what: Quantity, level: float) -> pd.Series | None:
    """The values of a term without its weight, by data set and seed; NaN for a run without a value, None without runs.

    Of the draws with the term's hyperparameters, that of the best validation accuracy is taken in each cell.
    """
    noise = level if term.label_noise is None else term.label_noise
    asked = (term.model_dump_json(exclude={"weight", "label_noise"}), what, noise)
    if asked not in runs.taken:
        own = _rows(runs, term, noise)
        own = own if own is None or term.base is None else _matched(runs, own, term, noise)
        runs.taken[asked] = None if own is None else _values(own, what)
    return runs.taken[asked]


def _rows(runs: Runs, term: Term, noise: float) -> pd.DataFrame | None:
    """The records of all draws that a term can stand for, None without any runs of its method."""
    table = runs.tables.get((term.experiment, term.method))
    if table is None:
        return None
    chosen = table["label_noise"] == noise
    for axis in ("dataset", "evaluations"):
        if getattr(term, axis) is not None:
            chosen &= table[axis] == getattr(term, axis)
    own = table[chosen]
    return own[_with(own["hyperparameters"], term.hyperparameters)]


def _values(own: pd.DataFrame, what: Quantity) -> pd.Series | None:
    decides = (own["metric"] == "accuracy") & (own["split"] == VALIDATION.split)
    measured = (own["metric"] == what.metric) & (own["split"] == what.split)
    rows = _over(select(own[decides | measured]), what) if measured.any() else own
    if rows.empty:
        return None
    wide = rows.pivot(index=PAIR, columns=BUDGETS[len(PAIR) :], values="value")
    return wide.mean(axis=1, skipna=False)


def _matched(runs: Runs, own: pd.DataFrame, term: Term, noise: float) -> pd.DataFrame | None:
    """Of the records of a term those of its strength at matched accuracy, all where its runs have no such
    hyperparameter (a placebo); None where its base has no run of the same size and label noise on a data set."""
    base = term.model_copy(update=term.base.model_dump(exclude_none=True) | {"accuracy_cost": None, "base": None})
    reference = _rows(runs, base, noise)
    if reference is None or own.empty:
        return None
    both = own[matched.CELL].drop_duplicates().merge(reference[matched.CELL].drop_duplicates())
    if set(own["dataset"].unique()) - set(both["dataset"].unique()):
        return None
    if not all(term.strength in json.loads(text) for text in own["hyperparameters"].unique()):
        return own
    chosen = matched.strengths(own, reference, term.accuracy_cost, term.strength)
    return matched.of_arms(own, chosen, term.strength)


def by_run(runs: Runs, terms: Iterable[Term], named: Mapping[str, Quantity], level: float) -> pd.DataFrame | Term:
    """Columns dataset, seed and those of `named`, a row a run of any draw: what it has of each quantity, NaN where it
    has none. The first term without a value of one of the quantities where there is one."""
    found = []
    for term in terms:
        own = _rows(runs, term, level)
        if own is None or own.empty:
            return term
        columns = {name: _over(own, what, RUN).set_index(RUN)["value"] for name, what in named.items()}
        if any(column.empty for column in columns.values()):
            return term
        found.append(pd.concat(columns, axis=1).reset_index())
    return pd.concat(found, ignore_index=True)[[*PAIR, *named]]


def grid_values(runs: Runs, term: Term, hyperparameter: str) -> list[float]:
    """The values that a hyperparameter has in the runs of a term, ascending."""
    own = runs.tables.get((term.experiment, term.method))
    return (
        sorted({json.loads(text)[hyperparameter] for text in own["hyperparameters"].unique()})
        if own is not None
        else []
    )


def _with(texts: pd.Series, wanted: dict[str, float]) -> pd.Series:
    """Whether hyperparameters, as the records hold them in JSON, have the wanted values."""
    known = {text: json.loads(text) for text in texts.unique()}
    fits = {
        text: all(name in own and np.isclose(own[name], value) for name, value in wanted.items())
        for text, own in known.items()
    }
    return texts.map(fits).astype(bool)


def _over(records: pd.DataFrame, what: Quantity, keys: Sequence[str] = tuple(BUDGETS)) -> pd.DataFrame:
    """Columns `keys` and value: a row a run, on unshifted data or summed up over shifts."""
    keys = list(keys)
    rows = records[(records["metric"] == what.metric) & (records["split"] == what.split)]
    if what.over == "none":
        return rows.loc[rows["shift"] == "none", [*keys, "value"]]
    rows = rows[rows["shift"] != "none"]
    if what.over not in ("mean", "worst"):
        rows = rows[rows["shift_family"] == what.over]
    by = "shift" if what.over == "worst" else "shift_family"
    each = rows.groupby([*keys, by], as_index=False)["value"].mean()
    ends = each.groupby(keys, as_index=False)["value"]
    return ends.min() if what.over == "worst" else ends.mean()
