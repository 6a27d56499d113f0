"""The conditions of a hypothesis that compares means of runs (`contrast_model`), each weighed on the records: effect,
interval, p of both events, verdict.

Runs of one seed of a data set are a pair, data sets are strata (see `stratified`); the findings are those of
`conditions`, with `short`, words for a column, and where several differences are judged together `each` of them.
"""

from collections.abc import Iterable
from itertools import permutations
from typing import NamedTuple

import numpy as np
import pandas as pd

from robustpath.claims import conditions
from robustpath.claims.conditions import ENDS, EVENTS, POINTS, SCALES, UNDECIDED, decide, printed
from robustpath.claims.contrast_kinds import BOUNDS, Term, terms
from robustpath.claims.contrast_values import Quantity, Runs, by_run, grid_values, quantity, values
from robustpath.statistics import partial, stratified
from robustpath.statistics.stratified import Estimate

SIDES = dict(zip(BOUNDS, ("above", "below", "within"), strict=True))
CORRELATION = "correlation"
OUTSIDE = "more than half of the seeds lie outside the curve"


class Case(NamedTuple):
    """What the conditions of one label noise are weighed on: the records that they can need (`contrast_values`)."""

    runs: Runs
    level: float
    confidence: float


def weigh(condition, case: Case) -> dict:
    """The finding of one condition at one label noise, as it stands in claims.json."""
    facts = {"kind": condition.kind, "test_set": None, "measure": condition.metric, "short": condition.short}
    return WEIGHED[condition.kind](condition, case) | facts | {"what": condition.what}


def bound_of(condition) -> tuple[str, float | list[float]]:
    """The side of a condition (above, below, within) and its threshold."""
    (name,) = (name for name in BOUNDS if getattr(condition, name) is not None)
    return SIDES[name], getattr(condition, name)


def judged(parts: pd.DataFrame | None, lacking: str, unit: str, bound: tuple, what: str, confidence: float) -> dict:
    """The finding of the mean over seeds of the sums of `parts`: a row a data set and seed, a column a weighted term.

    A pair that lacks one of its values is left out and counted. `lacking`: what there are no runs of.
    """
    side, threshold = bound
    finding = conditions.blank(what, POINTS if unit == "fraction" else unit, threshold, side)
    if lacking:
        return finding | {"note": f"no records of {lacking} to judge by"}
    sums = parts.sum(axis=1, skipna=False)
    wide = sums.unstack("seed")
    found = stratified.mean(wide.to_numpy(dtype=float)[:, None, :], list(wide.index), confidence)
    return filled(finding, found, confidence, int(sums.isna().sum()))


def filled(finding: dict, found: Estimate, confidence: float, lost: int) -> dict:
    """The finding with its numbers; within an interval as an equivalence: supported by two one-sided tests, refuted
    where the effect lies beyond either end. `power_at_zero` is then the power where the truth is its middle."""
    if finding["side"] != "within":
        return conditions.filled(finding, found, confidence, lost)
    scale = SCALES.get(finding["unit"], 1.0)
    low, high = (end / scale for end in finding["threshold"])
    link = np.arctanh if finding["unit"] == CORRELATION else float  # to the scale of the standard error
    first, last = link(low), link(high)
    middle, margin = (first + last) / 2, (last - first) / 2
    centred = found._replace(effect=link(found.effect) - middle)
    numbers = {
        "p_support": max(found.below(high), found.above(low)),
        "p_refute": stratified.beyond_margin(centred, margin),
        "detectable": scale * found.detectable(high, 1),
        "power_at_zero": stratified.equivalence_power(found, margin, confidence),
    }
    return conditions.numbered(finding, found, numbers, confidence, lost)


def gathered(case: Case, measured: Quantity, terms: Iterable[Term]) -> tuple[pd.DataFrame | None, str]:
    """The weighted values of terms beside each other, and the first term of which there are no runs ("" for none).

    Terms that name several data sets are paired by their seeds, as one stratum.
    """
    terms = list(terms)
    several = None not in (named := {term.dataset for term in terms}) and len(named) > 1
    found = {}
    for place, term in enumerate(terms):
        own = values(case.runs, term, measured, case.level)
        if own is None:
            return None, described(term, case.level)
        own = own.rename({term.dataset: "several"}, level="dataset") if several else own
        found[place] = term.weight * own
    return pd.concat(found, axis=1), ""


