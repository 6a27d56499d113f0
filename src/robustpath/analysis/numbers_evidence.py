"""Macros of what the evidence is worth: how often a verdict is wrong, and which effect the seeds can find."""

import pandas as pd

from robustpath.analysis import calibration, labels
from robustpath.analysis.aggregates import runs_needed, smallest_effect
from robustpath.analysis.evidence import accuracies, gains
from robustpath.analysis.labels import MISSING
from robustpath.analysis.macros import Macros, Number, made, reads
from robustpath.analysis.selection import select

EXPERIMENT = "minima"
POWER = 0.8
RATES = {
    "FalsePositive": ("difference", 0.0, "verdict", "claims without an effect that get a verdict by interval and test"),
    "FalseSupport": ("difference", 0.0, "claim_corrected", "claims without an effect that are supported after Holm"),
    "FalseFamily": ("difference", 0.0, "family", "families without an effect in which some claim is supported"),
    "FalseInequivalence": ("inequivalence", 0.0, "supported", "equal methods that are called inequivalent"),
    "FalseEquivalence": ("inequivalence", None, "refuted", "methods a margin apart that are called equivalent"),
}


def collect(table: pd.DataFrame, settings: dict, simulated: pd.DataFrame | None) -> dict[str, Number]:
    """Name -> Number; what was not simulated or run is said to be not measured."""
    return made(_calibration, simulated, settings["confidence"]) | made(_smallest, table, settings)


@reads(EXPERIMENT)
def _calibration(simulated: pd.DataFrame | None, confidence: float) -> Macros:
    """Shares of wrong verdicts on simulated claims."""
    found, macros = None if simulated is None else calibration.rates(simulated, confidence), {}
    for name, (rule, effect, event, what) in RATES.items():
        row = None
        if found is not None:
            rows = found[(found["rule"] == rule) & (found["event"] == event)]
            rows = rows[rows["effect"] == effect] if effect is not None else rows[rows["effect"] > 0]
            row = rows.iloc[0] if len(rows) else None
        rate, span, count = MISSING, MISSING, MISSING
        if row is not None:
            rate, span = labels.percent(row["rate"]), labels.percent_range(row["low"], row["high"])
            count = labels.count(row["count"])
        macros[f"{name}Rate"] = (rate, f"simulated: {what}, per cent")
        macros[f"{name}Interval"] = (span, f"simulated: {what}, interval")
        macros[f"{name}Count"] = (count, f"simulated: number of cases that the share of {what} is of")
    return macros


@reads(EXPERIMENT)
def _smallest(table: pd.DataFrame, settings: dict) -> Macros:
    """The smallest true difference to the reference that the study's seeds find in four cases of five."""
    value, spread, price = MISSING, MISSING, MISSING
    own = table[table["experiment"] == EXPERIMENT]
    if len(own):
        held = accuracies(select(own)).drop(columns="draw")
        seeds = gains(held[held["test_set"] == "none"], settings["reference"])
        seeds = seeds.groupby(["method", "label_noise", "seed"])["value"].mean()
        deviation, count = seeds.groupby(["method", "label_noise"]).std().median(), own["seed"].nunique()
        if pd.notna(deviation) and deviation > 0:
            alpha = 1 - settings["confidence"]
            value, spread = (
                f"{100 * number:.2f}" for number in (smallest_effect(deviation, count, alpha, POWER), deviation)
            )
            price = labels.word(runs_needed(0.01, deviation, alpha, POWER))
    what = "minima: paired differences in accuracy to the reference, median over methods and label noise"
    return {
        "SmallestEffect": (value, f"smallest difference found with power {POWER:g}, points ({what})"),
        "DifferenceSpread": (spread, f"standard deviation, points ({what})"),
        "SeedsForOnePoint": (
            price,
            f"seeds that find a difference of one point with power {POWER:g}, in words ({what})",
        ),
        "PowerPercent": (f"{100 * POWER:g}", "power at which the smallest effect is stated, per cent"),
    }
