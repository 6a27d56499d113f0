"""The values of a term of a contrast: a metric of one method in one experiment, by data set and seed."""

import json
from typing import NamedTuple

import numpy as np
import pandas as pd

from robustpath import protocols
from robustpath.claims.contrast_model import Contrasts, Term, terms
from robustpath.records import plain
from robustpath.records.selection import VALIDATION, select

PAIR = ["dataset", "seed"]
BUDGETS = [*PAIR, "evaluations", "missing"]  # a value of a pair is the mean over budgets and missing groups


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


def quantity(condition, metric: str | None = None) -> Quantity:
    """What a condition measures, or another metric where it does."""
    name = metric or condition.metric
    known = protocols.metrics()[name].splits
    split = None if metric else condition.split
    return Quantity(name, split or ("test" if "test" in known else known[0]), "none" if metric else condition.over)


def needed(table: pd.DataFrame, claims: Contrasts) -> Runs:
    """The rows of the records that the conditions of a file, and the choice of draws, can need; text as text."""
    every = [each for family in claims.families.values() for claim in family.claims for each in claim.conditions]
    metrics = {"accuracy", *(each.metric for each in every), *(each.by for each in every if hasattr(each, "by"))}
    experiments = {term.experiment for each in every for term in terms(each)}
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
        table = runs.tables.get((term.experiment, term.method))
        runs.taken[asked] = None if table is None else _values(table, term, what, noise)
    return runs.taken[asked]


def _values(table: pd.DataFrame, term: Term, what: Quantity, noise: float) -> pd.Series | None:
    chosen = table["label_noise"] == noise
    for axis in ("dataset", "evaluations"):
        if getattr(term, axis) is not None:
            chosen &= table[axis] == getattr(term, axis)
    own = table[chosen]
    own = own[_with(own["hyperparameters"], term.hyperparameters)]
    decides = (own["metric"] == "accuracy") & (own["split"] == VALIDATION.split)
    measured = (own["metric"] == what.metric) & (own["split"] == what.split)
    rows = _over(select(own[decides | measured]), what) if measured.any() else own
    if rows.empty:
        return None
    wide = rows.pivot(index=PAIR, columns=BUDGETS[len(PAIR) :], values="value")
    return wide.mean(axis=1, skipna=False)


def grid_values(runs: Runs, term: Term, hyperparameter: str) -> list[float]:
    """The values that a hyperparameter has in the runs of a term, ascending."""
    own = runs.tables.get((term.experiment, term.method))
    return (
        sorted({json.loads(text)[hyperparameter] for text in own["hyperparameters"].unique()})
        if own is not None
        else []
    )


def _with(told: pd.Series, wanted: dict[str, float]) -> pd.Series:
    """Whether hyperparameters, as the records hold them in JSON, have the wanted values."""
    known = {text: json.loads(text) for text in told.unique()}
    fits = {
        text: all(name in own and np.isclose(own[name], value) for name, value in wanted.items())
        for text, own in known.items()
    }
    return told.map(fits).astype(bool)


def _over(records: pd.DataFrame, what: Quantity) -> pd.DataFrame:
    """Columns BUDGETS and value: a row a run, on unshifted data or summed up over shifts."""
    rows = records[(records["metric"] == what.metric) & (records["split"] == what.split)]
    if what.over == "none":
        return rows.loc[rows["shift"] == "none", [*BUDGETS, "value"]]
    rows = rows[rows["shift"] != "none"]
    if what.over not in ("mean", "worst"):
        rows = rows[rows["shift_family"] == what.over]
    by = "shift" if what.over == "worst" else "shift_family"
    each = rows.groupby([*BUDGETS, by], as_index=False)["value"].mean()
    ends = each.groupby(BUDGETS, as_index=False)["value"]
    return ends.min() if what.over == "worst" else ends.mean()
