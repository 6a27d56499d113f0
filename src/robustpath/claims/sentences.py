"""What a verdict allows to say, in sentences made from the findings: effect and interval first, by label noise.

Nothing is typed for a verdict, so that every outcome reads true.
"""

import re

from robustpath.claims import contrast_model, verdicts
from robustpath.claims.conditions import ORDER, REFUTED, SUPPORTED, TEST_SETS, UNDECIDED, VOID, level
from robustpath.records import labels

UNITS = {"percentage points": " points", "bits per label": " bits per label"}
DECIDING = {SUPPORTED: "the narrowest", REFUTED: "the clearest failure", UNDECIDED: "the weakest"}
MEASURES = {
    "walk_function_distance": "the function distance",
    "barrier_matched": "the barrier after matching the units",
    "lambda_max": "the largest eigenvalue of the Hessian",
    "noise_sharpness": "the noise sharpness",
}


def sentences(verdict: dict, confidence: float) -> dict[float, str]:
    """For each label noise one sentence or more on a verdict of claims.json, in LaTeX."""
    entries: dict[float, list[dict]] = {}
    for entry in verdict["entries"]:
        entries.setdefault(entry["label_noise"], []).append(entry)
    best = {entry["label_noise"]: entry for entry in verdicts.nearest(verdict)}
    return {noise: _of_level(best[noise], own, verdict["subject"], confidence) for noise, own in entries.items()}


def short(verdict: dict, confidence: float) -> str:
    """For each label noise that the hypothesis is stated for the verdict with the condition that decides it, in
    LaTeX."""
    stated = [entry for entry in verdicts.nearest(verdict) if not entry.get("beside")]
    return " ".join(_decided(entry, confidence) for entry in stated)


def summary(judged: dict) -> str:
    """How many hypotheses of a family there are, and how many have each verdict, in LaTeX."""
    found = judged["verdicts"]
    counts = {word: sum(each["verdict"] == word for each in found) for word in ORDER}
    parts = [f"{labels.word(count)} {be(count)} {word}" for word, count in counts.items() if count]
    shared = [each for each in found if each["verdict"] == SUPPORTED and each["passed_by"]]
    text = f"Of {labels.word(len(found))} {_plural('hypothesis', len(found))}, {labels.listing(parts)}"
    others = judged.get("without", "methods without a walk")
    if shared:
        text += f"; of those supported, {labels.word(len(shared))} {be(len(shared))} met by {others} too"
    return f"{text}."


def _of_level(best: dict, entries: list[dict], subject: str, confidence: float) -> str:
    lead = _lead(best)
    if all(entry["verdict"] == VOID for entry in entries):
        return f"{lead}, no {subject} keeps its level, so that none can be judged."
    if not best["conditions"]:
        return f"{lead}, nothing is measured ({_plain(best['note'])})."
    clauses = [_clause(finding, best["variant"]) for finding in best["conditions"]]
    nearest = f"in the most favourable of {labels.word(len(entries))} cases, " if len(entries) > 1 else ""
    text = f"{lead}, {nearest}{'; '.join(clauses)}."
    return " ".join(filter(None, [text, _counts(entries, subject, confidence), _placebos(entries)]))


def _lead(entry: dict) -> str:
    noise = entry["label_noise"]
    lead = rf"With {100 * noise:g}\,\% noisy labels" if noise else "With clean labels"
    return f"Outside the hypothesis, {lead[0].lower()}{lead[1:]}" if entry.get("beside") else lead


def _decided(entry: dict, confidence: float) -> str:
    """The condition that decides on an entry, then the verdict, and how many of its conditions have each."""
    lead, found, word = _lead(entry), entry["conditions"], entry["verdict"]
    if not found:
        return f"{lead}, nothing is measured ({_plain(entry['note'])})."
    lost = word in (SUPPORTED, REFUTED) and entry["holm"] >= level(confidence)
    correction = ", though not after Holm's correction" if lost else ""
    text = f"{lead}, {_clause(entry['decides'], entry['variant'])}: {word}{correction}"
    if len(found) > 1:
        counts = {each: sum(finding["verdict"] == each for finding in found) for each in ORDER}
        parts = [f"{labels.word(count)} {be(count)} {each}" for each, count in counts.items() if count]
        held = labels.listing(parts) if len(parts) > 1 else f"{'both' if len(found) == 2 else 'all'} are {word}"
        text += f" ({DECIDING[word]} of its {labels.word(len(found))} conditions; {held})"
    text += "."
    return " ".join(filter(None, [text, _placebos([entry])]))


