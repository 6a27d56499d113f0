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
    return f"{verb} ({labels.points(row['mean'])} {labels.points_range(row['low'], row['high'])} points)"


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
    helped, hurt = int((own["low"] > 0).sum()), int((own["high"] < 0).sum())
    return (
        f"The highest final accuracies of {labels.count(rows['method'].nunique())} methods are those of "
        f"{labels.listing(parts)}; averaging the weights raises the accuracy of {labels.word(helped)} of "
        f"{labels.word(len(own))} methods and lowers that of {labels.word(hurt) if hurt else 'none'} "
        f"{noise_words(own['label_noise'].max())}."
    )
