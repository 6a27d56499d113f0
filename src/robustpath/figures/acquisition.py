"""What figures and tables of acquisition share: looks, orders and names of acquisitions, and the words of captions."""

from collections.abc import Iterable, Sequence

import numpy as np
import pandas as pd
from scipy import stats

from robustpath.data import sets
from robustpath.figures import captions
from robustpath.figures.findings import change
from robustpath.records import labels

OURS, RANDOM = "parallelogram", "random_acquisition"
PUBLISHED = ["random_acquisition", "entropy", "margin", "least_confidence", "bald", "dropout_disagreement", "badge",
             "core_set", "cal", "bert_km", "alfa_mix", "anchor_al", "active_data_discovery", "dial",
             "alvin"]  # fmt: skip
GROUPS = {
    "published acquisitions, and random choice": PUBLISHED,
    "ours": [OURS],
    "the parallelogram with other triples, orders of candidates or distances": [
        "parallelogram_neighbour", "parallelogram_mean", "parallelogram_in_order", "parallelogram_far_apart",
        "parallelogram_shuffled", "parallelogram_mahalanobis", "parallelogram_penultimate",
        "parallelogram_random_features",
    ],
    "controls that take the analogy away": [
        "parallelogram_reversed", "parallelogram_random_direction", "parallelogram_random_triples",
        "parallelogram_at_start", "parallelogram_interpolated",
    ],
    "oracles, which see the attribute": ["oracle_acquisition", "parallelogram_oracle"],
}  # fmt: skip
ABLATIONS = {
    "parallelogram_neighbour": "triples by distance",
    "parallelogram_mean": "differences of means",
    "parallelogram_in_order": "candidates nearest first",
    "parallelogram_far_apart": "candidates far apart",
    "parallelogram_mahalanobis": "Mahalanobis distance",
    "parallelogram_penultimate": "features of the trained model",
    "parallelogram_random_features": "features of an untrained model",
    "parallelogram_reversed": "difference reversed",
    "parallelogram_random_direction": "random direction",
    "parallelogram_random_triples": "random triples",
    "parallelogram_at_start": "no difference",
    "parallelogram_interpolated": "interpolation in a class",
    "parallelogram_shuffled": "candidates in a random order",
    "parallelogram_oracle": "parallelogram that sees the attribute",
}
LOOKS = {
    OURS: ("#D55E00", "o", "-"),
    "core_set": ("#0072B2", "s", "-"),
    "badge": ("#56B4E9", "^", "-"),
    "entropy": ("#8C7A00", "X", "-"),
    "alvin": ("#009E73", "D", "-"),
    "active_data_discovery": ("#CC79A7", "v", "-"),
    RANDOM: ("#888888", "P", "--"),
    "parallelogram_random_direction": ("#E69F00", "<", "--"),
    "parallelogram_in_order": ("#D55E00", ">", ":"),
    "parallelogram_oracle": ("#000000", "d", ":"),
    "oracle_acquisition": ("#000000", "*", "-."),
}
NOTHING = "Nothing is compared: the experiment lacks a method or a baseline."


def name(method: str) -> str:
    """An acquisition as figures and captions print it."""
    return ABLATIONS.get(method) or labels.method(method)


def look(method: str) -> dict[str, str]:
    """Colour, marker, line and label of an acquisition, the same in all figures; grey for one that has none."""
    colour, marker, line = LOOKS.get(method, ("0.6", ".", "-"))
    return {"color": colour, "marker": marker, "linestyle": line, "label": name(method)}


def grouped(methods: Iterable[str]) -> dict[str, list[str]]:
    """The acquisitions by group, in the order of GROUPS; those that are in none come last, as "other acquisitions"."""
    left = list(methods)
    known = {title: [each for each in members if each in left] for title, members in GROUPS.items()}
    rest = sorted(set(left) - {each for members in known.values() for each in members})
    return {title: members for title, members in (known | {"other acquisitions": rest}).items() if members}


