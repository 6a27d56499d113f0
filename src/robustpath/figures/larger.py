"""What the figure of the scale check and its caption share: names of rows, the words of the finding, the evidence."""

from collections.abc import Mapping

import pandas as pd

from robustpath import models
from robustpath.figures import captions
from robustpath.models.ensemble_mlp import COUNT
from robustpath.records import labels
from robustpath.statistics.evidence import OOD
from robustpath.statistics.larger import CONTRASTS, LARGER, OPPOSITE, OUTCOMES, SAME, SMALL, YARDSTICKS, shared

COLOURS = {"minima": "#D55E00", "batches": "#0072B2", "shortcuts": "#009E73"}
OTHERS = "0.35"  # of a method that no contrast has
TICKS = {1 / 4: "1/4", 1 / 2: "1/2", 3 / 4: "3/4", 1: "1", 1.5: "1.5", 2: "2", 3: "3", 4: "4", 8: "8"}
SIDES = {SMALL: "small images, perceptron", LARGER: "larger images, convolutions"}
LACKING = "Left out: no experiment compares the methods of a contrast at both scales with a ruler at both."


def title(row: Mapping) -> str:
    """A contrast: its two methods."""
    return f"{labels.method(row['method'])} less {labels.method(row['other'])}"


def measured(row: Mapping) -> str:
    """A method whose ratio is shown."""
    return labels.method(row["method"]) + (" (a yardstick)" if row["method"] in YARDSTICKS else "")


def condition(level: float, kind: str, shifted: bool) -> str:
    """Label noise and, where test data of several kinds are shown, which: "20 % noise, shifted"."""
    noise = "clean" if level == 0 else f"{100 * level:g} % noise"
    return noise + ("" if not shifted else ", shifted" if kind == OOD else ", in distribution")


def finding(found: pd.DataFrame) -> str:
    """In LaTeX: how many differences have each outcome."""
    counts = found["outcome"].value_counts()
    parts = []
    for outcome in OUTCOMES:
        number = int(counts.get(outcome, 0))
        one, several = ("has", "have") if outcome in (SAME, OPPOSITE) else ("is", "are")
        if number:
            parts.append(f"{labels.word(number)} {one if number == 1 else several} {outcome}")
    return f"Of {labels.word(len(found))} differences between two methods, {labels.listing(parts)}."


def evidence(found: pd.DataFrame, table: pd.DataFrame, settings: Mapping) -> str:
    """For a caption, in LaTeX: data sets, networks and seeds at both scales."""
    pairs = [pair for each in CONTRASTS if each.family in set(found["family"].unique()) for pair in each.pairs]
    experiments, percent = settings["experiments"], rf"{100 * settings['confidence']:g}\,\%"
    parts = []
    for small, larger in dict.fromkeys(pairs):
        listed = labels.listing(
            [labels.escape(labels.dataset(each)) for each in shared(settings, small, larger)[small]]
        )
        seeds = f"{experiments[small]['seeds']} and {experiments[larger]['seeds']} seeds"
        parts.append(f"{small.replace('_', ' ')}: {listed} ({seeds})")
    network = labels.escape(labels.network(experiments[pairs[0][1]].get("model", models.DEFAULT)))
    facts = [
        f"Data at the small and the larger scale: {'; '.join(parts)}. Network at the larger scale: {network}.",
        f"Differences have {percent} $t$ intervals over paired seeds with data sets as strata, ratios {percent} "
        "percentile intervals of a bootstrap; neither is corrected for their number.",
        f"The ensemble takes {labels.word(COUNT)} times the passes." if "larger_ensembles" in experiments else "",
        captions.chosen(1),
        captions.diverged(
            table[table["draw"] == 0], [experiment for pair in dict.fromkeys(pairs) for experiment in pair]
        ),
    ]
    return " ".join(filter(None, facts))
