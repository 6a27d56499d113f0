"""Macros of what the evidence is worth: how often a verdict is wrong, and which effect the seeds can find."""

import numpy as np
import pandas as pd

from robustpath.claims import verdict_errors
from robustpath.numbers.macros import Macros, Number, fitting, made, reads
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
NEEDS = {EXPERIMENT: {"compares": "reference"}, COMPARISON: {"compares": "reference"}}
POWER = 0.8
DIRECTIONS = {"Support": ("supported", "supported"), "Refutation": ("refuted", "refuted")}
# Macro -> kind and event of a rate that the text names, and what it is a share of.
RATES = {
    "FalseFamily": ("family", "family", "families of equal methods in which some claim is supported after Holm"),
    "EqualControlsSupport": ("best_control_equal", "supported", "claims against all of equal controls, supported"),
    "EqualControlsRefutation": ("best_control_equal", "refuted", "claims against all of equal controls, refuted"),
    "MarginRefutation": (
        "inequivalence_margin",
        "refuted",
        "methods that differ by the margin and are called equivalent",
    ),
}


def collect(table: pd.DataFrame, settings: dict, simulated: pd.DataFrame | None) -> dict[str, Number]:
    """Name -> Number; what was not simulated or run is said to be not measured."""
    table = fitting(table, NEEDS, settings)
    return {
        **made(_calibration, simulated, settings["confidence"]),
        **made(_smallest, table, settings),
        **made(_tests, table, settings),
        **made(_tuning, table, settings),
    }


@reads(EXPERIMENT)
def _calibration(simulated: pd.DataFrame | None, confidence: float) -> Macros:
    """Shares of wrong verdicts on simulated claims: of all kinds the largest, and those that the text names."""
    found = None if simulated is None or simulated.empty else verdict_errors.rates(simulated, confidence)
    wrong = None if found is None else verdict_errors.errors(found)
    wrong = None if wrong is None or wrong.empty else wrong
    kinds = MISSING if wrong is None else labels.word(wrong["kind"].nunique())
    claims = MISSING if wrong is None else labels.count(wrong["count"].min())
    levels = {"": (1 - confidence, "of both directions"), "Test": ((1 - confidence) / 2, "of each test")}
    macros: Macros = {
        "CalibrationKindWord": (kinds, "simulated claims: kinds of conditions at their thresholds"),
        "CalibrationClaimCount": (claims, "simulated claims: number of each kind, at least"),
    }
    for name, (level, words) in levels.items():
        above = MISSING
        if wrong is not None:
            known = dict.fromkeys(wrong.loc[wrong["low"] > level, "words"])
            above = labels.listing([rf"\emph{{{kind}}}" for kind in known]) if known else "no kind"
        macros[f"Calibration{name}Level"] = (f"{100 * level:.3g}", f"share of wrong verdicts {words}, per cent")
        macros[f"KindsAbove{name}Level"] = (above, f"kinds with an interval of wrong verdicts above that {words}")
    for name, (event, words) in DIRECTIONS.items():
        row = None if wrong is None else wrong[wrong["event"] == event].nlargest(1, "rate").iloc[0]
        what = f"largest share of wrongly {words} claims over the kinds of conditions"
        macros[f"WorstFalse{name}Kind"] = (MISSING if row is None else row["words"], f"kind with the {what}")
        macros |= _rate(f"WorstFalse{name}", row, what)
    for name, (kind, event, what) in RATES.items():
        own = None if found is None else found[(found["kind"] == kind) & (found["event"] == event)]
        macros |= _rate(name, own.iloc[0] if own is not None and len(own) else None, f"share of {what}")
    return macros | _retrained(found) | _power(found)


def _rate(name: str, row: pd.Series | None, what: str) -> Macros:
    """A row of `verdict_errors.rates` as three macros."""
    rate, span, count = MISSING, MISSING, MISSING
    if row is not None:
        rate, span = labels.percent(row["rate"]), labels.percent_range(row["low"], row["high"])
        count = labels.count(row["count"])
    return {
        f"{name}Rate": (rate, f"simulated: {what}, per cent"),
        f"{name}Interval": (span, f"simulated: {what}, interval"),
        f"{name}Count": (count, f"simulated: number of cases of the {what}"),
    }


def _retrained(found: pd.DataFrame | None) -> Macros:
    """How many of the claims on the reference retrained get a verdict: too few for a rate."""
    rows = [] if found is None else found[found["kind"] == verdict_errors.RETRAINING]
    wrong, count = MISSING, MISSING
    if len(rows):
        happened = int(rows["happened"].sum())
        wrong, count = labels.word(happened) if happened else "none", labels.word(int(rows["count"].max()))
    what = "claims on the reference retrained in another order of batches"
    return {
        "RetrainedWrongWord": (wrong, f"{what} that are supported or refuted: number"),
        "RetrainedCountWord": (count, f"{what}: number"),
    }


def _power(found: pd.DataFrame | None) -> Macros:
    """The smallest planted effect with a power of POWER, if there is one."""
    words = MISSING
    if found is not None:
        rows = found[(found["planted"] == verdict_errors.EFFECT) & (found["event"] == "supported")]
        enough = rows.loc[rows["rate"] >= POWER, "truth"]
        words = f"{enough.min():g}" if len(enough) else "more than " + f"{rows['truth'].max():g}"
    what = f"smallest planted difference that at least {100 * POWER:g} per cent of simulated claims find, points"
    return {"SimulatedPower": (words, what)}


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
    compared = agreeing = MISSING
    own = table[table["experiment"] == COMPARISON]
    if len(own):
        scores = test_scores(select(own), COMPARISON)
        means = seed_means(scores[scores["shift_family"] == "none"]).drop(columns="shift_family")
        level = 1 - settings["confidence"]
        found = paired(means, [], settings["reference"], settings["confidence"]).merge(
            sign_flips(means, settings["reference"]), on="method", suffixes=("_t", "_flips")
        )
        agree = (found["p_t"] < level) == (found["p_flips"] < level)
        compared, agreeing = labels.word(len(found)), labels.word(int(agree.sum()))
    what = "comparisons with the reference, accuracy in distribution, uncorrected"
    return {
        "TestsCompared": (compared, f"{what}: number"),
        "TestsAgreeing": (agreeing, f"{what}: t test and sign flips both reject, or neither does"),
    }


@reads(COMPARISON)
def _tuning(table: pd.DataFrame, settings: dict) -> Macros:
    """Accuracy in distribution with one draw of the hyperparameters and with all, and what is best with one."""
    macros: Macros = {}
    means, ends = None, {"One": 1, "All": 1}
    if COMPARISON in set(table["experiment"].unique()):
        curves = average(tuning_curves(table, COMPARISON), ["dataset", "train_size", "label_noise"])
        means, ends = curves.groupby(["draws", "method"])["value"].mean(), {"One": 1, "All": int(curves["draws"].max())}
    for name, draws in ends.items():
        words = "one draw" if draws == 1 else f"the best of {labels.word(draws)} draws"
        reference = best = highest = MISSING
        if means is not None:
            own = means.loc[draws]
            reference, best = labels.percent(own[settings["reference"]]), labels.method(own.idxmax())
            highest = labels.percent(own.max())
        what = f"accuracy in distribution with {words} of the hyperparameters"
        macros[f"Tuned{name}Reference"] = (reference, f"the reference's {what}, per cent")
        macros[f"Tuned{name}Best"] = (best, f"method with the highest {what}")
        macros[f"Tuned{name}BestAccuracy"] = (highest, f"highest {what}, per cent")
    return macros
