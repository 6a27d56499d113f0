"""The conditions of a hypothesis, each weighed on the evidence: effect, interval, p of both events, and the verdict.

Seeds pair methods within a data set; data sets are strata (see `stratified`).
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from robustpath.claims.model import BEST_CONTROL, Family
from robustpath.statistics import stratified
from robustpath.statistics.grid import Grid
from robustpath.statistics.stratified import Estimate

SUPPORTED, REFUTED, UNDECIDED, VOID = "supported", "refuted", "undecided", "void"
POINTS = "percentage points"
ORDER = [SUPPORTED, UNDECIDED, REFUTED, VOID]  # from the best case for a claim to the worst
TEST_SETS = {"none": "in distribution", "natural": "natural shift", "corruption": "corruptions", "ood": "all shifts"}
SCALES = {POINTS: 100.0}  # of the numbers that are printed
ENDS = ("effect", "low", "high")
EVENTS = ("p_support", "p_refute")
ITSELF = "not compared with itself"


class Case(NamedTuple):
    """What all conditions of one label noise are weighed on: grids by test set, measure or quantity (see `Evidence`).

    residuals: of effective robustness, by the baseline that is left out of the line (None: no one).
    """

    accuracy: dict[str, Grid]
    plain: dict[str, Grid]
    measure: dict[str, Grid]
    matched: dict[str, Grid]
    expected: dict[str, Grid]
    residuals: dict[str | None, Grid]
    reference: str
    family: Family
    confidence: float


def weigh(condition, variants: list[str], case: Case) -> dict:
    """The finding of one condition for one variant (or several judged together), as it stands in claims.json."""
    facts = {name: getattr(condition, name, None) for name in ("kind", "test_set", "measure")}
    return facts | KINDS[condition.kind](condition, variants, case)


def level(confidence: float) -> float:
    """The level of each one-sided test: at a confidence of .95 it is .025, so that the interval decides alike."""
    return (1 - confidence) / 2


def decide(p_support: float | None, p_refute: float | None, confidence: float) -> str:
    """Supported or refuted where the test of that event rejects, else undecided."""
    limit = level(confidence)
    if p_support is not None and p_support < limit:
        return SUPPORTED
    return REFUTED if p_refute is not None and p_refute < limit else UNDECIDED


def printed(verdict: str, p_support: float | None, p_refute: float | None) -> float | None:
    """p of the event that the verdict names; of support where it is undecided."""
    return p_refute if verdict == REFUTED else p_support


def blank(what: str, unit: str, threshold: float, side: str, against: str | None = None) -> dict:
    """A finding before it has numbers."""
    known = {"what": what, "against": against, "unit": unit, "threshold": threshold, "side": side}
    empty = dict.fromkeys(["effect", "low", "high", "p", "p_support", "p_refute", "detectable"])
    return {**known, **empty, "n": 0, "interval": "none", "left_out": 0, "verdict": UNDECIDED, "note": ""} | {
        "by_dataset": {}
    }


def filled(finding: dict, found: Estimate, confidence: float, left_out: int = 0) -> dict:
    """The finding with its numbers, the p of both events and the verdict."""
    threshold, scale = finding["threshold"], SCALES.get(finding["unit"], 1.0)
    at = threshold / scale
    support, refute = (found.above, found.below) if finding["side"] == "above" else (found.below, found.above)
    sign = 1 if finding["side"] == "above" else -1
    ps = {"p_support": support(at), "p_refute": refute(at), "detectable": scale * found.detectable(at, sign)}
    return numbered(finding, found, ps, confidence, left_out)


def numbered(finding: dict, found: Estimate, numbers: dict, confidence: float, left_out: int) -> dict:
    scale = SCALES.get(finding["unit"], 1.0)
    bounds = {"effect": scale * found.effect, "low": scale * found.low, "high": scale * found.high}
    known = {name: float(value) if np.isfinite(value) else None for name, value in (bounds | numbers).items()}
    verdict = decide(known["p_support"], known["p_refute"], confidence)
    p = printed(verdict, known["p_support"], known["p_refute"])
    each = {
        name: [scale * value if np.isfinite(value) else None for value in ends] + [n]
        for name, *ends, n in found.by_dataset
    }
    note = found.interval.removeprefix("none ") if found.interval.startswith("none") else finding["note"]
    rest = {"n": found.n, "interval": found.interval, "left_out": left_out, "verdict": verdict, "by_dataset": each}
    return finding | known | rest | {"p": p, "note": note}


def _absent(finding: dict, *found: tuple[str, object]) -> dict | None:
    """The finding with a note of the first thing that there is no record of; None where there are records of all."""
    for name, values in found:
        if values is None:
            return finding | {"note": f"no records of {name} to judge by"}
    return None


def _pair(grid: Grid | None, variant: str, against: str) -> tuple[np.ndarray, np.ndarray, int] | None:
    """Two methods of a grid and how many pairs lack a value; None where one has no rows."""
    own, other = (grid.of(name) if grid else None for name in (variant, against))
    return None if own is None or other is None else (own, other, grid.lost(variant, against))


def sought(condition) -> dict:
    """The finding of a difference or an inequivalence before it has numbers."""
    what = f"accuracy, {TEST_SETS[condition.test_set]}, against {condition.against}"
    if condition.kind == "inequivalence":
        finding = blank(f"{what}, beyond the margin on either side", POINTS, condition.margin, "either")
        return finding | {"against": condition.against, "power_at_zero": None}
    return blank(what, POINTS, condition.threshold, condition.side, condition.against)


def difference(finding: dict, condition, values: np.ndarray, datasets: list[str], confidence: float, lost=0) -> dict:
    """The finding of a mean difference of accuracies (fractions, shape [data sets, train sizes, seeds]).

    An inequivalence is supported where the effect lies beyond the margin, and refuted where two one-sided t tests find
    equivalence.
    """
    found = stratified.mean(values, datasets, confidence)
    if condition.kind != "inequivalence":
        return filled(finding, found, confidence, lost)
    margin = condition.margin / SCALES[POINTS]
    numbers = {
        "p_support": stratified.beyond_margin(found, margin),
        "p_refute": stratified.within_margin(found, margin),
        "detectable": SCALES[POINTS] * found.detectable(margin, 1),
        "power_at_zero": stratified.equivalence_power(found, margin, confidence),
    }
    return numbered(finding, found, numbers, confidence, lost)


def _difference(condition, variants: list[str], case: Case) -> dict:
    (variant,), against, finding = variants, condition.against, sought(condition)
    if against == BEST_CONTROL:
        return _against_controls(finding, condition, variant, case)
    if variant == against:
        return finding | {"note": ITSELF}
    grid = case.accuracy.get(condition.test_set)
    both = _pair(grid, variant, against)
    if absent := _absent(finding, (f"{variant} beside {against}", both)):
        return absent
    return difference(finding, condition, both[0] - both[1], grid.datasets, case.confidence, both[2])


def _against_controls(finding: dict, condition, variant: str, case: Case) -> dict:
    """The variant against every control but itself: supported where it beats each, refuted where it is beaten by one.

    Its numbers are those of the control that decides, compared alone; its p are those of all controls together. To let
    half of the seeds choose one control by validation accuracy supports too often: they often choose a weaker one.
    """
    grid = case.accuracy.get(condition.test_set)
    pairs = {name: _pair(grid, variant, name) for name in case.family.controls if name != variant}
    if absent := _absent(finding, *((f"{variant} beside {name}", pair) for name, pair in pairs.items())):
        return absent
    if not pairs:
        return finding | {"note": ITSELF}
    found = [
        difference(finding | {"against": name}, condition, own - other, grid.datasets, case.confidence, lost)
        for name, (own, other, lost) in pairs.items()
    ]
    ps = conjunction(found)
    verdict = decide(*ps, case.confidence)
    each = {part["against"]: {name: part[name] for name in (*ENDS, *EVENTS)} for part in found}
    rest = {"verdict": verdict, "p": printed(verdict, *ps), "each_control": each}
    return deciding(found, verdict) | dict(zip(EVENTS, ps, strict=True)) | rest


def conjunction(found: list[dict]) -> tuple[float | None, float | None]:
    """p of both events of a conjunction: all parts are supported, the largest p; one is refuted, its p times their
    number (Bonferroni)."""
    refutes = [part["p_refute"] for part in found if part["p_refute"] is not None]
    return _largest([part["p_support"] for part in found]), min(1.0, len(found) * min(refutes)) if refutes else None


def deciding(found: list[dict], verdict: str) -> dict:
    """The part that decides: the one with the least evidence for it, or of what is refuted the most against it."""
    if verdict == REFUTED:
        return min(found, key=lambda part: 2.0 if part["p_refute"] is None else part["p_refute"])
    return max(found, key=lambda part: 2.0 if part["p_support"] is None else part["p_support"])


def _matched_difference(condition, variants: list[str], case: Case) -> dict:
    (variant,) = variants
    what = f"accuracy, {TEST_SETS[condition.test_set]}, against SGD at the same training loss"
    finding = blank(what, POINTS, condition.threshold, condition.side, case.family.curve)
    grid = case.matched.get(condition.test_set)
    own = grid.of(variant) if grid else None
    if absent := _absent(finding, (variant, own)):
        return absent
    values = own - case.expected[condition.test_set].values[grid.places[variant]]
    return difference(finding, condition, values, grid.datasets, case.confidence, _lost(grid, variant, values))


def _lost(grid: Grid, variant: str, values: np.ndarray) -> int:
    return int((grid.there[grid.places[variant]] & np.isnan(values)).sum())


def _effective_robustness(condition, variants: list[str], case: Case) -> dict:
    """By the line of all baselines and by every line that lacks one of them: the p of both events are the largest."""
    (variant,) = variants
    what = "accuracy under shift above the line of the baselines"
    finding = blank(what, POINTS, condition.threshold, condition.side)
    whole = case.residuals.get(None)
    own = whole.of(variant) if whole else None
    if absent := _absent(finding, (f"{variant} beside a line of baselines", own)):
        return absent
    lost = _lost(whole, variant, own)
    found = {
        name: difference(finding, condition, grid.of(variant), grid.datasets, case.confidence, lost)
        for name, grid in case.residuals.items()
    }
    effects = {name: each["effect"] for name, each in found.items() if name and each["effect"] is not None}
    ps = {name: _largest([each[name] for each in found.values()]) for name in EVENTS}
    verdict = decide(*ps.values(), case.confidence)
    rest = {"verdict": verdict, "p": printed(verdict, *ps.values()), "against_control": _beside(variant, whole, case)}
    ends = {"lowest": min, "highest": max}
    rest["without_one"] = {end: _end(pick, effects) for end, pick in ends.items()} if effects else {}
    lacking = [name for name, each in found.items() if name and each["verdict"] != found[None]["verdict"]]
    if lacking:
        rest["note"] = f"{found[None]['verdict']} by the line of all baselines, not without {', '.join(lacking)}"
    return found[None] | ps | rest


def _largest(ps: list[float | None]) -> float | None:
    return None if None in ps else max(ps)


def _end(pick: Callable, effects: dict[str, float]) -> dict:
    name = pick(effects, key=effects.get)
    return {"baseline": name, "effect": effects[name]}


def _beside(variant: str, residuals: Grid, case: Case) -> dict | None:
    """The smallest lead in residual over the controls: control, effect, and low and high of it alone, in points; None
    where a control has no residuals."""
    pairs = {name: _pair(residuals, variant, name) for name in case.family.controls if name != variant}
    if not pairs or None in pairs.values():
        return None
    leads = {
        name: stratified.mean(own - other, residuals.datasets, case.confidence)
        for name, (own, other, _) in pairs.items()
    }
    nearest = min(leads, key=lambda name: leads[name].effect)
    known = all(np.isfinite(lead.low) for lead in leads.values())
    return {"control": nearest} | {name: 100 * getattr(leads[nearest], name) for name in ENDS} if known else None


def _level_error(condition, variants: list[str], case: Case) -> dict:
    """A walk without a level error, since it diverged, counts as one that left its level."""
    (variant,) = variants
    finding = blank("median relative error of the level", "share", case.family.tolerance, "below")
    grid = case.measure.get("walk_level_error")
    own = grid.of(variant) if grid else None
    if absent := _absent(finding, (f"the level of {variant}", own)):
        return absent
    there = grid.there[grid.places[variant]]
    errors = np.where(there & np.isnan(own), np.inf, own)
    return filled(finding, stratified.median(errors, grid.datasets, case.confidence), case.confidence)


def _ratio(condition, variants: list[str], case: Case) -> dict:
    (variant,) = variants
    under, against = condition.against_measure or condition.measure, condition.against
    what = f"{condition.measure} over {under} of {against}"
    finding = blank(what, "ratio", condition.threshold, condition.side, against)
    if variant == against:
        return finding | {"note": ITSELF}
    tops, bottoms = case.measure.get(condition.measure), case.measure.get(under)
    over, below = tops.of(variant) if tops else None, bottoms.of(against) if bottoms else None
    names = f"{condition.measure} of {variant}", f"{under} of {against}"
    if absent := _absent(finding, *zip(names, (over, below), strict=True)):
        return absent
    shared = [name for name in tops.datasets if name in bottoms.datasets]
    over = over[[tops.datasets.index(name) for name in shared]]
    below = below[[bottoms.datasets.index(name) for name in shared]]
    there = tops.there[tops.places[variant]][[tops.datasets.index(name) for name in shared]]
    lost = int((there & (np.isnan(over) | np.isnan(below))).sum())
    return _ratios(finding, over, below, names, shared, case, lost)


def _ratios(
    finding: dict, over: np.ndarray, under: np.ndarray, names: tuple, datasets: list[str], case: Case, lost: int
) -> dict:
    """The finding of a ratio of means; `names`: what the two are. Without an interval where a mean is too uncertain."""
    values = stratified.log_ratios(over, under)
    if lacking := [name for name, own in zip(datasets, values.mean(axis=1), strict=True) if np.isnan(own).all()]:
        return finding | {"left_out": lost, "note": f"no ratio of positive means on {', '.join(lacking)}"}
    found = stratified.mean(values, datasets, case.confidence, logarithmic=True)
    unsure = stratified.uncertain(over, under, case.confidence)
    if unsure.any():
        wide = [f"the mean of {names[side]} on {datasets[place]}" for place, side in np.argwhere(unsure)]
        why = "; ".join(f"{mean} is not known to within half of itself" for mean in wide)
        found = stratified.unknown(why, found.effect, found.n)
    return filled(finding, found, case.confidence, lost)


def _matched_ratio(condition, variants: list[str], case: Case) -> dict:
    (variant,) = variants
    what = f"{condition.measure} over SGD's at the same training loss"
    finding = blank(what, "ratio", condition.threshold, condition.side, case.family.curve)
    grid = case.matched.get(condition.measure)
    own = grid.of(variant) if grid else None
    if absent := _absent(finding, (f"{condition.measure} of {variant}", own)):
        return absent
    expected = case.expected[condition.measure].values[grid.places[variant]]
    names = f"{condition.measure} of {variant}", f"{condition.measure} of SGD at the same training loss"
    return _ratios(finding, own, expected, names, grid.datasets, case, _lost(grid, variant, own + expected))


def _partial_correlation(condition, variants: list[str], case: Case) -> dict:
    """Over variants and data sets, each the mean over its seeds: between those lies nearly all of the variance."""
    what = f"partial Spearman correlation of the gain over {case.reference} with {condition.measure}, given"
    finding = blank(f"{what} {condition.given}", "correlation", condition.threshold, condition.side)
    columns = [case.plain.get(condition.test_set), *map(case.measure.get, (condition.measure, condition.given))]
    base = columns[0].of(case.reference) if columns[0] else None
    known = [name for name in variants if all(grid and grid.of(name) is not None for grid in columns)]
    if absent := _absent(finding, (case.reference, base), ("walks with both measures", known or None)):
        return absent
    datasets = [name for name in columns[0].datasets if all(name in grid.datasets for grid in columns)]
    cells, lost = [], 0
    own_base = _on(columns[0], case.reference, datasets)
    for name in known:
        gain, measure, given = (_on(grid, name, datasets) for grid in columns)
        own = np.stack([gain - own_base, measure, given])
        missing = np.isnan(own).any(axis=0)
        lost += int(missing.sum())
        with np.errstate(invalid="ignore"):
            cells.append(np.where(missing, 0.0, own).sum(axis=2) / (~missing).sum(axis=1))
    units = np.stack(cells, axis=-1)  # [gain, measure, given; data sets; variants]
    units = units[:, ~np.isnan(units).any(axis=(0, 2))]
    correlation, freedom = partial_spearman(*units)
    found = stratified.rank_correlation(correlation, freedom, units[0].size, case.confidence)
    return filled(finding, found, case.confidence, lost)


def _on(grid: Grid, method: str, datasets: list[str]) -> np.ndarray:
    """The values of a method on some data sets, averaged over train sizes: shape [data sets, seeds]."""
    return grid.of(method)[[grid.datasets.index(name) for name in datasets]].mean(axis=1)


def partial_spearman(gain: np.ndarray, measure: np.ndarray, given: np.ndarray) -> tuple[float, int]:
    """Correlation of the ranks of `gain` and `measure`, that of `given` taken out of both by least squares; and its
    degrees of freedom, units less data sets less two.

    Shape [data sets, variants]. Ranks are taken within each data set, as are means, so that no data set stands for a
    distance. NaN where nothing varies.
    """
    y, x, z = (_ranks(values) for values in (gain, measure, given))
    size = z @ z
    y, x = (v - (v @ z / size) * z if size else v for v in (y, x))
    spread = np.sqrt((y @ y) * (x @ x))
    freedom = gain.size - len(gain) - 2
    return (float(y @ x / spread) if spread > 1e-9 else np.nan), freedom


def _ranks(values: np.ndarray) -> np.ndarray:
    """Ranks within each row, ties averaged, less their mean; flat."""
    less, equal = (np.sum(test(values[:, None, :], values[:, :, None]), axis=2) for test in (np.less, np.equal))
    ranks = less + (equal + 1) / 2
    return (ranks - ranks.mean(axis=1, keepdims=True)).ravel()


def _any_of(condition, variants: list[str], case: Case) -> dict:
    """One of its conditions supports it (Bonferroni), all refuted refute it; shown is the one nearest to support."""
    found = [weigh(part, variants, case) for part in condition.conditions]
    known = [part["p_support"] for part in found if part["p_support"] is not None]
    p_support = min(1.0, len(found) * min(known)) if known else None
    p_refute = _largest([part["p_refute"] for part in found])
    verdict = decide(p_support, p_refute, case.confidence)
    best = min(found, key=lambda part: 2.0 if part["p_support"] is None else part["p_support"])
    rest = {"what": f"any of {len(found)}: {best['what']}", "verdict": verdict, "alternatives": found}
    ps = {"p_support": p_support, "p_refute": p_refute, "p": printed(verdict, p_support, p_refute)}
    return best | rest | ps


KINDS: dict[str, Callable] = {
    "level_error": _level_error,
    "ratio": _ratio,
    "matched_ratio": _matched_ratio,
    "difference": _difference,
    "matched_difference": _matched_difference,
    "effective_robustness": _effective_robustness,
    "inequivalence": _difference,
    "partial_correlation": _partial_correlation,
    "any_of": _any_of,
}
