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