def described(term: Term, level: float) -> str:
    """A term in words, for a note."""
    noise = level if term.label_noise is None else term.label_noise
    said = [f"on {term.dataset}"] if term.dataset else []
    said += [f"with {term.evaluations:g} evaluations a batch"] if term.evaluations is not None else []
    said += [f"with {name} {value:g}" for name, value in term.hyperparameters.items()]
    if term.base is not None:
        where = f" in the experiment {term.base.experiment}" if term.base.experiment else ""
        said += [f"as accurate as {term.base.method}{where} but for {term.accuracy_cost:g} points"]
    return " ".join([term.method, f"in the experiment {term.experiment}", *said, f"at the label noise {noise:g}"])


def _contrast(condition, case: Case) -> dict:
    measured = quantity(condition)
    parts = gathered(case, measured, condition.terms)
    return judged(*parts, measured.unit(), bound_of(condition), condition.what, case.confidence)


def _difference(condition, case: Case, pair: tuple[Term, Term], bound: tuple, what: str) -> dict:
    measured = quantity(condition)
    parts = gathered(case, measured, (pair[0], pair[1].model_copy(update={"weight": -pair[1].weight})))
    return judged(*parts, measured.unit(), bound, what, case.confidence)


def _each(condition, case: Case) -> dict:
    found = []
    for budget in condition.evaluations:
        other = condition.against.model_copy(update={"evaluations": budget})
        what = f"less {other.method} with {budget:g} evaluations a batch"
        found.append(_difference(condition, case, (condition.term, other), bound_of(condition), what))
    return all_of(found, case.confidence)


def _matched(condition, case: Case) -> dict:
    """Interpolated within each seed, since the seed pairs the methods; the curve's own noise is in the spread."""
    measured, by = quantity(condition), quantity(condition, condition.by)
    curve = [condition.against.model_copy(update={"evaluations": each}) for each in condition.evaluations]
    tables = [gathered(case, each, (condition.term, *curve)) for each in (by, measured)]
    lacking = tables[0][1] or tables[1][1]
    if lacking:
        return judged(None, lacking, measured.unit(), bound_of(condition), condition.what, case.confidence)
    at, own = (table.dropna() for table, _ in tables)
    reach = condition.reach / (SCALES[POINTS] if by.unit() == "fraction" else 1.0)
    shared = tables[0][0].index.union(tables[1][0].index)
    expected = pd.Series(np.nan, index=shared)
    for row in at.index.intersection(own.index):
        expected[row] = interpolated(at.loc[row].to_numpy(), own.loc[row].to_numpy()[1:], reach)
    parts = pd.concat([tables[1][0][0].reindex(shared), -expected], axis=1)
    finding = judged(parts, "", measured.unit(), bound_of(condition), condition.what, case.confidence)
    if finding["left_out"] <= len(shared) / 2:
        return finding
    empty = dict.fromkeys(["low", "high", "p", *EVENTS, "detectable"])
    return finding | empty | {"verdict": UNDECIDED, "interval": f"none ({OUTSIDE})", "note": f"({OUTSIDE})"}


def interpolated(places: np.ndarray, heights: np.ndarray, reach: float) -> float:
    """The height at places[0] of the curve through (places[1:], heights), linear between its points; the end's height
    outside by no more than `reach`, NaN beyond."""
    order = np.argsort(places[1:], kind="stable")
    known = places[1:][order]
    if not known[0] - reach <= places[0] <= known[-1] + reach:
        return np.nan
    return float(np.interp(places[0], known, heights[order]))


