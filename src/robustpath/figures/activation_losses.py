"""What the table and figure of losses on activations share: kinds of losses, and findings as sentences in LaTeX."""

from collections.abc import Iterable, Mapping

import pandas as pd

from robustpath.claims import verdicts
from robustpath.figures import style
from robustpath.figures.streams import interval_words
from robustpath.records import labels
from robustpath.statistics.stratified import Estimate

# Parts of the names of methods: what a loss asks of an activation.
KINDS = {
    "two values a unit": ("double_well", "entropy", "sigmoid", "straight_through", "binary"),
    "few active units": ("hoyer", "l1"),
}
NONE, OTHERS = "no loss on activations", "other losses"
LOOKS = {
    NONE: (style.COLOURS[0], "o"),
    "two values a unit": (style.COLOURS[4], "s"),
    "few active units": (style.COLOURS[5], "^"),
    OTHERS: (style.COLOURS[3], "D"),
}
NOTHING = "Nothing is compared: the experiment has no loss beside its base."


def kind(method: str, reference: str) -> str:
    """What the loss of a method asks of activations."""
    if method == reference:
        return NONE
    return next((name for name, parts in KINDS.items() if any(part in method for part in parts)), OTHERS)


def by_kind(methods: Iterable[str], reference: str) -> dict[str, list[str]]:
    """The methods by kind, in the order of LOOKS; kinds without a method are left out."""
    found: dict[str, list[str]] = {name: [] for name in LOOKS}
    for method in methods:
        found[kind(method, reference)].append(method)
    return {name: own for name, own in found.items() if own}


def arms(chosen: pd.DataFrame, mixed: pd.DataFrame, worst: pd.DataFrame, points: float) -> str:
    """chosen: as `matched.strengths` gives it; mixed, worst: polysemanticity and worst-group accuracy as
    `matched.compared` gives them. On each data set, of the arms that keep the accuracy, the one that lowers
    polysemanticity the most and the one that gains the most on the worst group."""
    sentences = []
    for dataset, own in chosen.groupby("dataset", sort=False):
        kept = own.loc[own["kept"], "method"]
        lowered, gained = (rows[(rows["dataset"] == dataset) & rows["method"].isin(kept)] for rows in (mixed, worst))
        start = f"On {labels.escape(labels.dataset(dataset))}, {_many(len(kept), len(own))} within {points:g} points"
        if lowered["difference"].notna().any() and gained["difference"].notna().any():
            low, high = lowered.loc[lowered["difference"].idxmin()], gained.loc[gained["difference"].idxmax()]
            start += (
                f"; of these, polysemanticity falls most under {labels.method(low['method'])} "
                f"({difference_words(low, points=False)}), worst-group accuracy is highest under "
                f"{labels.method(high['method'])} ({difference_words(high)})"
            )
        sentences.append(f"{start}.")
    return " ".join(sentences) or NOTHING


def _many(kept: int, total: int) -> str:
    return f"{labels.word(kept)} of {labels.word(total)} losses {'stays' if kept == 1 else 'stay'}"


def difference_words(row: pd.Series, points: bool = True) -> str:
    """The difference of an arm to the base with its interval, in points or as a number."""
    if points:
        ends = {end: row[f"difference_{end}"] for end in ("low", "high")}
        return interval_words(pd.Series({"mean": row["difference"], **ends}))
    return f"{labels.signed(row['difference'])} {number_range(row['difference_low'], row['difference_high'])}"


def number_range(low: float, high: float) -> str:
    """An interval of signed numbers in LaTeX."""
    return "[--]" if pd.isna(low) else rf"\mbox{{[{labels.signed(low)}, {labels.signed(high)}]}}"


def link(found: Mapping[str, Estimate]) -> str:
    """By data set: the partial correlation of polysemanticity with the worst-group error, with its interval."""
    parts = [
        f"{verdicts.number(each.effect, 'correlation')} {_ends(each)} on {labels.escape(labels.dataset(name))}"
        for name, each in found.items()
    ]
    if not parts:
        return NOTHING
    return (
        "Once the accuracy in distribution is taken out of both, the rank correlation of polysemanticity with the "
        f"worst-group error is {labels.listing(parts)}."
    )


def _ends(found: Estimate) -> str:
    if pd.isna(found.low):
        return f"({labels.escape(found.interval)})"
    return number_range(found.low, found.high)
