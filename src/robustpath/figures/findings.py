"""Findings on streams as sentences in LaTeX, from tables of `statistics.streams`: the bold beginnings of captions.

A sentence says that something changes only where the whole interval lies on one side of zero.
"""

import pandas as pd

from robustpath.figures.streams import noise_words
from robustpath.records import labels

BOUNDS = ("joint",)  # trained on all tasks at once: no method of a stream is compared with it


def change(
    row: pd.Series, verbs: tuple[str, str] = ("gains", "loses"), undecided: str = "shows no clear change"
) -> str:
    """What a paired difference says, with its numbers: "loses ($-9.1$ [$-10.2$, $-8.0$] points)"."""
    verb = verbs[0] if row["low"] > 0 else verbs[1] if row["high"] < 0 else undecided
    return f"{verb} ({_numbers(row)})"


def budgets(differences: pd.DataFrame, reference: str) -> str:
    """Columns label_noise, method, evaluations, mean, low, high: the change from the smallest budget to each larger.

    What becomes of the reference at the largest budget at each label noise, and which method gains most at the highest.
    """
    most = differences["evaluations"].max()
    last = differences[differences["evaluations"] == most]
    own = last[last["method"] == reference].sort_values("label_noise")
    parts = [f"{change(row)} {noise_words(row['label_noise'])}" for _, row in own.iterrows()]
    others = last[~last["method"].isin([reference, *BOUNDS]) & (last["label_noise"] == last["label_noise"].max())]
    best = others.loc[others["mean"].idxmax()]
    return (
        f"With more steps on each batch, {labels.method(reference)} {labels.listing(parts)}; of all others, "
        f"{labels.method(best['method'])} has the highest change {noise_words(best['label_noise'])}: it {change(best)}."
    )


def best_arms(accuracy: pd.DataFrame, averaged: pd.DataFrame) -> str:
    """accuracy: columns label_noise, method, mean, low, high; averaged: the same, of the difference that averaging the
    weights makes to the final accuracy. The most accurate method at each label noise, and how many averaging helps."""
    rows = accuracy[~accuracy["method"].isin(BOUNDS)]
    parts = []
    for level, own in rows.groupby("label_noise"):
        best = own.loc[own["mean"].idxmax()]
        parts.append(
            rf"{labels.method(best['method'])} {noise_words(level)} ({labels.percent(best['mean'])}\,\% "
            f"{labels.percent_range(best['low'], best['high'])})"
        )
    own = averaged[averaged["label_noise"] == averaged["label_noise"].max()]
    helped, hurt = _how_many(own["low"] > 0), _how_many(own["high"] < 0)
    return (
        f"The highest final accuracies of {labels.count(rows['method'].nunique())} methods are those of "
        f"{labels.listing(parts)}; averaging the weights raises the accuracy of {helped} of "
        f"{labels.word(len(own))} methods and lowers that of {hurt} "
        f"{noise_words(own['label_noise'].max())}."
    )


def anchors(differences: pd.DataFrame) -> str:
    """Columns label_noise, best, age, mean, low, high: the final accuracy of the anchor whose age validation prefers,
    less that of the anchor of each other age. What it gains on the two ends: before the batch, and run-long."""
    parts = []
    for level, own in differences.groupby("label_noise"):
        rows, best = own.set_index("age"), own["best"].iloc[0]
        ends = ((0.0, "over the model before the batch"), (1.0, "over the model at the start"))
        said = [f"{_numbers(rows.loc[age])} {words}" for age, words in ends if age in rows.index]
        parts.append(f"{horizon(best)} {noise_words(level)} ({labels.listing(said)})")
    return f"The best anchor of a ball is {labels.listing(parts)}."


def distances(differences: pd.DataFrame, reference: str, words: dict[str, str], limit: float) -> str:
    """Columns experiment, method, mean, low, high, holm: the final accuracy of each ball less that of the reference, p
    corrected within an experiment. words: of the experiments; limit: below which a corrected p counts."""
    parts = []
    for experiment, said in words.items():
        own = differences[differences["experiment"] == experiment]
        sure = own["holm"] < limit
        below, above = (_how_many(sure & side) for side in (own["mean"] < 0, own["mean"] > 0))
        last = own.loc[own["mean"].idxmin()]
        parts.append(
            f"{said}, {below} of {labels.word(len(own))} other distances end below {labels.method(reference)} and "
            f"{above} above (lowest: {labels.method(last['method'])}, {_numbers(last)})"
        )
    sentence = "; ".join(parts)
    return f"{sentence[0].upper()}{sentence[1:]}."


def horizon(age: float) -> str:
    """The age of an anchor in words: over about how many batches its mean reaches back."""
    if age in (0.0, 1.0):
        return "the model before the batch" if age == 0.0 else "the model at the start"
    return f"a mean over about {labels.count(1 / (1 - age))} batches"


def _how_many(rows: pd.Series) -> str:
    return labels.word(int(rows.sum())) if rows.any() else "none"


def _numbers(row: pd.Series) -> str:
    return f"{labels.points(row['mean'])} {labels.points_range(row['low'], row['high'])} points"
