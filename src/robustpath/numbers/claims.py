"""Macros of the verdicts on a family of hypotheses: counts, sentences, and the numbers of every case.

Which hypotheses and variants there are, the verdicts say; where none were judged yet, the files of hypotheses.
"""

from functools import cache
from pathlib import Path

from robustpath import records
from robustpath.claims import contrast_model, model, sentences, verdicts
from robustpath.claims.files import CLAIMS, CONTRAST_FILES
from robustpath.numbers.macros import Macros
from robustpath.records import labels
from robustpath.records.labels import MISSING, macro


def of_family(family: str, judged: dict | None, levels: dict[str, tuple[float | None, str]]) -> Macros:
    """The macros of one family; `judged` is what claims.json says of it, `levels` maps a suffix to a label noise and
    its words."""
    whole = f"{macro(family)}Claims"
    ids, variants = _known(family, judged)
    found = {verdict["id"]: verdict for verdict in judged["verdicts"]} if judged else {}
    macros = _counts(whole, judged, found)
    for name in ids:
        macros |= _claim(name, found.get(name), variants, levels, judged)
    return macros


def deciding(family: str, judged: dict | None) -> Macros:
    """One macro for each hypothesis of a family: its verdict at each label noise, with the condition that decides."""
    found = {verdict["id"]: verdict for verdict in judged["verdicts"]} if judged else {}
    return {
        f"{macro(name)}Short": (
            sentences.short(found[name], judged["confidence"]) if name in found else f"{name} was not judged.",
            f"{name}: its verdict and the condition that decides",
        )
        for name in _known(family, judged)[0]
    }


def parts(family: str, judged: dict | None) -> Macros:
    """The effect of every condition of each contrast, in order, at the first label noise that it is stated for."""
    found = {verdict["id"]: verdict for verdict in judged["verdicts"]} if judged else {}
    families = _contrasts(records.root())
    counts = {claim.id: len(claim.conditions) for claim in families[family].claims} if family in families else {}
    macros: Macros = {}
    for name in _known(family, judged)[0]:
        stated = [entry for entry in found.get(name, {"entries": []})["entries"] if not entry.get("beside")]
        own = stated[0]["conditions"] if stated else []
        for place in range(max(counts.get(name, 0), len(own))):
            prefix = f"{macro(name)}Part{labels.word(place + 1).capitalize()}"
            macros |= _effect(prefix, own[place] if place < len(own) else {}, f"{name}, condition {place + 1}")
    return macros


@cache
def _contrasts(root: Path) -> dict[str, contrast_model.Family]:
    return contrast_model.load_all(root / file for file in CONTRAST_FILES).families


def _known(family: str, judged: dict | None) -> tuple[list[str], list[str]]:
    """The hypotheses of a family, and the variants that any of them is judged for (of a contrast: all)."""
    if judged:
        cases = [entry["variant"] for verdict in judged["verdicts"] for entry in verdict["entries"]]
        return [verdict["id"] for verdict in judged["verdicts"]], list(dict.fromkeys([*judged["short_names"], *cases]))
    contrasts = _contrasts(records.root())
    if family in contrasts:
        return [claim.id for claim in contrasts[family].claims], ["all"]
    own = model.load(records.root() / CLAIMS).families[family]
    return [claim.id for claim in own.claims], [*own.short_names, "all"]


def _counts(prefix: str, judged: dict | None, found: dict[str, dict]) -> Macros:
    """How many hypotheses there are, and which and how many have each verdict."""
    count, text = (labels.word(len(found)), sentences.summary(judged)) if judged else (MISSING, MISSING)
    cases = labels.count(judged["corrected_tests"]) if judged else MISSING
    corrected = labels.listing(judged["corrected"]) if judged else MISSING
    macros: Macros = {
        f"{prefix}CountWord": (count, "number of hypotheses, in words"),
        f"{prefix}Summary": (text, "how many hypotheses have each verdict"),
        f"{prefix}HolmCases": (cases, "cases that Holm's correction of the hypotheses runs over"),
        f"{prefix}Corrected": (corrected, "hypotheses that are corrected together"),
    }
    entries = [entry for verdict in found.values() for entry in verdict["entries"] if not entry.get("beside")]
    holding = sum(entry["verdict"] == "supported" for entry in entries)
    shared = sum(verdict["verdict"] == "supported" and bool(verdict["passed_by"]) for verdict in found.values())
    for end, number, what in (
        ("Cases", labels.count(len(entries)), "cases (variant and label noise) of the hypotheses"),
        ("CasesSupported", labels.count(holding), "cases that are supported, before correction"),
        ("SharedCount", labels.word(shared), "hypotheses that are supported and met by placebos too, in words"),
    ):
        macros[f"{prefix}{end}"] = (number if judged else MISSING, what)
    for word in verdicts.SYMBOLS:
        names = [name for name, verdict in found.items() if verdict["verdict"] == word]
        listed, number = (labels.listing(names), labels.word(len(names))) if judged else (MISSING, MISSING)
        macros[f"{prefix}{word.capitalize()}"] = (listed, f"hypotheses that are {word}")
        macros[f"{prefix}{word.capitalize()}Count"] = (number, f"number of hypotheses that are {word}, in words")
    return macros


