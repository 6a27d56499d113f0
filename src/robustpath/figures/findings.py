"""Findings on streams as sentences in LaTeX, from tables of `statistics.streams`: the bold beginnings of captions.

A sentence says that something changes only where the whole interval lies on one side of zero.
"""

import pandas as pd

from robustpath.figures.streams import noise_words
from robustpath.records import labels
from robustpath.statistics.streams import Interaction

NOTHING = "Nothing is compared: the experiment has one value or one method alone."
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
    if differences.empty:
        return NOTHING
    most = differences["evaluations"].max()
    last = differences[differences["evaluations"] == most]
    own = last[last["method"] == reference].sort_values("label_noise")
    parts = [f"{change(row)} {noise_words(row['label_noise'])}" for _, row in own.iterrows()]
    others = last[~last["method"].isin([reference, *BOUNDS]) & (last["label_noise"] == last["label_noise"].max())]
    start = f"From the smallest budget to the largest, {labels.method(reference)} {labels.listing(parts)}"
    if others.empty:
        return f"{start}."
    best = others.loc[others["mean"].idxmax()]
    return (
        f"{start}; of all others, {labels.method(best['method'])} changes most {noise_words(best['label_noise'])}: it "
        f"{change(best)}."
    )


def best_arms(accuracy: pd.DataFrame, averaged: pd.DataFrame) -> str:
    """accuracy: columns label_noise, method, mean, low, high; averaged: the same, of the difference that averaging the
    weights makes to the final accuracy. The most accurate method at each label noise, and how many averaging helps."""
    rows = accuracy[~accuracy["method"].isin(BOUNDS)]
    if rows.empty:
        return NOTHING
    parts = []
    for level, own in rows.groupby("label_noise"):
        best = own.loc[own["mean"].idxmax()]
        parts.append(
            rf"{labels.method(best['method'])} {noise_words(level)} ({labels.percent(best['mean'])}\,\% "
            f"{labels.percent_range(best['low'], best['high'])})"
        )
    own = averaged[(averaged["label_noise"] == averaged["label_noise"].max()) & ~averaged["method"].isin(BOUNDS)]
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
    if differences.empty:
        return NOTHING
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
        if own.empty:
            continue
        sure = own["holm"] < limit
        below, above = (_how_many(sure & side) for side in (own["mean"] < 0, own["mean"] > 0))
        last = own.loc[own["mean"].idxmin()]
        parts.append(
            f"{said}, {below} of {labels.word(len(own))} other distances end below {labels.method(reference)} and "
            f"{above} above (lowest: {labels.method(last['method'])}, {_numbers(last)})"
        )
    sentence = "; ".join(parts) or NOTHING.removesuffix(".")
    return f"{sentence[0].upper()}{sentence[1:]}."


def twins(differences: pd.DataFrame) -> str:
    """Columns ball, what, label_noise, mean, low, high, where what is "size" (the line search less plain steps) or
    "direction" (the penalty less the line search): what either adds to the final accuracy."""
    if differences.empty:
        return NOTHING
    parts = []
    for ball in differences["ball"].unique():
        said = []
        for level, own in differences[differences["ball"] == ball].groupby("label_noise"):
            rows = own.set_index("what")
            said.append(f"{_numbers(rows.loc['size'])} and {_numbers(rows.loc['direction'])} {noise_words(level)}")
        parts.append(f"with the {labels.method(ball)}, {', '.join(said)}")
    return (
        "Shorter steps alone change the final accuracy by the first number, and a penalty, which turns them too, by "
        f"the second beyond it: {'; '.join(parts)}."
    )


def kinds(differences: pd.DataFrame, reference: str) -> str:
    """Columns kind, method, mean, low, high: the final accuracy in each kind of stream less that of the reference.

    Where which method is the most accurate, and where none is clearly above the reference.
    """
    if differences.empty:
        return NOTHING
    rows = differences[~differences["method"].isin(BOUNDS)]
    if rows.empty:
        return NOTHING
    best = rows.loc[rows.groupby("kind", sort=False)["mean"].idxmax()]
    ahead, level = best[best["low"] > 0], best[best["low"] <= 0]
    parts = [
        f"{labels.method(method)} on {labels.listing(list(own['kind']))} streams"
        for method, own in ahead.groupby("method", sort=False)
    ]
    parts = [f"The highest final accuracies are those of {labels.listing(parts)}"] if parts else []
    if len(level):
        where = labels.listing(list(level["kind"]))
        parts.append(f"on {where} streams no method ends clearly above {labels.method(reference)}")
    sentence = "; ".join(parts)
    return f"{sentence[0].upper()}{sentence[1:]}."


