"""Macros of what two experiments compare: walks that begin early and late, and the best of few and of many draws."""

import pandas as pd

from robustpath.numbers.macros import Macros, Number, difference, fitting, known_methods, made, reads
from robustpath.numbers.minima import LEVELS
from robustpath.records import labels
from robustpath.records.labels import MISSING, macro
from robustpath.statistics.contrasts import after_draws, walked
from robustpath.statistics.intervals import holm

WALKS = "walk_levels"
HEADLINE = "headline"
NEEDS = {
    WALKS: {"hyperparameters": ["descended", "share", "step_length"], "absent_or_present": ["step_length"]},
    HEADLINE: {"compares": "reference"},
}


def collect(table: pd.DataFrame, settings: dict) -> dict[str, Number]:
    """Name -> Number; what the records lack is said to be not measured."""
    table = fitting(table, NEEDS, settings)
    there, confidence = set(table["experiment"].unique()), settings["confidence"]
    walks = walked(table, WALKS, confidence) if WALKS in there else None
    draws = after_draws(table, HEADLINE, settings["reference"], confidence) if HEADLINE in there else None
    return {**made(_walks, walks, settings), **made(_draws, draws, settings)}


@reads(WALKS)
def _walks(contrasts: pd.DataFrame | None, settings: dict) -> Macros:
    """How many walks differ from standing still, in which direction, and the extremes."""
    macros: Macros = {}
    counts = dict.fromkeys(["", "Higher", "Lower", "Holm"], MISSING)
    if contrasts is not None:
        stands = int((holm(contrasts["p"]) < 1 - settings["confidence"]).sum())
        found = [len(contrasts), int((contrasts["low"] > 0).sum()), int((contrasts["high"] < 0).sum()), stands]
        counts = dict(zip(counts, map(labels.count, found), strict=True))
    meanings = {
        "": "walks compared with standing still",
        "Higher": "walks whose interval of the difference to standing still lies above zero",
        "Lower": "walks whose interval of the difference to standing still lies below zero",
        "Holm": "walks whose difference to standing still remains after Holm's correction",
    }
    for key, value in counts.items():
        macros[f"WalkLevels{key}Count"] = (value, meanings[key])
    for end in ("Largest", "Smallest"):
        row, where = None, MISSING
        if contrasts is not None:
            row = contrasts.loc[contrasts["mean"].idxmax() if end == "Largest" else contrasts["mean"].idxmin()]
            where = (
                rf"{labels.method(row['method'])}, {100 * row['share']:g}\,\% of the budget after "
                rf"{100 * row['descended']:.3g}\,\% of the descent, {100 * row['label_noise']:g}\,\% label noise"
            )
        what = f"{end.lower()} difference of a walk to standing still"
        macros |= difference(f"WalkLevels{end}", row, what)
        macros[f"WalkLevels{end}Case"] = (where, f"the walk of the {what}")
    return macros


@reads(HEADLINE)
def _draws(contrasts: pd.DataFrame | None, settings: dict) -> Macros:
    """Differences to the reference of the best of all draws and of fewer; how many of them change their verdict."""
    levels, most, few = [None, None], None, None
    if contrasts is not None:
        levels, most = sorted(contrasts["label_noise"].unique()), int(contrasts["draws"].max())
        few = min(3, most)
        contrasts = contrasts.set_index(["label_noise", "method", "draws"])
    macros: Macros = {
        "HeadlineDraws": (MISSING if most is None else labels.word(most), "draws of the headline comparison, in words"),
        "HeadlineFewDraws": (MISSING if few is None else labels.word(few), "the fewer draws beside them, in words"),
    }
    compared, changed = 0, 0
    for name in known_methods(settings):
        for place, words in LEVELS.items():
            level = levels[0] if place == "Clean" else levels[-1]
            rows = []
            for suffix, number in (("", most), ("Few", few)):
                key = (level, name, number)
                rows.append(contrasts.loc[key] if contrasts is not None and key in contrasts.index else None)
                draws = "all" if suffix == "" else "few"
                what = f"{words}, {labels.method(name)}: accuracy of the best of {draws} draws minus the reference's"
                macros |= difference(f"Headline{macro(name)}{place}{suffix}", rows[-1], what)
            if rows[0] is not None:
                sides = [(row["low"] > 0, row["high"] < 0) for row in rows]
                compared, changed = compared + 1, changed + (sides[0] != sides[1])
    known = contrasts is not None
    macros["HeadlineContrastCount"] = (labels.count(compared) if known else MISSING, "comparisons with more draws")
    what = "of these, how many intervals begin or cease to exclude zero, or change sides, from few draws to all"
    return macros | {"HeadlineChangedCount": (labels.count(changed) if known else MISSING, what)}
