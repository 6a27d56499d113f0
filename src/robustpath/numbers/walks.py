"""Macros of what walks do: the curvature that they find and the descent leaves, and accuracy beside a short descent."""

from collections.abc import Callable

import pandas as pd

from robustpath.methods import roles
from robustpath.numbers.macros import Macros, Number, difference, known_methods, made, reads
from robustpath.records import labels
from robustpath.records.labels import MISSING, macro
from robustpath.statistics import walks
from robustpath.statistics.evidence import Evidence

MOMENTS = {"Start": walks.START, "End": walks.END, "Trained": walks.TRAINED}
WORDS = {"Start": "at the start of the walk", "End": "at the end of the walk", "Trained": "after training"}
VIEWS = {"Default": (walks.BUDGET, "after equal budgets"), "Matched": (walks.LOSS, "at the same training loss")}
RULES = {"": "selected draws", "Default": "defaults"}


def collect(
    table: pd.DataFrame, experiment: str, found: Evidence | None, settings: dict, level: dict, words: dict
) -> dict[str, Number]:
    """Name -> Number. table: the records that fit; level and words: of each suffix a label noise and what it is."""
    return {
        **made(_curvatures, table, experiment, level, words),
        **made(_gains, found, settings, level, words),
        **made(_beside_short_descent, found, settings),
    }


@reads("minima")
def _curvatures(table: pd.DataFrame, experiment: str, level: dict, words: dict) -> Macros:
    """The range over walks before the descent of the largest curvature, at three moments; and after short descent."""
    own = walks.of_defaults(table, experiment)
    names, medians = walks.beginning_with(own, walks.ISOTROPIC), walks.medians(own, list(MOMENTS.values()))
    macros: Macros = {}
    for place, noise in level.items():
        here = medians[medians.index.get_level_values("label_noise") == noise].droplevel("label_noise")
        for moment, metric in MOMENTS.items():
            what = f"minima, {words[place]}: largest eigenvalue of the Hessian {WORDS[moment]}, median over runs"
            values = here.reindex(names)[metric].dropna()
            what = f"{what}, over walks before the descent"
            macros |= _range(f"WalkCurvature{moment}", place, values, what, _plain)
        last = here[walks.TRAINED].get(walks.SHORT)
        what = f"minima, {words[place]}, short descent: largest eigenvalue of the Hessian after training, median"
        macros[f"ShortDescentCurvature{place}"] = (MISSING if pd.isna(last) else _plain(last), what)
    return macros


@reads("minima", "lengths")
def _gains(found: Evidence | None, settings: dict, level: dict, words: dict) -> Macros:
    """Accuracy in distribution at the defaults less the reference's, by method; and its range over our walks, also at
    equal training loss."""
    reference, macros = settings["reference"], {}
    shown = walks.views(found, reference, settings["confidence"]) if found else {}
    for suffix, (view, condition) in VIEWS.items():
        rows = shown[view] if shown else pd.DataFrame(columns=["method", "label_noise", "mean", "low", "high"])
        rows = rows.set_index(["label_noise", "method"])
        for place, noise in level.items():
            what = f"minima, {words[place]}, defaults: accuracy minus {labels.method(reference)}'s {condition}"
            here = rows[rows.index.get_level_values("label_noise") == noise].droplevel("label_noise")
            ours = here["mean"].reindex([name for name in roles.PROPOSED if name in here.index])
            over = f"{what}, over our walks, percentage points"
            macros |= _range(f"WalkGain{suffix}", place, ours, over, labels.points)
            if suffix == "Default":
                for name in known_methods(settings):
                    row = here.loc[name] if name in here.index else None
                    macros |= difference(f"DefaultGain{macro(name)}{place}", row, f"{what}, {labels.method(name)}")
    return macros


@reads("minima", "lengths")
def _beside_short_descent(found: Evidence | None, settings: dict) -> Macros:
    """How many comparisons of our walks with short descent find the walk more or less accurate."""
    macros: Macros = {}
    for rule, draws in RULES.items():
        numbers = dict.fromkeys(_COUNTED, MISSING)
        if found:
            table = found.plain if rule else found.accuracy
            rows = walks.against(table, list(roles.PROPOSED), walks.SHORT, settings["confidence"])
            kept = rows["holm"] < 1 - settings["confidence"]
            above, below = rows["low"] > 0, rows["high"] < 0
            counts = [len(rows), above.sum(), below.sum(), (kept & above).sum(), (kept & below).sum()]
            words = [*map(labels.word, counts), labels.listing([_case(row) for row in rows[kept & above].itertuples()])]
            numbers = dict(zip(numbers, words, strict=True))
        what = f"our walks against short descent, {draws}, by label noise, in distribution and under shift: comparisons"
        for name, value in numbers.items():
            macros[f"WalksBesideShortDescent{rule}{name}"] = (value, f"{what}{_COUNTED[name]}")
    return macros


_COUNTED = {
    "Count": "",
    "Above": " whose interval finds the walk more accurate",
    "Below": " whose interval finds the walk less accurate",
    "HolmAbove": " that after Holm's correction over all of them find the walk more accurate",
    "HolmBelow": " that after Holm's correction over all of them find the walk less accurate",
    "HolmAboveList": " that after Holm's correction over all of them find the walk more accurate, in words",
}


def _case(row) -> str:
    """A comparison in words: the walk, the label noise and where its accuracy was measured."""
    where = "in distribution" if row.test_set == "none" else "under shift"
    return rf"{labels.method(row.method)} with {100 * row.label_noise:g}\,\% label noise {where}"


def _plain(value: float) -> str:
    return f"{value:.2f}"


def _range(prefix: str, place: str, values: pd.Series, what: str, printed: Callable[[float], str]) -> Macros:
    """The smallest and the largest of values by method, and whose they are."""
    ends = {"Lowest": values.idxmin(), "Highest": values.idxmax()} if len(values) else {}
    macros: Macros = {}
    for end in ("Lowest", "Highest"):
        name = ends.get(end)
        macros[f"{prefix}{end}{place}"] = (printed(values[name]) if name else MISSING, f"{end.lower()} of {what}")
        macros[f"{prefix}{end}Name{place}"] = (
            labels.method(name) if name else MISSING,
            f"method of the {end.lower()} of {what}",
        )
    return macros
