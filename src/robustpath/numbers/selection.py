"""Macros of how draws are selected: a second rule beside the first, seeds that agree, test sets that overlap."""

import pandas as pd

from robustpath.numbers.macros import EVERY, Macros, Number, difference, fitting, known_methods, made, reads
from robustpath.numbers.minima import LEVELS
from robustpath.protocols.supervised.held_out import learnt
from robustpath.records import labels
from robustpath.records.labels import MISSING, macro
from robustpath.statistics.comparison import by_level
from robustpath.statistics.selection_rules import FIRST, SECOND, agreement, two_rules

MINIMA = "minima"
NEEDS = {name: {"compares": "reference"} for name in (FIRST, SECOND, MINIMA)}
DRAWS = {"Selected": "selected", "Default": "default"}


def collect(table: pd.DataFrame, settings: dict) -> dict[str, Number]:
    """Name -> Number; what the records lack is said to be not measured."""
    table = fitting(table, NEEDS, settings)
    return {
        **made(_rules, table, settings),
        **made(_agreement, table, settings),
        **made(_defaults, table, settings),
        **made(_overlap, settings),
    }


@reads(FIRST, SECOND)
def _rules(table: pd.DataFrame, settings: dict) -> Macros:
    """The second rule of selection: what is held out, and how many differences it changes."""
    experiment = settings["experiments"].get(SECOND)
    said = dict.fromkeys(_RULES, MISSING)
    if experiment and {FIRST, SECOND} <= set(table["experiment"].unique()):
        found = two_rules(table, settings["reference"], settings["confidence"])
        compared = found.dropna(subset=[("validation", "difference"), ("holdout", "difference")])
        moved = (compared["holdout", "difference"] - compared["validation", "difference"]).abs()
        sizes, share = sorted(experiment["train_sizes"]), experiment["held_out"]
        few = found.loc[(sizes[0], settings["reference"])]
        said |= {
            "Percent": f"{100 * share:g}",
            "AtSmallest": labels.count(sizes[0] - learnt(sizes[0], share)),
            "DatasetList": labels.listing([labels.dataset(name) for name in experiment["datasets"]]),
            "Compared": labels.word(len(compared)),
            "Changed": labels.word(int(compared["changes"].sum())),
            "LargestMove": labels.percent(moved.max()) if len(moved) else MISSING,
            "ReferenceAtSmallest": labels.percent(few["holdout", "mean"]),
            "ReferenceAtSmallestValidated": labels.percent(few["validation", "mean"]),
        }
    return {f"HeldOut{key}": (said[key], f"second rule of selection: {what}") for key, what in _RULES.items()}


_RULES = {
    "Percent": "share of the training examples that is held out, per cent",
    "AtSmallest": "examples that are held out at the smallest train size",
    "DatasetList": "data sets",
    "Compared": "differences to the reference, by method and train size, that both rules have, in words",
    "Changed": "of these, differences whose sign or verdict is another by the second rule, in words",
    "LargestMove": "largest change of such a difference, percentage points",
    "ReferenceAtSmallest": "accuracy in distribution of the reference at the smallest train size, per cent",
    "ReferenceAtSmallestValidated": "the same by the first rule, per cent",
}


@reads(MINIMA)
def _agreement(table: pd.DataFrame, settings: dict) -> Macros:
    """How far a method's seeds go with those of the reference, for selected draws and for the defaults."""
    own = table[table["experiment"] == MINIMA]
    found = agreement(own, MINIMA, settings["reference"]) if len(own) else pd.DataFrame(columns=["correlation"])
    noise = sorted(own["label_noise"].unique())
    ends = dict(zip(LEVELS, [noise[0], noise[-1]] if noise else [None, None], strict=True))
    macros: Macros = {}
    for name, draws in DRAWS.items():
        for place, words in LEVELS.items():
            row = found.loc[(draws, ends[place])] if (draws, ends[place]) in found.index else None
            values = {"SeedCorrelation": MISSING, "SeedSpread": MISSING}
            if row is not None and pd.notna(row["correlation"]):
                values["SeedCorrelation"] = f"{row['correlation']:.2f}"
            if row is not None:
                values["SeedSpread"] = labels.percent(row["deviation"], 2)
            about = f"minima, {words}, {draws} draws, accuracy in distribution, median over methods"
            what = {
                "SeedCorrelation": "correlation over seeds with the reference",
                "SeedSpread": "standard deviation of the paired differences to the reference, percentage points",
            }
            macros |= {f"{key}{place}{name}": (values[key], f"{what[key]} ({about})") for key in values}
    return macros


@reads(MINIMA)
def _defaults(table: pd.DataFrame, settings: dict) -> Macros:
    """Paired differences to the reference in distribution with the default hyperparameters, by method and noise."""
    reference = settings["reference"]
    own = table[(table["experiment"] == MINIMA) & (table["draw"] == 0)]
    rows, noise = pd.DataFrame(columns=["label_noise", "method"]), sorted(own["label_noise"].unique())
    if len(own):
        rows = by_level(own, MINIMA, reference, settings["confidence"])
        rows = rows[rows["shift_family"] == "none"]
    rows = rows.set_index(["label_noise", "method"]).sort_index()
    ends = dict(zip(LEVELS, [noise[0], noise[-1]] if noise else [None, None], strict=True))
    macros: Macros = {}
    for name in known_methods(settings):
        for place, words in LEVELS.items():
            short, key = None, (ends[place], name)
            if key in rows.index and name != reference:
                row = rows.loc[key, ["difference", "difference_low", "difference_high"]]
                short = row.set_axis(["mean", "low", "high"])
            what = f"minima, {words}, default draws, {labels.method(name)}: test accuracy minus that of the reference"
            macros |= difference(f"MinimaDefault{macro(name)}{place}", short, what)
    return macros


@reads(EVERY)
def _overlap(settings: dict) -> Macros:
    """The share of a seed's test examples that another seed is expected to test on too: the test set's share of all
    examples it may be drawn from."""
    pools, macros = settings.get("test_pools", {}), {}
    for name in labels.DATASETS | dict.fromkeys(pools):
        share = labels.percent(settings["test_size"] / pools[name], 0) if pools.get(name) else MISSING
        what = f"test examples of a seed on {labels.dataset(name)} that another seed is expected to share, per cent"
        macros[f"Overlap{macro(name)}"] = (share, what)
    return macros
