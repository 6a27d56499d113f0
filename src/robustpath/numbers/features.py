"""Macros of the features of a training set: how well they predict reliance on a shortcut, and the causal check."""

import pandas as pd

from robustpath.numbers.macros import Macros, Number, fitting, made, reads
from robustpath.records import labels
from robustpath.records.labels import KNOBS, MISSING
from robustpath.statistics.features import (
    CHANGES,
    JUDGED,
    SUBSETS,
    SWEEP,
    Datamodel,
    Score,
    Sweep,
    Verdict,
    checked,
    datamodel,
    swept,
)

NEEDS = {
    SWEEP: {"equals": {"design": "sweep"}, "least": {"settings": 4}},
    SUBSETS: {"equals": {"design": "subsets"}, "least": {"settings": 4}},
    CHANGES: {"equals": {"design": "changes"}, "least": {"settings": 5}},
}


def collect(table: pd.DataFrame, settings: dict) -> dict[str, Number]:
    """Name -> Number; what the records lack is said to be not measured."""
    table = fitting(table, NEEDS, settings)
    there, confidence = set(table.loc[table["metric"] == JUDGED, "experiment"]), settings["confidence"]
    knobs = swept(table, confidence, [JUDGED]) if SWEEP in there else None
    learnt = datamodel(table, confidence) if SUBSETS in there else None
    check = None
    if learnt and CHANGES in there:
        check = checked(table, learnt, confidence).verdict
    return {**made(_knobs, knobs), **made(_datamodel, learnt), **made(_check, check)}


@reads(SWEEP)
def _knobs(found: Sweep | None) -> Macros:
    """How well the knobs predict the reliance on the attribute on settings held out, and the largest share."""
    placebo, largest, share, span = MISSING, MISSING, MISSING, MISSING
    if found:
        placebo = labels.score(found.placebo.mean)
        shares = found.shares[JUDGED]
        if shares["first"].notna().any():
            top = shares.loc[shares["first"].idxmax()]
            largest, share = KNOBS[top["knob"]], labels.percent(top["first"], 0)
            span = labels.percent_range(top["first_low"], top["first_high"], 0)
    what = "reliance on the attribute over knobs of the training set"
    return {
        **_score("FeatureSweep", found.scores[JUDGED] if found else None, f"{what}, settings held out"),
        "FeatureSweepPlacebo": (placebo, f"{what}, mean held-out R^2 with knobs permuted between settings"),
        "FeatureLargestKnob": (largest, f"{what}, knob with the largest share of the predicted variance"),
        "FeatureLargestShare": (share, f"{what}, share of that knob, per cent"),
        "FeatureLargestShareInterval": (span, f"{what}, share of that knob, interval"),
    }


@reads(SUBSETS)
def _datamodel(found: Datamodel | None) -> Macros:
    """How well the numbers of examples of the groups predict the reliance on the attribute on subsets held out."""
    what = "reliance on the attribute over examples of each group, subsets held out"
    return _score("FeatureDatamodel", found.score if found else None, what)


@reads(SUBSETS, CHANGES)
def _check(found: Verdict | None) -> Macros:
    """The causal check of the datamodel at the most added minority examples."""
    verdict, change, predicted, measured, span, majority = (MISSING,) * 6
    if found:
        verdict, change = found.word, labels.count(found.change)
        predicted, measured = labels.points(found.predicted), labels.points(found.minority)
        span, majority = labels.points_range(found.low, found.high), labels.points(found.majority)
    what = "reliance on the attribute with added minority examples less without, points"
    return {
        "FeatureCheckVerdict": (verdict, "predicted effect of added minority examples, confirmed or refuted"),
        "FeatureCheckExamples": (change, "how many minority examples were added in the causal check"),
        "FeatureCheckPredicted": (predicted, f"{what}, predicted by the datamodel"),
        "FeatureCheckMeasured": (measured, f"{what}, measured"),
        "FeatureCheckMeasuredInterval": (span, f"{what}, interval of the measured effect"),
        "FeatureCheckPlacebo": (
            majority,
            "reliance on the attribute with the same number of majority examples added, points",
        ),
    }


def _score(prefix: str, found: Score | None, what: str) -> Macros:
    """R^2 and rank correlation with their intervals."""
    macros: Macros = {}
    for name, field, words in (("RSquared", "r2", "R^2"), ("Rank", "rank", "Spearman's rank correlation")):
        value, span = MISSING, MISSING
        if found:
            value, low, high = (labels.score(getattr(found, f"{field}{end}")) for end in ("", "_low", "_high"))
            span = f"[{low}, {high}]"
        macros[f"{prefix}{name}"] = (value, f"{what}: {words}")
        macros[f"{prefix}{name}Interval"] = (span, f"{what}: {words}, interval")
    return macros
