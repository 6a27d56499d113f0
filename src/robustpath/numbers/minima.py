"""Macros of the study of minima: its protocol, differences at equal budget and equal loss, and verdicts on claims."""

import pandas as pd

from robustpath.claims.judge import void_walks
from robustpath.numbers import walks
from robustpath.numbers.claims import of_family
from robustpath.numbers.macros import EVERY, Macros, Number, difference, fitting, known_methods, made, reads
from robustpath.records import labels, present, runs
from robustpath.records.labels import MISSING, macro
from robustpath.statistics import evidence, robustness, rulers
from robustpath.statistics.comparison import by_level, cost
from robustpath.statistics.evidence import Evidence
from robustpath.statistics.intervals import interval

EXPERIMENT = "minima"
CURVE = "lengths"
PROTOCOLS = [EXPERIMENT, CURVE, "trajectories", "random_labels", "walk_levels", "headline"]
NEEDS = {EXPERIMENT: {"compares": "reference"}}
LEVELS = {"Clean": "the lowest label noise", "Noisy": "the highest label noise"}
KINDS = {"Id": "none", "Natural": "natural", "Corruption": "corruption"}


def collect(table: pd.DataFrame, settings: dict, judged: dict | None) -> dict[str, Number]:
    """Name -> Number; what the records or the verdicts lack is said to be not measured."""
    compared = fitting(table, NEEDS, settings)
    own = compared[compared["experiment"] == EXPERIMENT]
    levels = sorted(own["label_noise"].unique())
    level = dict(zip(LEVELS, [levels[0], levels[-1]] if levels else [None, None], strict=True))
    curve = judged["curve"] if judged else CURVE
    there = {EXPERIMENT, curve} <= set(compared["experiment"].unique())
    found = evidence.gather(compared, EXPERIMENT, curve) if there else None
    more = present(rulers.yardsticks(EXPERIMENT, settings) if there else [], table["experiment"])
    beside = evidence.at_equal_loss(table, more, curve) if more else None
    return {
        **made(_noise, levels),
        **made(_totals, table),
        **made(_protocols, table, settings),
        **made(_differences, own, settings, level),
        **made(_matched, found, beside, settings, level),
        **made(_line, found, settings, judged),
        **made(_random_labels, table),
        **made(_barriers, own, settings, level),
        **made(_walks, own, judged),
        **walks.collect(compared, EXPERIMENT, found, settings, level, LEVELS),
        **made(_hypotheses, judged, level),
    }


@reads(EXPERIMENT)
def _noise(levels: list[float]) -> Macros:
    """The largest label noise of the study."""
    noisiest = f"{100 * levels[-1]:g}" if levels else MISSING
    what = "experiment minima: the largest share of random training labels, per cent"
    return {"MinimaNoisePercent": (noisiest, what)}


@reads(EVERY)
def _totals(table: pd.DataFrame) -> Macros:
    """Counts of all runs together."""
    each = runs(table)
    return {
        "TotalRunCount": (labels.count(len(each)), "training runs of all experiments, all draws"),
        "TotalDivergedCount": (labels.count(each["diverged"].sum()), "runs of all experiments that diverged"),
    }


@reads(*PROTOCOLS)
def _protocols(table: pd.DataFrame, settings: dict) -> Macros:
    """Counts of each experiment."""
    macros: Macros = {}
    for name in PROTOCOLS:
        known = settings["experiments"].get(name)
        own = table[table["experiment"] == name]
        values = dict.fromkeys(_MEANINGS, MISSING)
        if known and len(own):
            costs = cost(table, name)
            values = {
                "RunCount": labels.count(costs["runs"].sum()),
                "DivergedCount": labels.count(costs["diverged"].sum()),
                "MethodCount": labels.count(own["method"].nunique()),
                "MethodCountWord": labels.word(own["method"].nunique()),
                "SeedCount": labels.count(own["seed"].nunique()),
                "SeedCountWord": labels.word(own["seed"].nunique()),
                "DrawCount": labels.count(own["draw"].nunique()),
                "DrawCountWord": labels.word(own["draw"].nunique()),
                "DatasetList": labels.listing([labels.dataset(each) for each in known["datasets"]]),
                "SizeList": labels.listing([labels.count(size) for size in sorted(own["train_size"].unique())]),
                "NoiseList": labels.levels(sorted(own["label_noise"].unique())),
                "Budget": labels.count(known["budget"]),
            }
        for key, value in values.items():
            macros[f"{macro(name)}{key}"] = (value, f"experiment {name.replace('_', ' ')}: {_MEANINGS[key]}")
    return macros