def share(dataset: str, correlation: float, missing: int) -> float:
    """The share of a group in a pool of equal classes, by P(attribute = the majority attribute of the label)."""
    entry = sets.load(dataset).ENTRY
    label, attribute = divmod(missing, entry.attributes)
    usual = attribute == entry.majority(label)
    return (correlation if usual else (1 - correlation) / (entry.attributes - 1)) / entry.classes


def by_chance(size: int, part: float, bought: Sequence[int]) -> np.ndarray:
    """The probability that random choice has found a group of this `part` of a pool of `size`, by labels bought."""
    return stats.hypergeom.sf(0, size, round(part * size), np.asarray(bought))


def group_words(dataset: str, missing: int) -> str:
    """A group in words: its label and its attribute, and whether it is a minority of its label."""
    entry = sets.load(dataset).ENTRY
    label, attribute = divmod(missing, entry.attributes)
    return f"{'majority' if attribute == entry.majority(label) else 'minority'} of label {label}"


def leads(rows: dict[str, pd.DataFrame]) -> str:
    """By panel, in words: columns method, mean, low, high of the score of ours less that of each published method.

    What ours does against the best of them in each panel, the one with the least difference.
    """
    parts = []
    for words, own in rows.items():
        if own.empty:
            continue
        best = own.loc[own["mean"].idxmin()]
        verb = change(best, ("it leads", "it is behind"), "no clear difference")
        parts.append(f"{words}, compared with {name(best['method'])}, {verb}")
    return (
        "Area under worst-group accuracy of the parallelogram against the published acquisition whose area is largest: "
        f"{'; '.join(parts)}."
        if parts
        else NOTHING
    )


def discoveries(differences: pd.DataFrame, levels: pd.DataFrame, against: str) -> str:
    """Columns group, mean, low, high: the share of the missing group in the first batch of ours, less that of another
    acquisition; levels: the same columns of ours. One clause a group, in words."""
    if differences.empty:
        return NOTHING
    parts, own = [], levels.set_index("group")
    for _, row in differences.iterrows():
        verb = change(row, ("more", "fewer"), "no clear difference")
        parts.append(rf"{row['group']}, {labels.percent(own.loc[row['group'], 'mean'])}\,\%, {verb}")
    return (
        f"Shares of the missing group among the first labels that the parallelogram buys, compared with "
        f"{name(against)}: {'; '.join(parts)}."
    )


def standing(area: pd.DataFrame, first: pd.DataFrame) -> str:
    """Of the table of all acquisitions: columns method, mean, low, high of the differences of ours to all others, of
    the area under worst-group accuracy, and of the share of the missing group in the first batch."""
    if area.empty or first.empty:
        return NOTHING
    parts = []
    for words, rows in (("in finding the group", first), ("in worst-group accuracy", area)):
        own = rows[rows["method"].isin(PUBLISHED) & (rows["method"] != RANDOM)]
        if own.empty:
            continue
        ahead, behind = int((own["low"] > 0).sum()), int((own["high"] < 0).sum())
        best = own.loc[own["mean"].idxmin()]
        parts.append(
            f"{words} the parallelogram is ahead of {_how_many(ahead)} of {labels.word(len(own))} published "
            f"acquisitions and behind {_how_many(behind)} (to {name(best['method'])}, the best: {_points(best)})"
        )
    taken = first[first["method"].isin(GROUPS["controls that take the analogy away"])]
    below = int((taken["low"] > 0).sum())
    if len(taken):
        parts.append(f"{_how_many(below)} of {labels.word(len(taken))} controls without the analogy find less")
    sentence = "; ".join(parts)
    return f"{sentence[0].upper()}{sentence[1:]}." if parts else NOTHING