def _spread(condition, case: Case) -> dict:
    """The pair of values with the largest difference decides; p covers all pairs, in both orders."""
    name = condition.hyperparameter
    known = grid_values(case.runs, condition.term, name)
    if len(known) < 2:
        return _missing(condition, case, f"{condition.term.method} with several values of {name}")
    found = []
    for one, other in permutations(known, 2):
        pair = tuple(_at(condition.term, name, value) for value in (one, other))
        what = f"{name} {one:g} less {other:g}"
        found.append(_difference(condition, case, pair, bound_of(condition), what))
    if any(part["effect"] is None for part in found):
        return all_of(found, case.confidence)
    together = all_of if bound_of(condition)[0] == "below" else any_of
    largest = max(found, key=lambda part: part["effect"])
    return together(found, case.confidence) | {end: largest[end] for end in (*ENDS, "detectable")}


def _interior(condition, case: Case) -> dict:
    alternatives = []
    for value in condition.inside:
        inner = _at(condition.term, condition.hyperparameter, value)
        found = []
        for outer, margin in condition.outside.items():
            pair = (inner, _at(condition.term, condition.hyperparameter, outer))
            what = f"{condition.hyperparameter} {value:g} less {outer:g}"
            found.append(_difference(condition, case, pair, ("above", margin), what))
        alternatives.append(all_of(found, case.confidence))
    return any_of(alternatives, case.confidence)


def _partial(condition, case: Case) -> dict:
    """Over runs; a run that lacks one of its three values is left out and counted. n: seeds of all data sets."""
    named = {
        "x": quantity(condition, condition.metric, condition.split),
        "y": quantity(condition, condition.outcome, condition.outcome_split)._replace(over=condition.over),
        "given": quantity(condition, condition.given, condition.given_split),
    }
    side, threshold = bound_of(condition)
    finding = conditions.blank(condition.what, CORRELATION, threshold, side)
    rows = by_run(case.runs, terms(condition), named, case.level)
    if isinstance(rows, Term):
        return finding | {"note": f"no records of {described(rows, case.level)} to judge by"}
    rows = rows.assign(y=1 - rows["y"]) if condition.error else rows
    whole = rows.dropna()
    found = partial.estimate(whole, case.confidence)
    return filled(finding, found, case.confidence, len(rows) - len(whole))


def _at(term: Term, name: str, value: float) -> Term:
    return term.model_copy(update={"hyperparameters": {**term.hyperparameters, name: value}})


def _missing(condition, case: Case, what: str) -> dict:
    lacking = f"{what} in the experiment {condition.term.experiment}"
    return judged(None, lacking, quantity(condition).unit(), bound_of(condition), condition.what, case.confidence)


def all_of(found: list[dict], confidence: float) -> dict:
    """All findings together: supported where all are, refuted where one is, its p times their number (Bonferroni)."""
    return _together(found, *conditions.conjunction(found), confidence)


def any_of(found: list[dict], confidence: float) -> dict:
    """Some finding: supported by one, its p times their number (Bonferroni); refuted where all are."""
    supports = [part["p_support"] for part in found if part["p_support"] is not None]
    refutes = [part["p_refute"] for part in found]
    p_support = min(1.0, len(found) * min(supports)) if supports else None
    p_refute = None if None in refutes else max(refutes)
    return _together(found, p_support, p_refute, confidence, best=True)


def _together(
    found: list[dict], p_support: float | None, p_refute: float | None, confidence: float, best: bool = False
) -> dict:
    """One finding of several: the numbers are those of the one that decides, p covers all."""
    verdict = decide(p_support, p_refute, confidence)
    shown = conditions.deciding(found, verdict)
    if best:
        shown = min(found, key=lambda part: 2.0 if part["p_support"] is None else part["p_support"])
    ps = {"p_support": p_support, "p_refute": p_refute, "p": printed(verdict, p_support, p_refute)}
    each = [{name: part[name] for name in ("what", "threshold", *ENDS, *EVENTS, "verdict")} for part in found]
    return shown | ps | {"verdict": verdict, "each": each}


WEIGHED = {"contrast": _contrast, "each": _each, "matched": _matched, "spread": _spread, "interior": _interior}
WEIGHED |= {"partial": _partial}
