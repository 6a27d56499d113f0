"""Verdicts on the hypotheses in paper/claims.yaml: supported, refuted, undecided or void, judged from the records."""

import json
from pathlib import Path

import numpy as np
import pandas as pd

from robustpath import methods, records
from robustpath.claims import conditions
from robustpath.claims.conditions import ORDER, REFUTED, SUPPORTED, UNDECIDED, VOID, Case, combine
from robustpath.claims.model import Claim, Claims, check_names, load
from robustpath.core.files import replacing
from robustpath.statistics import robustness
from robustpath.statistics.evidence import VALIDATION, Evidence, gather
from robustpath.statistics.intervals import holm

TOGETHER = "all"
DECIDING = ["effect", "low", "high", "n", "p", "unit", "threshold", "side", "what", "against", "interval", "left_out"]


def write(records_file: Path, claims_file: Path, settings: dict, out: Path) -> None:
    """Judge the claims and write claims.json: the rules that held, then a verdict a hypothesis."""
    claims = load(claims_file)
    verdicts = judge(records.load(records_file), claims, settings)
    tests = sum(entry["holm"] is not None for verdict in verdicts for entry in verdict["entries"])
    told = {
        "scale": settings["scale"],
        "confidence": settings["confidence"],
        "tolerance": claims.tolerance,
        "experiment": claims.experiment,
        "curve": claims.curve,
        "bootstrap": claims.bootstrap.model_dump(),
        "corrected": claims.corrected,
        "corrected_tests": tests,
        "baselines": claims.baselines,
        "controls": claims.controls,
        "short_names": claims.short_names,
        "verdicts": verdicts,
    }
    with replacing(out) as temporary:
        temporary.write_text(json.dumps(told, indent=1, allow_nan=False) + "\n")


def judge(table: pd.DataFrame, claims: Claims, settings: dict) -> list[dict]:
    """A verdict a hypothesis, in the order of the file.

    Each is judged for every variant and label noise (its entries); the hypothesis is supported where some entry is, and
    its p stands after Holm's correction where it is one of the corrected; refuted where every entry that is not void
    is; void where all are; else undecided. The numbers beside the verdict are those of the entry that decides.
    """
    check_names(claims, {*methods.names(), *table["method"].unique()})
    if claims.experiment not in set(table["experiment"]):
        found = [_unmeasured(claim, f"the records have no experiment {claims.experiment}") for claim in claims.claims]
        return concluded(claims, found, settings["confidence"])
    return judged(gather(table, claims.experiment, claims.curve), claims, settings)


def judged(whole: Evidence, claims: Claims, settings: dict) -> list[dict]:
    """The verdicts of `judge` from evidence that is gathered already, or simulated."""
    cases = {level: _case(whole, level, claims, settings) for level in _levels(claims)}
    return concluded(claims, [_entries(claim, cases) for claim in claims.claims], settings["confidence"])


def concluded(claims: Claims, found: list[list[dict]], confidence: float) -> list[dict]:
    """Holm's p for the entries of the corrected hypotheses, and the verdict on each hypothesis."""
    corrected = [
        entry
        for claim, entries in zip(claims.claims, found, strict=True)
        if claim.id in claims.corrected
        for entry in entries
        if entry["p"] is not None and entry["verdict"] != VOID
    ]
    adjusted = holm(pd.Series([entry["p"] for entry in corrected], dtype=float))
    for entry, p in zip(corrected, adjusted, strict=True):
        entry["holm"] = float(p)
    level = 1 - confidence
    return [_verdict(claim, entries, claims, level) for claim, entries in zip(claims.claims, found, strict=True)]


def void_walks(table: pd.DataFrame, tolerance: float) -> pd.DataFrame:
    """Columns method, label_noise, walks, void (counts), median (level error), of all runs that measured their walk.

    A walk without a level error, since it diverged, is as void as one that left its level.
    """
    own = table[table["metric"] == "walk_level_error"]
    errors = own["value"].where(own["converged"]).fillna(np.inf)
    groups = own.assign(error=errors, void=errors > tolerance).groupby(["method", "label_noise"], as_index=False)
    return groups.agg(walks=("void", "size"), void=("void", "sum"), median=("error", "median"))


def _levels(claims: Claims) -> list[float]:
    return sorted({level for claim in claims.claims for level in claim.label_noise})


def _case(whole: Evidence, level: float, claims: Claims, settings: dict) -> Case:
    """The evidence of one label noise, with what several conditions share."""
    own = Evidence(*(part[part["label_noise"] == level] for part in whole))
    left = robustness.residuals(own.accuracy, claims.baselines, settings["test_size"], own.curve)
    best = best_control(own.accuracy, claims.controls)
    return Case(own, left, best, settings["reference"], claims, settings["confidence"])


