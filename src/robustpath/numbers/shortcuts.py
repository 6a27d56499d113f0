"""Macros on shortcuts: the verdicts, what was bought, and ours against core-set and BADGE where a group is missing."""

import pandas as pd

from robustpath.numbers.claims import deciding, of_family
from robustpath.numbers.macros import Macros, Number, difference, made, reads
from robustpath.records import labels, plain
from robustpath.records.labels import MISSING
from robustpath.records.selection import select
from robustpath.statistics.intervals import paired

FAMILY = "shortcuts"
LEVELS = {"Clean": (0.0, "clean labels")}
EXPERIMENTS = (
    "acquisition_hole", "acquisition_methods", "acquisition_generic", "acquisition_pilot", "acquisition_interaction",
    "curricula", "activation_references", "activation_losses", "activation_width_2", "activation_width_8", "spiking",
)  # fmt: skip
METHODS = "acquisition_methods"
OURS = "parallelogram"
OTHERS = {"CoreSet": "core_set", "Badge": "badge", "Random": "random_acquisition"}
SCORES = {
    "Discovery": ("discovered", "share of the missing group in the first labels bought"),
    "Area": ("area_worst_group", "area under worst-group accuracy over labels"),
}
COUNTS = {
    "MethodCount": "acquisitions that are compared where a group is missing",
    "SeedCountWord": "seeds of this comparison, in words",
    "MissingCountWord": "groups that are missing in turn, in words",
    "PoolSize": "examples of its pool",
    "SeedLabels": "labels of its seed set",
    "BatchSize": "labels bought in a round",
    "RoundCountWord": "rounds, in words",
    "CorrelationPercent": "examples with the majority attribute of their label, in per cent",
}


def collect(table: pd.DataFrame, told: dict | None, settings: dict) -> dict[str, Number]:
    """Name -> Number; told: what claims.json says of the family, None where nothing was judged."""
    found = against(table, settings["confidence"]) if METHODS in set(table["experiment"].unique()) else {}
    return {**made(_bought, settings), **made(_against, found), **made(_shortcut_hypotheses, told)}


def against(table: pd.DataFrame, confidence: float) -> dict[tuple[str, str], pd.Series]:
    """Paired differences (mean, low, high) of ours to each other acquisition by name of score and other one.

    A value of a seed and data set is the mean over missing groups, on clean labels. What lacks runs is left out.
    """
    names = [metric for metric, _ in SCORES.values()]
    rows = plain(table[(table["experiment"] == METHODS) & table["metric"].isin([*names, "accuracy"])])
    rows = rows[(rows["label_noise"] == 0) & rows["method"].isin([OURS, *OTHERS.values()])]
    if rows.empty:
        return {}
    rows = select(rows)
    rows = rows[rows["metric"].isin(names)]
    cells = rows.groupby(["metric", "method", "dataset", "seed"], as_index=False)["value"].mean()
    seeds = cells.groupby(["metric", "method", "seed"], as_index=False)["value"].mean()
    found = {}
    for score, (metric, _) in SCORES.items():
        for other, method in OTHERS.items():
            both = seeds[(seeds["metric"] == metric) & seeds["method"].isin([OURS, method])]
            if both["method"].nunique() == 2:
                own = paired(both[["method", "seed", "value"]], [], method, confidence).set_index("method")
                found[score, other] = own.loc[OURS]
    return found


@reads(METHODS)
def _bought(settings: dict) -> Macros:
    """What the comparison of all acquisitions is, as the config asks for it."""
    known = settings["experiments"].get(METHODS)
    values = dict.fromkeys(COUNTS, MISSING)
    if known:
        found = (
            labels.count(len(known["methods"])), labels.word(known["seeds"]), labels.word(len(known["missing"])),
            labels.count(known["pool"]), labels.count(known["seed_labels"]), labels.count(known["acquired"]),
            labels.word(known["rounds"]), f"{100 * known['correlation']:g}",
        )  # fmt: skip
        values = dict(zip(COUNTS, found, strict=True))
    return {f"Acquisition{name}": (value, COUNTS[name]) for name, value in values.items()}


@reads(METHODS)
def _against(found: dict[tuple[str, str], pd.Series]) -> Macros:
    """The share of the missing group that ours finds, and its area, less those of other acquisitions."""
    macros: Macros = {}
    for score, (_, words) in SCORES.items():
        for other, method in OTHERS.items():
            what = f"{words}, parallelogram minus {labels.method(method)}"
            macros |= difference(f"Parallelogram{score}Minus{other}", found.get((score, other)), what)
    return macros


@reads(*EXPERIMENTS)
def _shortcut_hypotheses(told: dict | None) -> Macros:
    """Verdict, effect, interval, n and p of each hypothesis on shortcuts."""
    return of_family(FAMILY, told, LEVELS) | deciding(FAMILY, told)
