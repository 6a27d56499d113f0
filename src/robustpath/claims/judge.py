"""Verdicts on the hypotheses in paper/claims.yaml: supported, refuted, undecided or void, judged from the records."""

import json
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pandas as pd

from robustpath import methods, records
from robustpath.claims import conditions, contrast_judge, contrast_model
from robustpath.claims.conditions import REFUTED, SUPPORTED, UNDECIDED, VOID, Case
from robustpath.claims.entries import DECIDING, brief, correct, shaped, weighed
from robustpath.claims.model import Claim, Claims, Family, check_names, load, parts
from robustpath.claims.ordering import distance_from_support
from robustpath.core.files import replacing
from robustpath.statistics import robustness
from robustpath.statistics.evidence import Evidence, gather
from robustpath.statistics.grid import grids

TOGETHER = "all"


def write(records_file: Path, claims_file: Path, settings: dict, out: Path, contrasts: Iterable[Path] = ()) -> None:
    """Judge the claims and write claims.json: for each family the rules that held, then a verdict a hypothesis.

    contrasts: the files of hypotheses that compare means of runs (see contrast_model).
    """
    claims, table = load(claims_file), records.load(records_file)
    document = {"scale": settings["scale"], "confidence": settings["confidence"]}
    document["families"] = judge(table, claims, settings)
    if contrasts:
        compared = contrast_model.load_all(contrasts)
        contrast_model.check_apart(claims, compared)
        document["families"] |= contrast_judge.judge(table, compared, settings["confidence"])
    with replacing(out) as temporary:
        temporary.write_text(json.dumps(document, indent=1, allow_nan=False) + "\n")


def judge(table: pd.DataFrame, claims: Claims, settings: dict) -> dict[str, dict]:
    """What claims.json says of each family: its facts, how many cases are corrected together, and its verdicts."""
    check_names(claims, {*methods.names(), *table["method"].unique()})
    return {name: _facts(family) | _family(table, family, settings) for name, family in claims.families.items()}


def _facts(family: Family) -> dict:
    return family.model_dump(exclude={"claims", "calibration"})


def _family(table: pd.DataFrame, family: Family, settings: dict) -> dict:
    if family.experiment in set(table["experiment"].unique()):
        verdicts = judged(gather(table, family.experiment, family.curve), family, settings)
    else:
        note = f"there are no runs of experiment {family.experiment}"
        verdicts = concluded(family, [_unmeasured(claim, note) for claim in family.claims], settings["confidence"])
    chosen = [verdict for verdict in verdicts if verdict["id"] in family.corrected]
    tests = sum(entry["holm"] is not None for verdict in chosen for entry in verdict["entries"])
    return {"corrected_tests": tests, "verdicts": verdicts}


def judged(whole: Evidence, family: Family, settings: dict) -> list[dict]:
    """A verdict a hypothesis of one family, in the order of the file, from evidence that is gathered or simulated.

    settings: reference, confidence, test_size. Each hypothesis is judged for every variant and label noise (its
    entries); it is supported where some entry is and its p stands after Holm's correction, refuted where every entry
    that is not void is, void where all are, else undecided. The numbers beside the verdict are those of the entry that
    is nearest to support. Placebos go through the same conditions.
    """
    cases = {level: _case(whole, level, family, settings) for level in _levels(family)}
    found = concluded(family, [_entries(claim, cases) for claim in family.claims], settings["confidence"])
    return [
        verdict | _placebos(claim, verdict, family, cases) for claim, verdict in zip(family.claims, found, strict=True)
    ]


def concluded(family: Family, found: list[list[dict]], confidence: float) -> list[dict]:
    """Holm's p for all entries in both directions, and the verdict on each hypothesis.

    The correction runs over the entries of the corrected hypotheses together, and over those of each other one alone.
    """
    together = [claim.id in family.corrected for claim in family.claims]
    pools = [[entry for own, inside in zip(found, together, strict=True) if inside for entry in own]]
    pools += [own for own, inside in zip(found, together, strict=True) if not inside]
    for pool in pools:
        correct([entry for entry in pool if entry["verdict"] != VOID])
    return [_verdict(claim, own, family, confidence) for claim, own in zip(family.claims, found, strict=True)]


def void_walks(table: pd.DataFrame, tolerance: float) -> pd.DataFrame:
    """Columns method, label_noise, walks, void (counts), median (level error), of all runs that measured their walk.

    A walk without a level error, since it diverged, is as void as one that left its level.
    """
    own = table[table["metric"] == "walk_level_error"]
    errors = own["value"].where(own["converged"]).fillna(np.inf)
    groups = own.assign(error=errors, void=errors > tolerance).groupby(["method", "label_noise"], as_index=False)
    return groups.agg(walks=("void", "size"), void=("void", "sum"), median=("error", "median"))


