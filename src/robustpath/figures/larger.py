"""What the figure of the scale check and its caption share: names of rows, the words of the finding, the evidence."""

from collections.abc import Mapping

import pandas as pd

from robustpath.figures import captions
from robustpath.records import labels
from robustpath.statistics.evidence import OOD
from robustpath.statistics.larger import CONTRASTS, LARGER, OPPOSITE, OUTCOMES, SAME, SMALL, shared

COLOURS = {"minima": "#D55E00", "batches": "#0072B2", "shortcuts": "#009E73"}
SIDES = {SMALL: "small images, perceptron", LARGER: "larger images, convolutions"}
LACKING = "Left out: no experiment compares the methods of a contrast at both scales with a ruler at both."


def title(row: Mapping) -> str:
    """A contrast: its two methods."""
    return f"{labels.method(row['method'])} less {labels.method(row['other'])}"


def measured(row: Mapping) -> str:
    """A method whose ratio is shown."""
    return labels.method(row["method"])


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
    pairs = {pair: each for each in CONTRASTS for pair in each.pairs if each.family in set(found["family"])}
    parts = {SMALL: [], LARGER: []}
    for pair in pairs:
        kept = shared(settings, *pair)
        for side, experiment in zip((SMALL, LARGER), pair, strict=True):
            own = settings["experiments"][experiment]
            listed = labels.listing([labels.escape(labels.dataset(each)) for each in kept[experiment]])
            parts[side].append(f"{experiment.replace('_', ' ')}: {listed}, {own['seeds']} seeds")
    network = settings["experiments"][next(iter(pairs))[1]].get("model", "")
    percent = rf"{100 * settings['confidence']:g}\,\%"
    experiments = [experiment for pair in pairs for experiment in pair]
    return " ".join(
        filter(
            None,
            [
                f"Small: {'; '.join(parts[SMALL])}. Larger: {'; '.join(parts[LARGER])}; network "
                f"{labels.escape(network)}. Differences have {percent} t intervals over paired seeds with data sets as "
                f"strata, ratios {percent} percentile intervals of a bootstrap; neither is corrected for their number.",
                captions.chosen(1),
                captions.diverged(table[table["draw"] == 0], experiments),
            ],
        )
    )
