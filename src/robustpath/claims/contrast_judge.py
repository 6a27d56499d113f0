"""Verdicts on hypotheses that are contrasts of means, in the form of those that `judge` writes.

A hypothesis holds at a label noise where all its conditions do. It is supported where it holds at every label noise
that it is stated for, and refuted where it fails at one of these, both after Holm's correction over the cases of the
whole family; else it is undecided.
"""

import pandas as pd

from robustpath import protocols
from robustpath.claims import conditions, contrast_values
from robustpath.claims.conditions import REFUTED, SUPPORTED, UNDECIDED
from robustpath.claims.contrast_conditions import Case, weigh
from robustpath.claims.contrast_kinds import terms
from robustpath.claims.contrast_model import Contrasts, Family, Hypothesis, experiments
from robustpath.claims.contrast_values import Runs
from robustpath.claims.entries import DECIDING, brief, correct, shaped, weighed
from robustpath.claims.ordering import distance_from_support

WHOLE = "all"  # the variant of an entry: a contrast has no other


def judge(table: pd.DataFrame, claims: Contrasts, confidence: float) -> dict[str, dict]:
    """What claims.json says of each family: its facts, how many cases are corrected together, and its verdicts."""
    runs = contrast_values.needed(table, claims)
    return {name: _family(runs, family, confidence) for name, family in claims.families.items()}


def _family(runs: Runs, family: Family, confidence: float) -> dict:
    verdicts = judged(runs, family, confidence)
    tests = sum(entry["holm"] is not None for verdict in verdicts for entry in verdict["entries"])
    controls = list(dict.fromkeys(name for claim in family.claims for name in controls_of(claim)))
    facts = {
        "letter": family.letter,
        "experiments": family.experiments,
        "short_names": {},
        "placebos": controls,
        "without": "placebos",
    }
    return facts | {"corrected": [claim.id for claim in family.claims], "corrected_tests": tests, "verdicts": verdicts}


def judged(runs: Runs, family: Family, confidence: float) -> list[dict]:
    """A verdict a hypothesis, in the order of the file; an entry a label noise, `beside` ones last.

    What is beside is judged alike; it is no part of the verdict, nor of what is corrected together. The numbers of a
    verdict are those of the label noise that is furthest from support.
    """
    stated = [[entry(claim, level, runs, confidence) for level in claim.label_noise] for claim in family.claims]
    correct([each for own in stated for each in own])
    found = []
    for claim, own in zip(family.claims, stated, strict=True):
        beside = [entry(claim, level, runs, confidence) for level in claim.beside]
        for each in beside:
            correct([each])
        found.append(_verdict(claim, own, beside, confidence) | _placebos(claim, [*own, *beside], runs, confidence))
    return found


def entry(claim: Hypothesis, level: float, runs: Runs, confidence: float) -> dict:
    """A hypothesis at one label noise: the findings of the conditions that are stated for it (of those that name no
    label noise where it is not among its own), and the verdict."""
    there = {experiment for experiment, _ in runs.tables}
    lacking = [name for name in experiments(claim) if name not in there]
    if lacking and len(lacking) == len(experiments(claim)):
        note = f"there are no runs of experiment {' or '.join(lacking)}"
        return shaped(WHOLE, level, UNDECIDED, note) | {"decides": None, "conditions": []}
    case = Case(runs, level, confidence)
    return weighed(WHOLE, level, [weigh(each, case) for each in stated_for(claim, level)], confidence)


def stated_for(claim: Hypothesis, level: float) -> list:
    """The conditions of a hypothesis that are judged at a label noise."""
    return [each for each in claim.conditions if each.label_noise is None or level in each.label_noise]


