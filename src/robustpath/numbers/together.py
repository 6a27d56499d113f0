"""Macros on ingredients of several families used together: effects, interactions, and the verdicts."""

import pandas as pd

from robustpath.numbers.claims import deciding, of_family
from robustpath.numbers.macros import Macros, Number, difference, fitting, made, reads
from robustpath.records import labels
from robustpath.records.labels import MISSING
from robustpath.statistics.factorial import (
    ABSENT,
    EXPERIMENTS,
    FACTORS,
    alone,
    cells,
    contrast,
    design,
    effects,
    subsets,
)

FAMILY = "together"
LEVELS = {"Clean": (0.0, "clean labels")}
PLAIN = "factorial_plain"
PREFERRED = {"": "cal", "Ours": "parallelogram"}  # a suffix of macros, and the acquisition that is present
NEEDS = {PLAIN: {"holds": {"label_noise": 0.0}}} | {name: {"runs_of": PLAIN} for name in EXPERIMENTS if name != PLAIN}
METRIC, WORDS = "area_worst_group", "area under worst-group accuracy over labels"
EVERY, NONE = (True,) * len(FACTORS), (False,) * len(FACTORS)


def collect(table: pd.DataFrame, judged: dict | None, settings: dict) -> dict[str, Number]:
    """Name -> Number; judged: what claims.json says of the family, None where nothing was judged."""
    own = fitting(table[table["experiment"].isin(EXPERIMENTS)], NEEDS, settings)
    whole = set(EXPERIMENTS) <= set(own["experiment"].unique())
    found = cells(own, METRIC) if whole else pd.DataFrame(columns=["method"])
    return {
        **made(_levels, settings),
        **made(_effects, found, settings["confidence"]),
        **made(_together_hypotheses, judged),
    }


@reads(*EXPERIMENTS)
def _levels(settings: dict) -> Macros:
    """Which methods are the levels of the factors, as the config asks for them."""
    there = settings["experiments"]
    names = {"Descent": "factorial_flat", "Coding": "factorial_coded", "Both": "factorial_both"}
    macros = {
        f"Together{key}": (
            labels.escape(labels.method(there[name]["learner"])) if name in there else MISSING,
            f"the training method of {name}",
        )
        for key, name in names.items()
    }
    macros["TogetherAcquisition"] = (labels.method(PREFERRED[""]), "the acquisition that validation data prefer")
    seeds = labels.word(there[PLAIN]["seeds"]) if PLAIN in there else MISSING
    return macros | {"TogetherSeedCountWord": (seeds, "seeds of the factorial, in words")}


@reads(*EXPERIMENTS)
def _effects(found: pd.DataFrame, confidence: float) -> Macros:
    """Effects of the factors and their interactions, all together against each alone, and beyond the sum of these."""
    macros: Macros = {}
    for suffix, name in PREFERRED.items():
        rows = design(found, name) if {ABSENT, name} <= set(found["method"].unique()) else None
        shown = dict.fromkeys(subsets())
        if rows is not None:
            shown |= {row["effect"]: row for _, row in effects(rows, confidence).iterrows()}
        where = f"{WORDS}, the acquisition being {labels.method(name)}"
        for chosen, row in shown.items():
            key = "".join(factor.capitalize() for factor in chosen)
            kind = "effect" if len(chosen) == 1 else "interaction"
            macros |= difference(f"Together{suffix}Effect{key}", row, f"{where}: {kind} of {' and '.join(chosen)}")
        sums = {"None": {EVERY: 1.0, NONE: -1.0}}
        sums |= {factor.capitalize(): {EVERY: 1.0, place: -1.0} for factor, place in alone().items()}
        sums["Sum"] = {EVERY: 1.0, NONE: len(FACTORS) - 1.0} | dict.fromkeys(alone().values(), -1.0)
        said = {"None": "none", "Sum": "the sum of what each changes alone (of the changes)"}
        for key, weights in sums.items():
            row = None if rows is None else contrast(rows, weights, confidence)
            less = said.get(key, f"{key.lower()} alone")
            macros |= difference(f"Together{suffix}AllMinus{key}", row, f"{where}: all three minus {less}")
    return macros


@reads(*EXPERIMENTS)
def _together_hypotheses(judged: dict | None) -> Macros:
    """Verdict, effect, interval, n and p of each hypothesis on ingredients used together."""
    return of_family(FAMILY, judged, LEVELS) | deciding(FAMILY, judged)