def _clause(finding: dict, variant: str) -> str:
    """One condition: the effect with its interval, then what it says about the threshold."""
    if finding["effect"] is None:
        return f"{_phrase(finding, variant)} is not known"
    unit = finding["unit"]
    words = verdicts.number(finding["effect"], unit)
    numbers = f"{words}{UNITS.get(unit, '')}"
    if finding["low"] is None:
        span = f" (no interval: {_plain(finding['note'].strip('()'))})" if finding["note"] else ""
    else:
        span = rf" (\mbox{{{verdicts.span(finding['low'], finding['high'], unit)}}}, {_against_threshold(finding)})"
    return f"{_phrase(finding, variant)} is {numbers}{span}"


def _plain(note: str) -> str:
    """A note of the judge in LaTeX, with methods, measures and data sets as they are printed."""

    def printed(found: re.Match) -> str:
        return labels.dataset(found[0]) if found[0] in labels.DATASETS else labels.method(found[0])

    measures = "|".join(sorted(MEASURES, key=len, reverse=True))
    note = re.sub(rf"\b(?:{measures})\b", lambda found: MEASURES[found[0]], note)
    known = "|".join(map(re.escape, [*labels.DATASETS, *labels.METHODS]))
    return labels.escape(re.sub(rf"\b(?:{known}|[a-z0-9]+(?:_[a-z0-9]+)+|sgd|sam)\b", printed, note))


def _against_threshold(finding: dict) -> str:
    """What the condition requires of the whole interval, and equivalence where it is shown instead."""
    threshold = verdicts.threshold(finding)
    if finding["side"] == "within":
        return f"required: within {threshold}"
    if finding["side"] == "either":
        shown = "; shown: equivalent within it" if finding["verdict"] == REFUTED else ""
        return f"required: beyond $\\pm${threshold}{shown}"
    return f"required: {finding['side']} {threshold}"


def _phrase(finding: dict, variant: str) -> str:
    """The quantity of a condition as the subject of a sentence."""
    own, against = _named(variant), finding["against"] and _named(finding["against"])
    test_set = TEST_SETS.get(finding["test_set"], "")
    measure = MEASURES.get(finding["measure"], f"the {str(finding['measure']).replace('_', ' ')}")
    if "each_control" in finding:
        against = f"the strongest control ({against})"
    match finding["kind"]:
        case "level_error":
            return f"the median level error of {own}"
        case "ratio":
            return f"{measure} of {own} as a multiple of that of {against}"
        case "matched_ratio":
            return f"{measure} of {own} as a multiple of that of SGD at the same training loss"
        case "matched_difference":
            return f"the accuracy of {own} ({test_set}) minus that of SGD at the same training loss"
        case "effective_robustness":
            return f"the accuracy of {own} under shift above the line of the published methods"
        case kind if kind in contrast_model.KINDS:
            return labels.escape(finding["what"])
        case "partial_correlation":
            return f"the partial rank correlation of gains with {measure}"
        case _:
            return f"the accuracy of {own} ({test_set}) minus that of {against}"


def _named(method: str) -> str:
    """A method within a sentence: what is no proper name and more than a word has an article."""
    name = verdicts.variant(method)
    return f"the {name}" if name[0].islower() and " " in name and method != "all" else name


def _counts(entries: list[dict], subject: str, confidence: float) -> str:
    """How many cases have each verdict, and how many keep it after the correction where not all do."""
    counts = {word: sum(entry["verdict"] == word for entry in entries) for word in ORDER}
    said = [(labels.word(count), be(count), word) for word, count in counts.items() if count]
    if len(entries) == 1:
        text = f"The case is {said[0][2]}"
    elif len(said) == 1:
        text = f"All {said[0][0]} {_plural(subject, 2)} are {said[0][2]}"
    else:
        parts = [" ".join(words) for words in said]
        text = f"Of the {labels.word(len(entries))} {_plural(subject, 2)}, {labels.listing(parts)}"
    for word in (SUPPORTED, REFUTED):
        own = [entry for entry in entries if entry["verdict"] == word]
        kept = sum(entry["holm"] < level(confidence) for entry in own)
        if kept < len(own):
            several = f" ({word} after Holm's correction: {labels.word(kept) if kept else 'none'})"
            text += several if len(entries) > 1 else ", though not after Holm's correction"
    return f"{text}."


def _placebos(entries: list[dict]) -> str:
    passing = [name for entry in entries if entry["verdict"] == SUPPORTED for name in entry["passed_by"]]
    if not passing:
        return ""
    names = [verdicts.placebo(name) for name in dict.fromkeys(passing)]
    return f"This is not specific: {labels.listing(names)} {'passes' if len(names) == 1 else 'pass'} too."


def _plural(noun: str, count: int) -> str:
    """The plural of a noun phrase whose first noun is its head: walk before the descent -> walks before the descent."""
    if count == 1:
        return noun
    if noun.endswith("sis"):
        return f"{noun.removesuffix('is')}es"
    head, space, rest = noun.partition(" ")
    return f"{head}s{space}{rest}"


def be(count: int) -> str:
    """The verb that goes with a count: is or are."""
    return "is" if count == 1 else "are"