def _claim(name: str, verdict: dict | None, variants: list[str], levels: dict, judged: dict | None) -> Macros:
    """The macros of one hypothesis, of its best case and of every variant and label noise."""
    prefix, said = macro(name), {}
    macros = _numbers(prefix, verdict, name)
    case, statement, earlier, passing = MISSING, MISSING, MISSING, MISSING
    if verdict:
        case = rf"{verdicts.variant(verdict['variant'])} at {100 * verdict['label_noise']:g}\,\% label noise"
        statement = labels.escape(verdict["statement"])
        earlier = verdict["earlier"]["verdict"] if verdict["earlier"] else "none"
        passing = labels.listing([verdicts.placebo(each) for each in verdict["passed_by"]])
        said = sentences.sentences(verdict, judged["confidence"])
    macros[f"{prefix}Case"] = (case, f"{name}: the case that is nearest to support")
    macros[f"{prefix}Statement"] = (statement, f"{name}: the claim")
    macros[f"{prefix}Earlier"] = (earlier, f"{name}: the verdict of the earlier rule")
    macros[f"{prefix}Placebos"] = (passing, f"{name}: placebos that pass where a variant does")
    unsaid = f"{name} was not judged."
    macros[f"{prefix}Sentence"] = (" ".join(said.values()) or unsaid, f"{name}: what its verdict allows to say")
    entries = {(entry["variant"], entry["label_noise"]): entry for entry in verdict["entries"]} if verdict else {}
    for place, (noise, words) in levels.items():
        macros[f"{prefix}{place}Sentence"] = (
            said.get(noise, unsaid),
            f"{name}, {words}: what its verdict allows to say",
        )
        own = [entry for (_, level), entry in entries.items() if level == noise]
        for word in verdicts.SYMBOLS:
            count = labels.word(sum(entry["verdict"] == word for entry in own)) if own else MISSING
            macros[f"{prefix}{place}{word.capitalize()}Word"] = (
                count,
                f"{name}, {words}: cases that are {word}, in words",
            )
        macros[f"{prefix}{place}CasesWord"] = (
            labels.word(len(own)) if own else MISSING,
            f"{name}, {words}: cases, in words",
        )
        for variant in variants:
            entry = entries.get((variant, noise))
            own = entry and (entry["decides"] or {}) | {key: entry[key] for key in ("verdict", "p", "holm")}
            macros |= _numbers(f"{prefix}{macro(variant)}{place}", own, f"{name}, {variant}, {words}")
    return macros


def _numbers(prefix: str, own: dict | None, what: str) -> Macros:
    """The macros of one verdict; `own` is a hypothesis or an entry with its deciding condition."""
    own = own or {}
    unit = own.get("unit")

    def number(key: str, signed: bool = True) -> str:
        return MISSING if own.get(key) is None else verdicts.number(own[key], unit, signed)

    def probability(key: str) -> str:
        return MISSING if own.get(key) is None else labels.probability(own[key])

    threshold = MISSING if own.get("threshold") is None else verdicts.threshold(own)
    return {
        f"{prefix}Verdict": (own.get("verdict", MISSING), f"{what}: verdict"),
        **_effect(prefix, own, what),
        f"{prefix}Threshold": (threshold, f"{what}: threshold"),
        f"{prefix}Detectable": (number("detectable"), f"{what}: smallest true effect found with 80 per cent"),
        f"{prefix}N": (str(own["n"]) if own.get("n") is not None else MISSING, f"{what}: runs compared"),
        f"{prefix}P": (probability("p"), f"{what}: one-sided p of its verdict, with its relation"),
        f"{prefix}Holm": (probability("holm"), f"{what}: p after Holm's correction, with its relation"),
    }


def _effect(prefix: str, own: dict, what: str) -> Macros:
    """The effect of a verdict or of a condition, and its interval."""
    unit = own.get("unit")
    effect = MISSING if own.get("effect") is None else verdicts.number(own["effect"], unit)
    span = MISSING if own.get("low") is None else verdicts.span(own["low"], own["high"], unit)
    return {
        f"{prefix}Effect": (effect, f"{what}: effect ({unit or 'unknown unit'})"),
        f"{prefix}Interval": (span, f"{what}: interval of the effect"),
    }