def codes(differences: pd.DataFrame, found: pd.DataFrame, reference: str, floors: dict[float, float]) -> str:
    """What becomes of the reference from the smallest budget to the largest, and the shortest code at the highest label
    noise beside its floor.

    differences: columns label_noise, method, mean, low, high, in bits a label; found: columns label_noise, method,
    evaluations, mean; floors: in bits, by label noise.
    """
    if differences.empty:
        return NOTHING
    own = differences[differences["method"] == reference].sort_values("label_noise")
    parts = [f"{bits(row)} a label {noise_words(row['label_noise'])}" for _, row in own.iterrows()]
    level = found["label_noise"].max()
    rows = found[found["label_noise"] == level]
    best = rows.loc[rows["mean"].idxmin()]
    return (
        f"From the smallest budget to the largest, the code of {labels.method(reference)} changes by "
        f"{labels.listing(parts)}; the shortest {noise_words(level)} is that of "
        f"{labels.method(best['method'])} at {best['evaluations']:g} evaluations a batch ({best['mean']:.2f} bits, "
        f"{best['mean'] - floors[level]:.2f} above the entropy of the noise)."
    )


def bits(row: pd.Series) -> str:
    """A difference in bits with its interval."""
    low, high = (labels.signed(row[side]) for side in ("low", "high"))
    return f"{labels.signed(row['mean'])} [{low}, {high}] bits"


def radii(differences: pd.DataFrame, held: pd.DataFrame, reference: str, limit: float) -> str:
    """differences: columns label_noise, method, mean, low, high, the change of the final accuracy from the smallest to
    the largest first radius; held: column mean, the distance over the radius in each cell; limit: of balls that held.

    The change of the reference and the least of all, at the highest label noise, and how many balls held.
    """
    if differences.empty:
        return NOTHING
    level = differences["label_noise"].max()
    rows = differences[differences["label_noise"] == level].set_index("method")
    least = rows["mean"].abs().idxmin()
    parts = [f"{_numbers(rows.loc[reference])} for the {labels.method(reference)}"]
    parts += [f"{_numbers(rows.loc[least])} for the {labels.method(least)}, the least of all"] * (least != reference)
    return (
        f"From the smallest first radius to the largest, final accuracy changes by {labels.listing(parts)}, "
        f"{noise_words(level)}; {_how_many(held['mean'] <= limit)} of {labels.word(len(held))} balls held."
    )


def interactions(found: dict[float, Interaction]) -> str:
    """By label noise: what an episodic memory and a ball do together beyond the sum of what each does alone."""
    parts = [f"{_numbers(pd.Series(value._asdict()))} {noise_words(level)}" for level, value in found.items()]
    return (
        "Together memory and ball change the final accuracy beyond the sum of what each changes alone: by "
        f"{labels.listing(parts)}."
    )


def under_shift(order: pd.DataFrame, drops: pd.DataFrame) -> str:
    """order: columns label_noise, mean, low, high, Kendall's tau between accuracies with and without shift over the
    methods of a seed; drops: columns label_noise, method, mean, low, high, accuracy under shift less that without."""
    parts = [
        f"{row['mean']:.2f} [{row['low']:.2f}, {row['high']:.2f}] {noise_words(row['label_noise'])}"
        for _, row in order.iterrows()
    ]
    rows = drops[(drops["label_noise"] == drops["label_noise"].max()) & ~drops["method"].isin(BOUNDS)]
    taus = f"Kendall's tau between the accuracies of methods with and without shift is {labels.listing(parts)}"
    if rows.empty:
        return f"{taus}."
    least = rows.loc[rows["mean"].idxmax()]
    return (
        f"{taus}; {labels.method(least['method'])} loses the least under shift {noise_words(least['label_noise'])} "
        f"({_numbers(least)})."
    )


def horizon(age: float) -> str:
    """The age of an anchor in words: over about how many batches its mean reaches back."""
    if age in (0.0, 1.0):
        return "the model before the batch" if age == 0.0 else "the model at the start"
    return f"a mean over about {labels.count(1 / (1 - age))} batches"


def _how_many(rows: pd.Series) -> str:
    return labels.word(int(rows.sum())) if rows.any() else "none"


def _numbers(row: pd.Series) -> str:
    return f"{labels.points(row['mean'])} {labels.points_range(row['low'], row['high'])} points"
