"""What the figures and tables of streams share: how a method looks, what a caption says of runs, order of rows."""

from collections.abc import Iterable, Sequence

import pandas as pd

from robustpath.figures import captions, style
from robustpath.records import labels

# A colour is what a method adds to plain steps, a marker tells methods of one colour apart.
GROUPS = {
    "plain steps, and training without order": ["online_sgd", "joint", "gdumb", "stop_at_distance"],
    "replayed labels": ["er", "rar", "a_gem", "mkd_er", "cls_er", "esmer", "puridiver", "sdp", "lpr",
                        "ocar"],
    "stored predictions": ["der", "der_plus_plus", "mkd_der_plus_plus"],
    "anchors in weights or functions": ["l2_sp", "ewc", "online_ewc", "lwf", "ldifs", "ldifs_code", "function_ball",
                                        "bong_diagonal"],
    "balls on replayed inputs": ["slow_ball", "replay_ball", "twin_ball", "ball_multiplier", "ball_dual",
                                 "ball_augmented", "ball_line_search", "ball_projection"],
    "balls on the batch": ["batch_ball", "batch_line_search", "literal_proposal", "batch_feature_ball",
                           "batch_feature_line_search"],
    "memories inside the model": ["parametric_memory", "fast_weight_head", "nearest_keys", "epi_ball",
                                  "memory_adaptation"],
    "readouts of random features": ["ridge_readout", "nearest_mean", "streaming_lda"],
}  # fmt: skip
COLOURS = dict(zip(GROUPS, [style.COLOURS[place] for place in (0, 4, 2, 3, 5, 1, 6, 7)], strict=True))
MARKERS = ["o", "s", "^", "D", "v", "P", "X", "<", ">"]
# Budgets and levels, from small to large: order is read off lightness, and markers differ.
STEPS = [("#56B4E9", "^"), ("#0072B2", "s"), ("#000000", "o"), ("#D55E00", "D"), ("#E69F00", "v")]


def group(method: str) -> str:
    """The group of a method; one that is in none is "other methods"."""
    return next((name for name, members in GROUPS.items() if method in members), "other methods")


def look(method: str) -> dict[str, str]:
    """Colour and marker of a method, the same in all figures of streams; grey for one that is in no group."""
    own = group(method)
    place = GROUPS[own].index(method) if own in GROUPS else 0
    return {"color": COLOURS.get(own, "0.6"), "marker": MARKERS[place % len(MARKERS)]}


def grouped(methods: Iterable[str]) -> dict[str, list[str]]:
    """The methods by group, in the order of GROUPS; those that are in none come last."""
    found: dict[str, list[str]] = {name: [] for name in [*GROUPS, "other methods"]}
    for method in methods:
        found[group(method)].append(method)
    ordered = {name: sorted(own, key=(GROUPS.get(name) or own).index) for name, own in found.items()}
    return {name: own for name, own in ordered.items() if own}


def places(methods: Iterable[str]) -> tuple[dict[str, float], float]:
    """Where each method stands in a figure with one row a method, groups a little apart, and the height of all rows."""
    found, height = {}, 0.0
    for members in grouped(methods).values():
        found |= {name: height + row for row, name in enumerate(members)}
        height += len(members) + 0.4
    return found, height


def noise_title(level: float) -> str:
    """A title for a level of label noise."""
    return f"{100 * level:g} % label noise" if level else "clean labels"


def noise_words(level: float) -> str:
    """A level of label noise within a sentence, in LaTeX."""
    return rf"with {100 * level:g}\,\% label noise" if level else "on clean labels"


def interval_words(row: pd.Series, points: bool = True, digits: int = 1) -> str:
    """A mean with its interval, in LaTeX: of a difference in points, or of a share in per cent."""
    if points:
        return f"{labels.points(row['mean'], digits)} {labels.points_range(row['low'], row['high'])} points"
    return rf"{labels.percent(row['mean'], digits)}\,\% {labels.percent_range(row['low'], row['high'], digits)}"


def caption(
    name: str, finding: str, settings: dict, table: pd.DataFrame, experiments: Sequence[str], *notes: str,
    chosen: str = "",
) -> str:  # fmt: skip
    """The caption of a result on streams in LaTeX: finding, question, what is shown, notes, evidence, its notebook.

    `table` holds the records, all draws; `chosen` says how hyperparameters were chosen where it is not by validation
    among all draws of a seed.
    """
    own = table[table["experiment"].isin(experiments)]
    each = [settings["experiments"][experiment] for experiment in experiments]
    kinds = dict.fromkeys(_kind(one, dataset) for one in each for dataset in one["datasets"])
    seeds = sorted({kind["seeds"] for kind in each})
    draws = sorted({kind["draws"] for kind in each if not kind["grid"]})
    if draws and max(draws) > 1 and not chosen:
        chosen = captions.chosen(max(draws))
    facts = [
        f"{labels.listing(list(kinds))}; {captions.seeds(seeds, settings)}.",
        chosen or captions.chosen(1),
        captions.diverged(own, experiments),
    ]
    return " ".join(filter(None, [captions.headline(name, finding), *notes, *facts]))


def budget(experiment: dict) -> str:
    """The gradient evaluations that a batch may cost, as a sentence of a caption."""
    return f"{labels.listing([f'{each:g}' for each in experiment['evaluations']])} gradient evaluations a batch."


def _kind(experiment: dict, dataset: str) -> str:
    """The data set of a stream, its kind and its size."""
    size = f"{labels.word(experiment['tasks'])} tasks of {labels.count(experiment['examples'])} examples"
    return labels.escape(f"{labels.dataset(dataset)} ({experiment['stream']}, {size})")