def _levels(family: Family) -> list[float]:
    return sorted({level for claim in family.claims for level in claim.label_noise})


def _case(whole: Evidence, level: float, family: Family, settings: dict) -> Case:
    """The evidence of one label noise as grids, with what several conditions share."""
    own = Evidence(*(part[part["label_noise"] == level] for part in whole))
    used = {"walk_level_error"} | _measures(family)
    (accuracy,), (plain,) = (grids(rows, "test_set") for rows in (own.accuracy, own.plain))
    (measure,) = grids(own.measure[own.measure["metric"].isin(used)], "metric")
    rows = own.matched[own.matched["quantity"].isin({*conditions.TEST_SETS, *used})]
    matched, expected = grids(rows, "quantity", ("value", "expected"))
    left = {}
    if any(part.kind == "effective_robustness" for claim in family.claims for part in parts(claim)):
        (curve,) = grids(own.curve, "test_set")
        left = robustness.left_out(accuracy, family.baselines, settings["test_size"], curve)
    shared = (settings["reference"], family, settings["confidence"])
    return Case(accuracy, plain, measure, matched, expected, left, *shared)


def _measures(family: Family) -> set[str]:
    """The measures that conditions name."""
    named = [parts(claim) for claim in family.claims]
    fields = ("measure", "against_measure", "given")
    return {getattr(part, field) for own in named for part in own for field in fields if getattr(part, field, None)}


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
    return weighed(name, level, found, case.confidence, note)


def _is_void(variant: str, case: Case) -> bool:
    grid = case.measure.get("walk_level_error")
    own = grid.of(variant) if grid else None
    if own is None:
        return False
    errors = np.where(np.isnan(own), np.inf, own)[grid.there[grid.places[variant]]]
    return bool(np.median(errors) > case.family.tolerance)


def _void(name: str, level: float, note: str) -> dict:
    return shaped(name, level, VOID, note) | {"decides": None, "conditions": []}


def _unmeasured(claim: Claim, note: str) -> list[dict]:
    names = [TOGETHER] if claim.together else claim.variants
    shapes = [shaped(name, level, UNDECIDED, note) for level in claim.label_noise for name in names]
    return [shape | {"decides": None, "conditions": []} for shape in shapes]


def _verdict(claim: Claim, entries: list[dict], family: Family, confidence: float) -> dict:
    """The hypothesis as a whole, with the numbers of its best case: the entry nearest to support."""
    limit = conditions.level(confidence)
    stands = [entry for entry in entries if entry["verdict"] == SUPPORTED and entry["holm_support"] < limit]
    said = {entry["verdict"] for entry in entries}
    if stands:
        verdict = SUPPORTED
    elif said == {VOID}:
        verdict = VOID
    else:
        verdict = REFUTED if said <= {REFUTED, VOID} else UNDECIDED
    best = min(stands or entries, key=distance_from_support)
    numbers = best["decides"] or dict.fromkeys(DECIDING)
    whole = {"id": claim.id, "statement": claim.statement, "subject": claim.subject, "verdict": verdict}
    whole |= {"earlier": claim.earlier and claim.earlier.model_dump()}
    of = {name: best[name] for name in ("p", "holm", "variant", "label_noise", "note")}
    kept = {name: numbers[name] for name in DECIDING}
    rest = {"corrected": claim.id in family.corrected, "entries": entries, "passed_by": [], "placebos": []}
    return whole | kept | of | rest | {"exempt": []}


def _placebos(claim: Claim, verdict: dict, family: Family, cases: dict[float, Case]) -> dict:
    """The placebos' own entries, and which of them pass: `passed_by` of the claim (at a label noise at which a variant
    is supported, too) and of each condition of its entries (at their label noise).

    A placebo need not keep a level, and its p are not corrected: both let more of them pass.
    """
    exempt = [{"placebo": name, "reason": reason} for name, reason in claim.exempt.items()]
    chosen = [name for name in family.placebos if name not in claim.exempt and name not in claim.variants]
    rows = []
    for level in [] if claim.together else claim.label_noise:
        for name in chosen:
            found = [conditions.weigh(condition, [name], cases[level]) for condition in claim.conditions]
            rows.append(weighed(name, level, found, cases[level].confidence))
    for entry in verdict["entries"]:
        here = [row for row in rows if row["label_noise"] == entry["label_noise"]]
        for place, finding in enumerate(entry["conditions"]):
            held = [row for row in here if row["conditions"][place]["verdict"] == SUPPORTED]
            finding["passed_by"] = [row["variant"] for row in held]
        entry["passed_by"] = [row["variant"] for row in here if row["verdict"] == SUPPORTED]
    passed = [name for entry in verdict["entries"] if entry["verdict"] == SUPPORTED for name in entry["passed_by"]]
    return {"passed_by": list(dict.fromkeys(passed)), "placebos": [brief(row) for row in rows], "exempt": exempt}