def _verdict(claim: Hypothesis, stated: list[dict], beside: list[dict], confidence: float) -> dict:
    limit = conditions.level(confidence)
    if all(each["verdict"] == SUPPORTED and each["holm_support"] < limit for each in stated):
        verdict = SUPPORTED
    elif any(each["verdict"] == REFUTED and each["holm_refute"] < limit for each in stated):
        verdict = REFUTED
    else:
        verdict = UNDECIDED
    worst = max(stated, key=distance_from_support)
    numbers = worst["decides"] or dict.fromkeys(DECIDING)
    whole = {"id": claim.id, "statement": claim.statement, "subject": "case", "verdict": verdict, "earlier": None}
    whole |= {name: numbers[name] for name in DECIDING}
    whole |= {name: worst[name] for name in ("p", "holm", "variant", "label_noise", "note")}
    return whole | {
        "source": claim.source,
        "corrected": True,
        "entries": [*stated, *(each | {"beside": True} for each in beside)],
        "exempt": [],
    }


def _placebos(claim: Hypothesis, entries: list[dict], runs: Runs, confidence: float) -> dict:
    """The entries of the placebos, of methods and of metrics, and which of them pass: of the hypothesis (at all label
    noises that it is stated for), of an entry, and of each condition.

    A condition that does not compare the method, or measure the metric, that a placebo stands in for is left as it is.
    Their p are not corrected, which lets more of them pass.
    """
    measured = [each for each in entries if each["conditions"]]
    rows = [_placebo(claim, each, runs, control, confidence) for control in controls_of(claim) for each in measured]
    for each in measured:
        here = [row for row in rows if row["label_noise"] == each["label_noise"]]
        for place, finding in enumerate(each["conditions"]):
            held = [row for row in here if row["conditions"][place]["verdict"] == SUPPORTED]
            finding["passed_by"] = [row["variant"] for row in held]
        each["passed_by"] = [row["variant"] for row in here if row["verdict"] == SUPPORTED]
    stated = [each["passed_by"] for each in entries if each["label_noise"] in claim.label_noise]
    passed = [name for name in controls_of(claim) if all(name in names for names in stated)]
    return {"passed_by": passed, "placebos": [brief(row) for row in rows]}


def controls_of(claim: Hypothesis) -> list[str]:
    """The placebos of a hypothesis: methods, then metrics."""
    return [*claim.placebos, *claim.metric_placebos]


def _placebo(claim: Hypothesis, own: dict, runs: Runs, control: str, confidence: float) -> dict:
    """The entry of a placebo at the label noise of an entry, whose findings stand where the placebo changes nothing."""
    found = []
    case = Case(runs, own["label_noise"], confidence)
    for condition, finding in zip(stated_for(claim, own["label_noise"]), own["conditions"], strict=True):
        if control in claim.placebos:
            changed = replaced(condition, claim.placebos[control], control)
        else:
            changed = remeasured(condition, claim.metric_placebos[control], control)
        found.append(dict(finding) if changed is condition else weigh(changed, case))
    return weighed(control, own["label_noise"], found, confidence)


def remeasured(condition, metric: str, control: str):
    """The condition with another metric in the place of one, on its split where it is taken there; itself where it
    measures another one."""
    if condition.metric != metric:
        return condition
    split = condition.split if condition.split in protocols.metrics()[control].splits else None
    what = f"{condition.what}, {control} in the place of {metric}"
    return condition.model_copy(update={"metric": control, "split": split, "what": what})


def replaced(condition, method: str, control: str):
    """The condition with another method in all terms of one, with its own draws (at the same accuracy cost); itself
    where it has no such term."""
    if method not in {term.method for term in terms(condition)}:
        return condition

    def own(term):
        return term if term.method != method else term.model_copy(update={"method": control, "hyperparameters": {}})

    if condition.kind == "partial":
        methods = [control if name == method else name for name in condition.methods]
        return condition.model_copy(update={"methods": list(dict.fromkeys(methods))})
    if condition.kind == "contrast":
        return condition.model_copy(update={"terms": [own(term) for term in condition.terms]})
    parts = {name: own(getattr(condition, name)) for name in ("term", "against") if hasattr(condition, name)}
    return condition.model_copy(update=parts)