_MEANINGS = {
    "RunCount": "training runs, all draws",
    "DivergedCount": "runs that diverged",
    "MethodCount": "methods",
    "MethodCountWord": "methods, in words",
    "SeedCount": "seeds",
    "SeedCountWord": "seeds, in words",
    "DrawCount": "hyperparameter draws or values of the grid",
    "DrawCountWord": "hyperparameter draws or values of the grid, in words",
    "DatasetList": "data sets",
    "SizeList": "numbers of training examples",
    "NoiseList": "shares of random training labels",
    "Budget": "gradient evaluations a run may spend",
}


@reads(EXPERIMENT)
def _differences(own: pd.DataFrame, settings: dict, level: dict) -> Macros:
    """Accuracy and paired difference to the reference, by method, label noise and kind of test set."""
    reference, macros = settings["reference"], {}
    rows = pd.DataFrame(columns=["label_noise", "shift_family", "method"])
    if len(own):
        rows = by_level(own, EXPERIMENT, reference, settings["confidence"])
    rows = rows.set_index(["label_noise", "shift_family", "method"]).sort_index()
    for name in known_methods(settings):
        for place, words in LEVELS.items():
            for suffix, kind in KINDS.items():
                key = (level[place], kind, name)
                row = rows.loc[key] if key in rows.index else None
                what = f"minima, {words}, {labels.method(name)}: test accuracy ({kind})"
                mean = MISSING if row is None else labels.percent(row["mean"])
                macros[f"MinimaAccuracy{macro(name)}{place}{suffix}"] = (mean, f"{what}, per cent")
                short = None
                if row is not None and name != reference:
                    short = row[["difference", "difference_low", "difference_high"]]
                    short = short.set_axis(["mean", "low", "high"])
                against = f"{what} minus that of {labels.method(reference)}"
                macros |= difference(f"MinimaDifference{macro(name)}{place}{suffix}", short, against)
    return macros


@reads(EXPERIMENT, CURVE, *(about.experiment for about in rulers.YARDSTICKS.values()))
def _matched(gathered: Evidence | None, beside: pd.DataFrame | None, settings: dict, level: dict) -> Macros:
    """Accuracy in distribution minus SGD's at the same training loss, by method and label noise, also of methods
    `beside` those of the experiment; and what is lost."""
    found, lost, total = pd.DataFrame(columns=["label_noise", "method"]), MISSING, MISSING
    if gathered:
        rows = evidence.matched_gains(gathered.matched)
        rows = rows[rows["method"] != settings["reference"]]
        lost, total = labels.count(rows["value"].isna().sum()), labels.count(len(rows))
        if beside is not None:
            rows = pd.concat([rows, evidence.matched_gains(beside)], ignore_index=True)
        seeds = rows.dropna(subset="value").groupby(["label_noise", "method", "seed"], as_index=False)["value"].mean()
        found = interval(seeds, ["label_noise", "method"], settings["confidence"])
    found = found.set_index(["label_noise", "method"])
    macros: Macros = {
        "MatchedLeftOut": (lost, "runs of the minima experiment whose training loss SGD's curve does not reach"),
        "MatchedRunCount": (total, "runs of the minima experiment that were to be compared at equal training loss"),
    }
    for name in known_methods(settings):
        for place, words in LEVELS.items():
            key = (level[place], name)
            what = f"minima, {words}, {labels.method(name)}: test accuracy minus SGD's at the same training loss"
            macros |= difference(f"Matched{macro(name)}{place}", found.loc[key] if key in found.index else None, what)
    return macros


