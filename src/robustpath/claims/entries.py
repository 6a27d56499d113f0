"""The entries of a hypothesis in claims.json: conditions put together, and the correction for how many there are."""

import pandas as pd

from robustpath.claims import conditions
from robustpath.claims.conditions import EVENTS, decide, printed
from robustpath.statistics.intervals import holm

DECIDING = ["effect", "low", "high", "n", "unit", "threshold", "side", "what", "against", "interval", "left_out"]
DECIDING += ["detectable"]


def shaped(name: str, level: float, verdict: str, note: str, ps: dict | None = None) -> dict:
    """An entry of one variant at one label noise less its conditions; `ps`: of both events and of the printed one."""
    empty = dict.fromkeys(["p", *EVENTS, "holm", "holm_support", "holm_refute"])
    said = {"variant": name, "label_noise": level, "verdict": verdict, "note": note, "passed_by": []}
    return said | empty | (ps or {})


def weighed(name: str, level: float, found: list[dict], confidence: float, note: str = "") -> dict:
    """The entry of one variant at one label noise whose conditions have these findings.

    It is supported where all are (p: the largest), refuted where one is, at its p times how many there are.
    """
    p_support, p_refute = conditions.conjunction(found)
    verdict = decide(p_support, p_refute, confidence)
    decides = conditions.deciding(found, verdict)
    ps = {"p": printed(verdict, p_support, p_refute), "p_support": p_support, "p_refute": p_refute}
    return shaped(name, level, verdict, note or decides["note"], ps) | {"decides": decides, "conditions": found}


def correct(entries: list[dict]) -> None:
    """Enter Holm's p of both events, each over the entries that have one; and `holm`, that of the printed event."""
    for name in EVENTS:
        own = [entry for entry in entries if entry[name] is not None]
        for entry, p in zip(own, holm(pd.Series([entry[name] for entry in own], dtype=float)), strict=True):
            entry[f"holm_{name[2:]}"] = float(p)
    for entry in entries:
        entry["holm"] = printed(entry["verdict"], entry["holm_support"], entry["holm_refute"])


def brief(entry: dict) -> dict:
    """An entry less what its conditions say beside their numbers."""
    kept = ("what", "against", "effect", "low", "high", "unit", "threshold", "side", "p", "verdict", "note")
    brief = [{name: finding[name] for name in kept} for finding in entry["conditions"]]
    dropped = ("decides", "holm", "holm_support", "holm_refute")
    return {name: value for name, value in entry.items() if name not in dropped} | {"conditions": brief}
