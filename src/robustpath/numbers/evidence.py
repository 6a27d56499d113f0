"""Macros of what the evidence is worth: how often a verdict is wrong, and which effect the seeds can find."""

import numpy as np
import pandas as pd

from robustpath.claims import verdict_errors
from robustpath.claims.verdict_errors import RETRAINING, SEEDS, SIGNS
from robustpath.numbers.macros import Macros, Number, made, reads
from robustpath.numbers.minima import LEVELS
from robustpath.records import labels, test_scores
from robustpath.records.labels import MISSING
from robustpath.records.selection import select
from robustpath.statistics.aggregates import runs_needed, sign_flips, smallest_effect, tuning_curves
from robustpath.statistics.comparison import seed_means
from robustpath.statistics.evidence import accuracies, gains
from robustpath.statistics.intervals import average, paired

EXPERIMENT = "minima"
COMPARISON = "data_efficiency"
POWER = 0.8
NO_EFFECT = "claims without an effect"
RATES = {
    "FalsePositive": (SIGNS, "difference", 0.0, "verdict", f"{NO_EFFECT} that get a verdict by interval and test"),
    "IntervalAlone": (SIGNS, "difference", 0.0, "interval", f"{NO_EFFECT} that would get one by the interval alone"),
    "SkewedPositive": (SEEDS, "difference", 0.0, "verdict", f"{NO_EFFECT}, skew kept, that get a verdict"),
    "SkewedAlone": (SEEDS, "difference", 0.0, "interval", f"{NO_EFFECT}, skew kept, that would by the interval alone"),
    "Retrained": (RETRAINING, "difference", 0.0, "verdict", "claims on the reference retrained that get a verdict"),
    "FalseSupport": (SIGNS, "difference", 0.0, "claim_corrected", f"{NO_EFFECT} that are supported after Holm"),
    "FalseFamily": (SIGNS, "difference", 0.0, "family", "families without an effect in which some claim is supported"),
    "FalseInequivalence": (SIGNS, "inequivalence", 0.0, "supported", "equal methods that are called inequivalent"),
    "PowerAtMargin": (SIGNS, "difference", None, "supported", "claims with an effect of the margin that are supported"),
    "FalseEquivalence": (SIGNS, "inequivalence", None, "refuted", "methods a margin apart that are called equivalent"),
}


def collect(table: pd.DataFrame, settings: dict, simulated: pd.DataFrame | None) -> dict[str, Number]:
    """Name -> Number; what was not simulated or run is said to be not measured."""
    return {
        **made(_calibration, simulated, settings["confidence"]),
        **made(_smallest, table, settings),
        **made(_tests, table, settings),
        **made(_tuning, table, settings),
    }


@reads(EXPERIMENT)
def _calibration(simulated: pd.DataFrame | None, confidence: float) -> Macros:
    """Shares of wrong verdicts on simulated claims, and of right ones where the effect is as large as the margin."""
    found, margin = None if simulated is None else verdict_errors.rates(simulated, confidence), None
    if found is not None and (found["rule"] == "inequivalence").any():
        margin = found.loc[found["rule"] == "inequivalence", "effect"].max()
    words = MISSING if margin is None else f"{margin:g}"
    macros: Macros = {"EquivalenceMargin": (words, "margin of equivalence in the simulated claims, points")}
    for name, (equal_by, rule, effect, event, what) in RATES.items():
        row = None
        if found is not None:
            own = (found["equal_by"] == equal_by) & (found["rule"] == rule) & (found["event"] == event)
            rows = found[own & (found["effect"] == (margin if effect is None else effect))]
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
    """The smallest true difference to the reference that the study's seeds find in four cases of five, at the lowest
    label noise and at the highest, between which differences scatter quite unlike."""
    own = table[table["experiment"] == EXPERIMENT]
    ends, count, alpha = [np.nan, np.nan], own["seed"].nunique(), 1 - settings["confidence"]
    if len(own):
        held = accuracies(select(own)).drop(columns="draw")
        seeds = gains(held[held["test_set"] == "none"], settings["reference"])
        seeds = seeds.groupby(["method", "label_noise", "seed"])["value"].mean()
        ends = seeds.groupby(["method", "label_noise"]).std().groupby("label_noise").median().iloc[[0, -1]]
    macros: Macros = {"PowerPercent": (f"{100 * POWER:g}", "power at which the smallest effect is stated, per cent")}
    for (place, words), deviation in zip(LEVELS.items(), ends, strict=True):
        smallest, spread, price = MISSING, MISSING, MISSING
        if deviation > 0:
            smallest = labels.percent(smallest_effect(deviation, count, alpha, POWER), 2)
            spread = labels.percent(deviation, 2)
            price = labels.word(runs_needed(0.01, deviation, alpha, POWER))
        what = f"minima, {words}: paired differences in accuracy to the reference, median over methods"
        macros[f"SmallestEffect{place}"] = (
            smallest,
            f"smallest difference found with power {POWER:g}, points ({what})",
        )
        macros[f"DifferenceSpread{place}"] = (spread, f"standard deviation, points ({what})")
        macros[f"SeedsForOnePoint{place}"] = (price, f"seeds that find one point with power {POWER:g} ({what})")
    return macros


@reads(COMPARISON)
def _tests(table: pd.DataFrame, settings: dict) -> Macros:
    """How often the t test and the sign-flip test of a method against the reference say the same."""
    scores = test_scores(select(table), COMPARISON)
    means = seed_means(scores[scores["shift_family"] == "none"]).drop(columns="shift_family")
    level = 1 - settings["confidence"]
    found = paired(means, [], settings["reference"], settings["confidence"]).merge(
        sign_flips(means, settings["reference"]), on="method", suffixes=("_t", "_flips")
    )
    agree = (found["p_t"] < level) == (found["p_flips"] < level)
    what = "comparisons with the reference, accuracy in distribution, uncorrected"
    return {
        "TestsCompared": (labels.word(len(found)), f"{what}: number"),
        "TestsAgreeing": (labels.word(int(agree.sum())), f"{what}: t test and sign flips both reject, or neither does"),
    }


@reads(COMPARISON)
def _tuning(table: pd.DataFrame, settings: dict) -> Macros:
    """Accuracy in distribution with one draw of the hyperparameters and with all, and what is best with one."""
    curves = average(tuning_curves(table, COMPARISON), ["dataset", "train_size", "label_noise"])
    means = curves.groupby(["draws", "method"])["value"].mean()
    most, macros = int(curves["draws"].max()), {}
    for name, draws in {"One": 1, "All": most}.items():
        own, words = means.loc[draws], "one draw" if draws == 1 else f"the best of {labels.word(draws)} draws"
        best = own.idxmax()
        what = f"accuracy in distribution with {words} of the hyperparameters"
        reference = labels.percent(own[settings["reference"]])
        macros[f"Tuned{name}Reference"] = (reference, f"the reference's {what}, per cent")
        macros[f"Tuned{name}Best"] = (labels.method(best), f"method with the highest {what}")
        macros[f"Tuned{name}BestAccuracy"] = (labels.percent(own[best]), f"highest {what}, per cent")
    return macros