def falling(ends: dict[str, tuple[pd.Series, pd.Series]], slopes: dict[str, pd.Series]) -> str:
    """By reference: the advantage of ours in discovery at the smallest and at the largest interaction, and its slope
    over the interaction, each with mean, low and high."""
    if not ends:
        return NOTHING
    parts = []
    for reference, (least, most) in ends.items():
        verb = change(slopes[reference], ("rises", "falls"), "shows no clear trend")
        parts.append(
            f"over {name(reference)} is {_points(least)} without interaction and {_points(most)} at the largest; per "
            f"unit of interaction it {verb}"
        )
    return f"The parallelogram's advantage in finding the missing group {'; that '.join(parts)}."


def drifting(levels: pd.DataFrame, slope: pd.Series) -> str:
    """Columns mean, low, high of the off-manifold ratio of ours, from the smallest interaction to the largest, and its
    slope over the interaction."""
    if levels.empty or not slope["n"]:
        return ""
    ends = levels[["mean", "low", "high"]].to_numpy()[[0, -1]]
    least, most = (f"{mean:.2f} [{low:.2f}, {high:.2f}]" for mean, low, high in ends)
    verb = "rises" if slope["low"] > 0 else "falls" if slope["high"] < 0 else "shows no clear trend"
    numbers = f"{labels.signed(slope['mean'])} [{labels.signed(slope['low'])}, {labels.signed(slope['high'])}]"
    return (
        f" The off-manifold ratio of its targets is {least} without interaction and {most} at the largest; per unit of "
        f"interaction it {verb} ({numbers})."
    )


def _how_many(number: int) -> str:
    return labels.word(number) if number else "none"


def _points(row: pd.Series) -> str:
    return f"{labels.points(row['mean'])} {labels.points_range(row['low'], row['high'])} points"


def caption(
    title: str, finding: str, settings: dict, table: pd.DataFrame, experiments: Sequence[str], *notes: str
) -> str:
    """The caption of a result on acquisition in LaTeX: finding, question, what is shown, notes, evidence, its notebook.

    `table` holds the records, all draws.
    """
    own = table[table["experiment"].isin(experiments)]
    each = [settings["experiments"][experiment] for experiment in experiments]
    draws = max(one["draws"] for one in each)
    firsts: dict[tuple[str, str], dict[str, None]] = {}  # by what they have in common, so that it is said once
    for one in each:
        firsts.setdefault((_data(one), _bought(one)), {})[_first(one)] = None
    sizes = [f"{data}; {', or '.join(own)}, {bought}" for (data, bought), own in firsts.items()]
    seeds = sorted({one["seeds"] for one in each})
    facts = [
        f"{'; '.join(sizes)}; {captions.seeds(seeds, settings)}.",
        captions.chosen(draws),
        captions.diverged(own, experiments),
    ]
    return " ".join(filter(None, [captions.headline(title, finding), *notes, *facts]))


def _data(experiment: dict) -> str:
    """The data sets of an experiment, and how skewed they are."""
    datasets = labels.listing([labels.escape(labels.dataset(each)) for each in experiment["datasets"]])
    skewed = experiment.get("correlation")
    of = rf", {100 * skewed:g}\,\% of a label with its usual attribute" if skewed is not None else ""
    return f"{datasets}{of}"


def _first(experiment: dict) -> str:
    """The labels that an experiment begins with."""
    return f"{labels.count(experiment['seed_labels'])} labels{_lacking(experiment)}"


def _bought(experiment: dict) -> str:
    """The labels that an experiment buys after them."""
    return f"then {labels.count(experiment['acquired'])} a round of a pool of {labels.count(experiment['pool'])}"


def _lacking(experiment: dict) -> str:
    """Which group has none of the first labels, after a comma; else that all have some."""
    missing = experiment.get("missing") or []
    if experiment.get("task") != "hole" or not missing:
        return " of all groups"
    if len(missing) > 1:
        return f", none of one group ({labels.word(len(missing))} groups in turn)"
    return f", none of the {group_words(experiment['datasets'][0], missing[0])}"
