"""The conditions of a hypothesis, each weighed on the evidence: effect, interval, p, and the verdict by the threshold.

Every one pairs by seed: data sets are averaged within a seed first, and a seed is one observation.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import pandas as pd

from robustpath.claims.model import BEST_CONTROL, Claims
from robustpath.statistics import bootstrap, evidence
from robustpath.statistics.bootstrap import Estimate
from robustpath.statistics.evidence import CELL, Evidence

SUPPORTED, REFUTED, UNDECIDED, VOID = "supported", "refuted", "undecided", "void"
POINTS = "percentage points"
ORDER = [SUPPORTED, UNDECIDED, REFUTED, VOID]  # from the best case for a claim to the worst
TEST_SETS = {"none": "in distribution", "natural": "natural shift", "corruption": "corruptions", "ood": "all shifts"}


class Case(NamedTuple):
    """What all conditions of one label noise are weighed on; evidence holds that label noise alone."""

    evidence: Evidence
    residuals: pd.DataFrame
    best_control: str | None
    reference: str
    claims: Claims
    confidence: float


def weigh(condition, variants: list[str], case: Case) -> dict:
    """The finding of one condition for one variant (or several judged together), as it stands in claims.json."""
    return KINDS[condition.kind](condition, variants, case)


def decide(low: float, high: float, threshold: float, side: str) -> str:
    """Supported if the whole interval lies beyond the threshold, refuted if before it, undecided if it holds it."""
    if np.isnan(low) or np.isnan(high):
        return UNDECIDED
    beyond, before = (low > threshold, high < threshold) if side == "above" else (high < threshold, low > threshold)
    return SUPPORTED if beyond else REFUTED if before else UNDECIDED


def combine(verdicts: list[str], enough: str) -> str:
    """All conditions must hold (`all`) or one is enough (`any`)."""
    wins, loses = (SUPPORTED, REFUTED) if enough == "any" else (REFUTED, SUPPORTED)
    return wins if wins in verdicts else loses if set(verdicts) == {loses} else UNDECIDED


def _finding(what: str, unit: str, threshold: float, side: str, against: str | None = None, note: str = "") -> dict:
    empty = dict.fromkeys(["effect", "low", "high", "p"])
    told = {"what": what, "against": against, "unit": unit, "threshold": threshold, "side": side}
    return {**told, **empty, "n": 0, "interval": "none", "left_out": 0, "verdict": UNDECIDED, "note": note}


def _filled(finding: dict, found: Estimate, confidence: float, left_out: int = 0, scale: float = 1.0) -> dict:
    """The finding with its numbers and its verdict, for which the test must reject what the interval leaves out: at
    twenty seeds the BCa interval alone is too narrow (`calibration` shows how much)."""
    low, high, p = found.low * scale, found.high * scale, found.p(finding["threshold"] / scale)
    verdict = decide(low, high, finding["threshold"], finding["side"]) if p < 1 - confidence else UNDECIDED
    numbers = {"effect": found.effect * scale, "low": low, "high": high, "p": p}
    known = {name: None if np.isnan(value) else float(value) for name, value in numbers.items()}
    return finding | known | {"n": found.n, "interval": found.interval, "left_out": left_out, "verdict": verdict}


def _estimate(columns: list[np.ndarray], statistic: Callable, case: Case) -> Estimate:
    rule = case.claims.bootstrap
    return bootstrap.estimate(columns, statistic, case.confidence, rule.resamples, rule.fewest_seeds)


def _absent(finding: dict, *tables: tuple[str, pd.DataFrame]) -> dict | None:
    """The finding with a note of the first method whose table has no rows; None where every one has some."""
    for name, table in tables:
        if table.empty:
            return finding | {"note": f"no records of {name} to judge by"}
    return None


def _differences(rows: pd.DataFrame, finding: dict, case: Case) -> dict:
    """A mean difference of accuracies (fractions in the rows, percentage points in the finding)."""
    (values,), lost = evidence.by_seed(rows)
    return difference(finding, _estimate([values], bootstrap.mean, case), case.confidence, lost)


def difference(finding: dict, found: Estimate, confidence: float, lost: int = 0) -> dict:
    """The finding of a mean difference of accuracies that is estimated as a fraction."""
    return _filled(finding, found, confidence, lost, 100)


def _paired_accuracies(test_set: str, variant: str, against: str, case: Case) -> pd.DataFrame:
    own = case.evidence.accuracy
    both = evidence.pairs(own[own["test_set"] == test_set], variant, against)
    return both.assign(value=both["value"] - both["other"])


def difference_sought(condition, against: str | None) -> dict:
    """The finding of a difference before it has numbers."""
    what = f"accuracy, {TEST_SETS[condition.test_set]}, against {condition.against}"
    return _finding(what, POINTS, condition.threshold, condition.side, against)


def _difference(condition, variants: list[str], case: Case) -> dict:
    (variant,) = variants
    against = case.best_control if condition.against == BEST_CONTROL else condition.against
    finding = difference_sought(condition, against)
    rows = _paired_accuracies(condition.test_set, variant, against, case)
    return _absent(finding, (f"{variant} beside {against}", rows)) or _differences(rows, finding, case)


def _matched_difference(condition, variants: list[str], case: Case) -> dict:
    (variant,) = variants
    what = f"accuracy, {TEST_SETS[condition.test_set]}, against SGD at the same training loss"
    finding = _finding(what, POINTS, condition.threshold, condition.side, case.claims.curve)
    rows = evidence.matched_gains(case.evidence.matched, condition.test_set)
    rows = rows[rows["method"] == variant]
    return _absent(finding, (variant, rows)) or _differences(rows, finding, case)


def _effective_robustness(condition, variants: list[str], case: Case) -> dict:
    (variant,) = variants
    finding = _finding("accuracy under shift above the line of the baselines", POINTS, condition.threshold, "above")
    finding["side"] = condition.side
    rows = case.residuals[case.residuals["method"] == variant]
    return _absent(finding, (f"{variant} beside a line of baselines", rows)) or _differences(rows, finding, case)


def _inequivalence(condition, variants: list[str], case: Case) -> dict:
    (variant,) = variants
    finding = inequivalence_sought(condition)
    rows = _paired_accuracies(condition.test_set, variant, condition.against, case)
    if absent := _absent(finding, (f"{variant} beside {condition.against}", rows)):
        return absent
    (values,), lost = evidence.by_seed(rows)
    return inequivalence(finding, _estimate([values], bootstrap.mean, case), values, case.confidence, lost)


def inequivalence_sought(condition) -> dict:
    """The finding of an inequivalence before it has numbers."""
    what = f"accuracy, {TEST_SETS[condition.test_set]}, against {condition.against}, beyond the margin on either side"
    return _finding(what, POINTS, condition.margin, "either", condition.against) | {"p_equivalence": None}


def inequivalence(finding: dict, found: Estimate, values: np.ndarray, confidence: float, lost: int = 0) -> dict:
    """Supported where the interval lies beyond the margin, refuted where two one-sided t tests find equivalence.

    values: the differences, fractions, an entry a seed; `found` is the estimate of their mean.
    """
    margin = finding["threshold"]
    # Beyond the margin on the one side or the other: two tests, of which the data choose one.
    p = np.minimum(1.0, 2 * np.minimum(found.tail(margin / 100), 1 - found.tail(-margin / 100)))
    same = bootstrap.equivalence(values, margin / 100)
    beyond = (100 * found.low > margin or 100 * found.high < -margin) and p < 1 - confidence
    verdict = SUPPORTED if beyond else REFUTED if same < 1 - confidence else UNDECIDED
    ps = {name: None if np.isnan(value) else float(value) for name, value in {"p": p, "p_equivalence": same}.items()}
    return _filled(finding, found, confidence, lost, 100) | {"verdict": verdict} | ps


def _level_error(condition, variants: list[str], case: Case) -> dict:
    (variant,) = variants
    finding = _finding("median relative error of the level", "share", case.claims.tolerance, "below")
    rows = _measure(variant, "walk_level_error", case)
    if absent := _absent(finding, (f"the level of {variant}", rows)):
        return absent
    wide = rows.pivot(index="seed", columns=["dataset", "train_size"], values="value").dropna(how="all")
    columns = list(wide.to_numpy(dtype=float).T)
    return _filled(
        finding, _estimate(columns, bootstrap.median, case), case.confidence, int(rows["value"].isna().sum())
    )


def _measure(method: str, metric: str, case: Case) -> pd.DataFrame:
    own = case.evidence.measure
    return own.loc[(own["method"] == method) & (own["metric"] == metric), [*CELL, "value"]]


def _ratio(condition, variants: list[str], case: Case) -> dict:
    (variant,) = variants
    below = condition.against_measure or condition.measure
    what = f"{condition.measure} over {below} of {condition.against}"
    finding = _finding(what, "ratio", condition.threshold, condition.side, condition.against)
    tables = [_measure(variant, condition.measure, case), _measure(condition.against, below, case)]
    both = tables[0].merge(tables[1].rename(columns={"value": "other"}), on=CELL, how="inner")
    names = (f"{condition.measure} of {variant}", f"{below} of {condition.against}")
    if absent := _absent(finding, *zip(names, tables, strict=True), ("both in one cell", both)):
        return absent
    columns, lost = evidence.by_seed(both, ("value", "other"))
    return _filled(finding, _estimate(columns, bootstrap.ratio, case), case.confidence, lost)


def _matched_ratio(condition, variants: list[str], case: Case) -> dict:
    (variant,) = variants
    what = f"{condition.measure} over SGD's at the same training loss"
    finding = _finding(what, "ratio", condition.threshold, condition.side, case.claims.curve)
    own = case.evidence.matched
    rows = own[(own["method"] == variant) & (own["quantity"] == condition.measure)]
    if absent := _absent(finding, (f"{condition.measure} of {variant}", rows)):
        return absent
    positive = rows["value"].where(rows["value"] > 0) / rows["expected"]
    (logs,), lost = evidence.by_seed(rows.assign(value=np.log(positive.astype(float))))
    found = _estimate([logs], bootstrap.mean, case)
    bounds = [float(np.exp(value)) for value in found[:3]]
    return _filled(
        finding, Estimate(*bounds, *found[3:5], lambda ratio: found.tail(np.log(ratio))), case.confidence, lost
    )


def _partial_correlation(condition, variants: list[str], case: Case) -> dict:
    what = f"partial Spearman correlation of the gain over {case.reference} with {condition.measure}, given"
    finding = _finding(f"{what} {condition.given}", "correlation", condition.threshold, condition.side)
    own = case.evidence.plain
    gains = evidence.gains(own[own["test_set"] == condition.test_set], case.reference)
    runs = gains[gains["method"].isin(variants)][[*CELL, "method", "value"]]
    for name in (condition.measure, condition.given):
        rows = case.evidence.measure
        rows = rows[rows["metric"] == name][[*CELL, "method", "value"]]
        runs = runs.merge(rows.rename(columns={"value": name}), on=[*CELL, "method"], how="inner")
    if absent := _absent(finding, ("walks with both measures", runs)):
        return absent
    columns = ["value", condition.measure, condition.given]
    lost = int(runs[columns].isna().any(axis=1).sum())
    whole = runs.dropna(subset=columns)
    values = [partial_spearman(rows, *columns) for _, rows in whole.groupby("seed")]
    known = np.array([value for value in values if np.isfinite(value)])
    return _filled(finding, _estimate([known], bootstrap.mean, case), case.confidence, lost)


def partial_spearman(rows: pd.DataFrame, gain: str, measure: str, given: str) -> float:
    """Correlation of the ranks of `gain` and `measure`, that of `given` taken out of both by least squares.

    Ranks are taken within each data set, as are means, so that no data set stands for a distance. NaN where fewer than
    four runs, or no variation, are left.
    """
    ranks = rows.groupby(["dataset", "train_size"])[[gain, measure, given]].rank()
    centred = ranks - ranks.groupby([rows["dataset"], rows["train_size"]]).transform("mean")
    y, x, z = centred.to_numpy(dtype=float).T
    size = z @ z
    y, x = (v - (v @ z / size) * z if size else v for v in (y, x))
    spread = np.sqrt((y @ y) * (x @ x))
    return float(y @ x / spread) if len(rows) > 3 and spread > 1e-9 else np.nan


def _any_of(condition, variants: list[str], case: Case) -> dict:
    """The best of its conditions stands for all; its p is Bonferroni's."""
    found = [weigh(part, variants, case) for part in condition.conditions]
    verdict = combine([part["verdict"] for part in found], "any")
    known = [part["p"] for part in found if part["p"] is not None]
    best = min(found, key=lambda part: (ORDER.index(part["verdict"]), 1 if part["p"] is None else part["p"]))
    p = min(1.0, len(found) * min(known)) if known else None
    return best | {"what": f"any of {len(found)}: {best['what']}", "verdict": verdict, "p": p, "alternatives": found}


KINDS: dict[str, Callable] = {
    "level_error": _level_error,
    "ratio": _ratio,
    "matched_ratio": _matched_ratio,
    "difference": _difference,
    "matched_difference": _matched_difference,
    "effective_robustness": _effective_robustness,
    "inequivalence": _inequivalence,
    "partial_correlation": _partial_correlation,
    "any_of": _any_of,
}
