"""Macros on shortcuts: the verdicts, what was bought, and ours against core-set and BADGE where a group is missing."""

import pandas as pd

from robustpath.data import sets
from robustpath.numbers.claims import deciding, of_family, parts
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
METHODS, WORST = "acquisition_methods", "accuracy_worst_group"
OURS = "parallelogram"
EACH = "acquisition_hole"  # every group is missing in turn
OTHERS = {
    "CoreSet": "core_set", "Badge": "badge", "Random": "random_acquisition",
    "RandomTriples": "parallelogram_random_triples", "RandomDirection": "parallelogram_random_direction",
    "FarApart": "parallelogram_far_apart",
}  # fmt: skip
LAST = {"Parallelogram": OURS, "CoreSet": "core_set", "Random": "random_acquisition",
        "FarApart": "parallelogram_far_apart"}  # fmt: skip
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


def collect(table: pd.DataFrame, judged: dict | None, settings: dict) -> dict[str, Number]:
    """Name -> Number; judged: what claims.json says of the family, None where nothing was judged."""
    there, confidence = set(table["experiment"].unique()), settings["confidence"]
    found, each = (against(table, confidence, name) if name in there else {} for name in (METHODS, EACH))
    last = _last(table) if METHODS in there else {}
    datasets = settings["experiments"].get(METHODS, {}).get("datasets", [])
    guesses = {sets.load(name).ENTRY.chance for name in datasets}
    return {
        **made(_bought, settings),
        **made(_against, found),
        **made(_each_group, each),
        **made(_after_all_labels, last, guesses),
        **made(_shortcut_hypotheses, judged),
    }


def _last(table: pd.DataFrame) -> dict[str, float]:
    """The mean worst-group accuracy of each acquisition after all labels, on clean labels."""
    rows = plain(table[(table["experiment"] == METHODS) & table["metric"].isin([WORST, "accuracy"])])
    rows = select(rows[rows["label_noise"] == 0])
    rows = rows[(rows["metric"] == WORST) & (rows["split"] == "test") & (rows["shift"] == "none")]
    return rows.groupby("method")["value"].mean().to_dict()


def against(table: pd.DataFrame, confidence: float, experiment: str = METHODS) -> dict[tuple[str, str], pd.Series]:
    """Paired differences (mean, low, high) of ours to each other acquisition by name of score and other one.

    A value of a seed and data set is the mean over missing groups, on clean labels. What lacks runs is left out.
    """
    names = [metric for metric, _ in SCORES.values()]
    rows = plain(table[(table["experiment"] == experiment) & table["metric"].isin([*names, "accuracy"])])
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
        share = known.get("correlation")
        found = (
            labels.count(len(known["methods"])), labels.word(known["seeds"]), labels.word(len(known["missing"])),
            labels.count(known["pool"]), labels.count(known["seed_labels"]), labels.count(known["acquired"]),
            labels.word(known["rounds"]), MISSING if share is None else f"{100 * share:g}",
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


@reads(EACH)
def _each_group(found: dict[tuple[str, str], pd.Series]) -> Macros:
    """The area of ours less that of core-set where every group is missing in turn, hyperparameters selected."""
    what = "area under worst-group accuracy, each group missing in turn, selected draws, parallelogram minus core-set"
    return difference("ParallelogramEachGroupAreaMinusCoreSet", found.get(("Area", "CoreSet")), what)


@reads(METHODS)
def _after_all_labels(last: dict[str, float], guesses: set[float]) -> Macros:
    """The worst-group accuracy that acquisitions end with, and that of a guess."""
    guess = labels.percent(min(guesses), 0) if len(guesses) == 1 and all(guesses) else MISSING
    macros: Macros = {"WorstGroupGuess": (guess, "accuracy of a guess on a group, per cent")}
    for name, method in LAST.items():
        value = MISSING if method not in last else labels.percent(last[method])
        what = f"worst-group accuracy after all labels, {labels.method(method)}, per cent"
        macros[f"WorstGroupAfterAllLabels{name}"] = (value, what)
    return macros


@reads(*EXPERIMENTS)
def _shortcut_hypotheses(judged: dict | None) -> Macros:
    """Verdict, effect, interval, n and p of each hypothesis on shortcuts, and the effect of each condition."""
    return of_family(FAMILY, judged, LEVELS) | deciding(FAMILY, judged) | parts(FAMILY, judged)
