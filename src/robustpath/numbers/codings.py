"""Macros of losses on activations: what the double well changes where plain training serves the worst group best."""

import pandas as pd

from robustpath.numbers.macros import Macros, Number, difference, fitting, made, reads
from robustpath.records import labels
from robustpath.records.labels import MISSING
from robustpath.statistics import matched

LOSSES, BASES, OURS, COST = "activation_losses", "activation_references", "double_well", 0.5
WORST, FACTORS = "accuracy_worst_group", "polysemanticity"
NEEDS = {
    LOSSES: {"groups": True, "hyperparameters": ["strength"], "grid": ["strength"], "within": BASES},
    BASES: {"methods": ["reference"]},
}


def collect(table: pd.DataFrame, settings: dict) -> dict[str, Number]:
    """Name -> Number; what the records lack is said to be not measured."""
    return made(_double_well, _compared(fitting(table, NEEDS, settings), settings))


def _compared(table: pd.DataFrame, settings: dict) -> dict[str, pd.DataFrame] | None:
    """Metric -> a row of the double well and one of the base (`ours`, `base`) on the data set where the base's worst
    group is the most accurate; None where one is missing. At the strength that costs at most half a point of
    accuracy."""
    reference = settings["reference"]
    methods = {name: set(table.loc[table["experiment"] == name, "method"]) for name in (LOSSES, BASES)}
    if OURS not in methods[LOSSES] or reference not in methods[LOSSES] | methods[BASES]:
        return None
    base = matched.Base(LOSSES if reference in methods[LOSSES] else BASES, reference)
    arms = matched.arms(table, LOSSES, base, COST)
    found = {metric: matched.compared(arms, metric, settings["confidence"]) for metric in (WORST, FACTORS)}
    known = found[WORST][found[WORST]["method"] == reference].set_index("dataset")["mean"]
    own = found[WORST][found[WORST]["method"] == OURS]["dataset"]
    place = known[known.index.isin(own)].idxmax()
    names = {OURS: "ours", reference: "base"}
    return {
        metric: rows[(rows["dataset"] == place) & rows["method"].isin(names)].set_index("method").rename(names)
        for metric, rows in found.items()
    }


@reads(LOSSES, BASES)
def _double_well(found: dict[str, pd.DataFrame] | None) -> Macros:
    """The worst-group accuracy of the double well less that of plain training, and the factors that a unit separates
    under both."""
    place, plain, ours, row = MISSING, MISSING, MISSING, None
    if found:
        place = labels.escape(labels.dataset(found[WORST].loc["ours", "dataset"]))
        plain, ours = (labels.score(found[FACTORS].loc[name, "mean"]) for name in ("base", "ours"))
        ends = ["difference", "difference_low", "difference_high"]
        row = found[WORST].loc["ours", ends].set_axis(["mean", "low", "high"])
    what = "data set on which the worst group of plain training is the most accurate"
    return {
        "DoubleWellDataset": (place, f"losses on activations: {what}"),
        "DoubleWellFactors": (ours, f"factors that a unit separates under the double well, on the {what}"),
        "PlainFactors": (plain, f"factors that a unit separates under plain training, on the {what}"),
        **difference("DoubleWellWorst", row, f"worst-group accuracy, double well minus plain training, on the {what}"),
    }