@reads(EXPERIMENT)
def _barriers(own: pd.DataFrame, settings: dict, level: dict) -> Macros:
    """The barrier of the training loss to the reference's run, raw and after matching: means over runs, in nats."""
    macros: Macros = {}
    for metric, suffix in (("barrier", ""), ("barrier_matched", "Matched")):
        rows = own[(own["metric"] == metric) & (own["draw"] == 0) & own["converged"]]
        means = rows.groupby(["method", "label_noise"])["value"].mean()
        for name in known_methods(settings):
            for place, words in LEVELS.items():
                value = means.get((name, level[place]))
                said = f"minima, {words}, {labels.method(name)}: mean {metric.replace('_', ', ')}, nats"
                macros[f"Barrier{macro(name)}{place}{suffix}"] = (MISSING if value is None else f"{value:.2f}", said)
    return macros


@reads(EXPERIMENT, CURVE)
def _line(gathered: Evidence | None, settings: dict, judged: dict | None) -> Macros:
    """How well accuracy in distribution predicts accuracy under shift: the range of R squared over data sets."""
    low, high = MISSING, MISSING
    if judged and gathered:
        lines = robustness.lines(gathered.accuracy, judged["baselines"], settings["test_size"], gathered.curve)
        fits = [line.r_squared for line in lines.values()]
        low, high = (f"{min(fits):.2f}", f"{max(fits):.2f}") if fits else (MISSING, MISSING)
    what = "R squared over data sets and label noise of the line of effective robustness"
    return {"LineLowestFit": (low, f"lowest {what}"), "LineHighestFit": (high, f"highest {what}")}


@reads("random_labels")
def _random_labels(table: pd.DataFrame) -> Macros:
    """Training and test accuracy where no label and where every label is random."""
    own = table[(table["experiment"] == "random_labels") & (table["metric"] == "accuracy") & (table["shift"] == "none")]
    macros, shares = {}, sorted(own["label_noise"].unique())
    for end, place in {"Fewest": shares[:1], "Most": shares[-1:]}.items():
        for split in ("train", "test"):
            values = own[own["label_noise"].isin(place) & (own["split"] == split)]["value"]
            value = labels.percent(values.mean()) if len(values) else MISSING
            what = f"{split} accuracy at the {end.lower()} random labels, mean over data sets and seeds, per cent"
            macros[f"RandomLabels{split.capitalize()}At{end}"] = (value, what)
    share = f"{100 * shares[-1]:g}" if shares else MISSING
    return macros | {"RandomLabelsMostShare": (share, "largest share of random labels, per cent")}


@reads(EXPERIMENT)
def _walks(own: pd.DataFrame, judged: dict | None) -> Macros:
    """How many walks were measured and how many left their level."""
    walks, void, tolerance = MISSING, MISSING, MISSING
    if judged:
        counts = void_walks(own, judged["tolerance"])
        walks, void = labels.count(counts["walks"].sum()), labels.count(counts["void"].sum())
        tolerance = f"{100 * judged['tolerance']:g}"
    return {
        "WalkCount": (walks, "walks whose level error was measured"),
        "VoidWalkCount": (void, "walks whose level error exceeds the tolerance"),
        "WalkTolerance": (tolerance, "tolerance of the level error, per cent"),
    }


@reads(EXPERIMENT, CURVE)
def _hypotheses(judged: dict | None, level: dict) -> Macros:
    """Verdict, effect, interval, n and p of each hypothesis, of its best case and of every variant and label noise."""
    return of_family("minima", judged, {place: (level[place], words) for place, words in LEVELS.items()})
