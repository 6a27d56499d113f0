"""Macros of the scale check: differences and ratios on small and on larger images, and how many have which outcome."""

import pandas as pd

from robustpath.numbers.efficiency import LEVELS, levels_of, written
from robustpath.numbers.macros import EVERY, Macros, Number, made, reads
from robustpath.records import labels
from robustpath.records.labels import MISSING, macro
from robustpath.statistics.evidence import OOD
from robustpath.statistics.larger import (
    CONTRASTS,
    FOUND,
    LARGER,
    OUTCOMES,
    SMALL,
    YARDSTICKS,
    contrasts,
    ratios,
)

KINDS = {"none": ("Id", ""), OOD: ("Shifted", ", under shift")}
SIDES = {SMALL: "small images, perceptron", LARGER: "larger images, convolutional network"}


def collect(table: pd.DataFrame, settings: dict) -> dict[str, Number]:
    """Name -> Number; what was not measured is said to be so."""
    found = contrasts(table, settings)
    return {
        **made(_outcomes, found, settings),
        **made(_differences, found, settings),
        **made(_ratios, table, settings),
    }


@reads(EVERY)
def _outcomes(found: pd.DataFrame, settings: dict) -> Macros:
    """How many differences there are at both scales, and how many of them have each outcome; the seeds."""
    counts = found["outcome"].value_counts()
    names = ("Same", "Opposite", "OnlySmall", "OnlyLarger", "Neither")
    macros = {"LargerCountWord": (labels.word(len(found)), "differences that are measured at both scales, in words")}
    for name, outcome in zip(names, OUTCOMES, strict=True):
        value = labels.word(int(counts.get(outcome, 0)))
        macros[f"Larger{name}CountWord"] = (value, f"differences measured at both scales: {outcome}, in words")
    there = settings["experiments"].get("larger", {})
    macros["LargerSeeds"] = (labels.count(there["seeds"]) if there else MISSING, "seeds on larger images")
    return macros


@reads(EVERY)
def _differences(found: pd.DataFrame, settings: dict) -> Macros:
    """Each contrast at the lowest and the highest label noise, on small and on larger images, with intervals."""
    cells = found.set_index(FOUND[1:])
    macros: Macros = {}
    for contrast in CONTRASTS:
        own = found[(found["method"] == contrast.method) & (found["other"] == contrast.other)]
        places = levels_of(own)
        for kind, (end, words) in KINDS.items():
            for place, level in LEVELS.items():
                key = contrast.method, contrast.other, places.get(place), kind
                for side, scale in SIDES.items():
                    each = cells.loc[key, side] if key in cells.index else None
                    prefix = (
                        f"Larger{macro(contrast.method)}Minus{macro(contrast.other)}{place}{end}{side.capitalize()}"
                    )
                    pair = f"{labels.method(contrast.method)} less {labels.method(contrast.other)}"
                    what = f"{pair}, {scale} ({level}{words}), percentage points"
                    macros[prefix] = (MISSING if each is None else labels.points(each.effect), what)
                    span = MISSING if each is None else labels.points_range(each.low, each.high)
                    macros[f"{prefix}Interval"] = (span, f"{what}, interval")
    return macros


@reads(EVERY)
def _ratios(table: pd.DataFrame, settings: dict) -> Macros:
    """The data-efficiency ratios of the methods of contrasts that have a ruler at both scales, and of the yardsticks,
    at defaults."""
    found = ratios(table, settings)
    places = levels_of(found)
    cells = found.set_index(["scale", "method", "label_noise", "kind"])
    own = [each for each in CONTRASTS if each.shifted]
    macros: Macros = {}
    for name in dict.fromkeys([*(name for each in own for name in (each.method, each.other)), *YARDSTICKS]):
        for kind, (end, words) in KINDS.items():
            for place, level in LEVELS.items():
                for side, scale in SIDES.items():
                    key = side, name, places.get(place), kind
                    value, span = written(cells.loc[key] if key in cells.index else None)
                    prefix = f"LargerRatio{macro(name)}{place}{end}{side.capitalize()}"
                    what = f"data-efficiency ratio of {labels.method(name)} at defaults, {scale} ({level}{words})"
                    macros[prefix] = (value, what)
                    macros[f"{prefix}Interval"] = (span, f"{what}, interval")
    return macros