def best_control(accuracy: pd.DataFrame, controls: list[str]) -> str | None:
    """The control with the highest mean validation accuracy over data sets and seeds; None if none was run.

    Judged on validation data, so that the comparison is not made against the luckiest control of the test set.
    """
    own = accuracy[(accuracy["test_set"] == VALIDATION) & accuracy["method"].isin(controls)]
    means = own.groupby("method")["value"].mean().reindex(controls)
    return None if means.isna().all() else str(means.idxmax())


def _entries(claim: Claim, cases: dict[float, Case]) -> list[dict]:
    groups = [(TOGETHER, claim.variants)] if claim.together else [(name, [name]) for name in claim.variants]
    return [
        _entry(claim, name, members, level, cases[level]) for level in claim.label_noise for name, members in groups
    ]


def _entry(claim: Claim, name: str, members: list[str], level: float, case: Case) -> dict:
    """One variant at one label noise: its findings, the p of all conditions together, and the verdict."""
    void = [member for member in members if _is_void(member, case)]
    judged = [member for member in members if member not in void]
    checks_validity = any(condition.kind == "level_error" for condition in claim.conditions)
    if void and not checks_validity and (not judged or not claim.together):
        return _void(name, level, "the median error of the level is above the tolerance")
    chosen = members if checks_validity else judged
    found = [conditions.weigh(condition, chosen, case) for condition in claim.conditions]
    note = f"void and left out: {', '.join(void)}" if void and claim.together else ""
    return weighed(name, level, found, note)


def weighed(name: str, level: float, found: list[dict], note: str = "") -> dict:
    """The entry of one variant at one label noise whose conditions have these findings."""
    known = [finding["p"] for finding in found]
    p = None if None in known else max(known)
    verdict = combine([finding["verdict"] for finding in found], "all")
    decides = _deciding(found, verdict)
    return _shaped(name, level, verdict, p, note or decides["note"]) | {"decides": decides, "conditions": found}


def _is_void(variant: str, case: Case) -> bool:
    own = case.evidence.measure
    errors = own[(own["method"] == variant) & (own["metric"] == "walk_level_error")]["value"]
    return bool(len(errors)) and errors.fillna(np.inf).median() > case.claims.tolerance


def _deciding(found: list[dict], verdict: str) -> dict:
    """The condition that decides: the first one if all hold, else the first that does not."""
    wanted = SUPPORTED if verdict == SUPPORTED else REFUTED if verdict == REFUTED else UNDECIDED
    return next((finding for finding in found if finding["verdict"] == wanted), found[0])


def _shaped(name: str, level: float, verdict: str, p: float | None, note: str) -> dict:
    return {"variant": name, "label_noise": level, "verdict": verdict, "p": p, "holm": None, "note": note}


def _void(name: str, level: float, note: str) -> dict:
    return _shaped(name, level, VOID, None, note) | {"decides": None, "conditions": []}


def _unmeasured(claim: Claim, note: str) -> list[dict]:
    names = [TOGETHER] if claim.together else claim.variants
    shapes = [_shaped(name, level, UNDECIDED, None, note) for level in claim.label_noise for name in names]
    return [shape | {"decides": None, "conditions": []} for shape in shapes]


def _verdict(claim: Claim, entries: list[dict], claims: Claims, level: float) -> dict:
    """The hypothesis as a whole, with the numbers of its best case: the entry nearest to support.

    p is that of the condition that decides; holm that of all conditions of the entry (the largest p), corrected.
    """
    correct = claim.id in claims.corrected
    stands = [
        entry
        for entry in entries
        if entry["verdict"] == SUPPORTED and (not correct or (entry["holm"] is not None and entry["holm"] < level))
    ]
    said = {entry["verdict"] for entry in entries}
    if stands:
        verdict = SUPPORTED
    elif said == {VOID}:
        verdict = VOID
    else:
        verdict = REFUTED if said <= {REFUTED, VOID} else UNDECIDED
    best = min(stands or entries, key=_distance_from_support)
    numbers = best["decides"] or dict.fromkeys(DECIDING)
    kept = {name: numbers[name] for name in DECIDING}
    said = {"statement": claim.statement, "verdict": verdict, "sentence": claim.sentences[verdict]}
    whole = {"id": claim.id, **said, **kept}
    of = {name: best[name] for name in ("holm", "variant", "label_noise", "note")}
    return whole | of | {"corrected": correct, "entries": entries}


def _distance_from_support(entry: dict) -> tuple:
    """Sorts entries from the best case for the claim to the worst: by verdict, then by the first condition's effect."""
    first = entry["conditions"][0] if entry["conditions"] else None
    place = ORDER.index(entry["verdict"])
    if first is None or first["effect"] is None:
        return place, np.inf
    beyond = first["effect"] - first["threshold"]
    if first["side"] == "either":
        beyond = abs(first["effect"]) - first["threshold"]
    return place, beyond if first["side"] == "below" else -beyond
