"""Macros of data efficiency: ratios of every method to its ruler with intervals, how many are above 1, code lengths."""

import pandas as pd

from robustpath import methods
from robustpath.methods import roles
from robustpath.numbers.macros import EVERY, Macros, Number, known_methods, made, reads
from robustpath.records import labels
from robustpath.records.labels import MISSING, macro
from robustpath.statistics import code_length, streams
from robustpath.statistics.efficiency import equals, exceeds, falls_below
from robustpath.statistics.evidence import OOD
from robustpath.statistics.grid import grids
from robustpath.statistics.intervals import interval
from robustpath.statistics.rulers import COMPARISONS, WORST, YARDSTICKS, measured, ruler_of, rulers
from robustpath.statistics.stratified import Estimate, mean

CODED = "data_efficiency"
STREAMED = "stream_methods"
LEVELS = {"Clean": "lowest label noise", "Noisy": "highest label noise"}
# Comparison -> what is measured, by kind of test data: the end of the macro's name, and words.
ENDS = {
    "minima": {"none": ("Id", "in distribution"), OOD: ("Shifted", "under shift")},
    "streams": {"none": ("Id", "all tasks after the last one")},
    "rehearsal": {"none": ("ToEr", "all tasks after the last one")},
    "groups": {"none": ("Worst", "worst group")},
    "holes": {"none": ("Labels", "worst group, labels bought where one group has none")},
    "labels": {"none": ("LabelsGeneric", "worst group, labels bought")},
    **{name: {"none": ("Id", "in distribution"), OOD: ("Shifted", "under shift")} for name in YARDSTICKS},
}
TEXT = {"yardsticks": ["mixup"], "ensembles": ["ensemble"]}  # methods that the text names, in the config or not
FAMILIES = {"minima": "Minima", "batches": "Batches", "shortcuts": "Shortcuts"}


def collect(table: pd.DataFrame, settings: dict) -> dict[str, Number]:
    """Name -> Number; what was not measured is said to be so."""
    found = measured(table, settings, [*COMPARISONS, *YARDSTICKS])
    return {
        **made(_ratios, found, settings),
        **made(_counts, found[found["comparison"].isin(COMPARISONS)], settings),
        **made(_code_lengths, table, settings),
        **made(_prequential, table, settings),
    }


def written(row: pd.Series | None) -> tuple[str, str]:
    """A ratio and its interval in LaTeX; a bound has its sign: $>$\\,3.20, [1.10, $>$\\,3.20]."""
    if row is None:
        return MISSING, MISSING
    signs = {"": "", ">": r"$>$\,", "<": r"$<$\,", "?": r"about "}
    low = (r"$<$\," if row["low_open"] else "") + f"{row['low']:.2f}"
    high = (r"$>$\," if row["high_open"] else "") + f"{row['high']:.2f}"
    return f"{signs[row['side']]}{row['ratio']:.2f}", f"[{low}, {high}]"


@reads(EVERY)
def _ratios(found: pd.DataFrame, settings: dict) -> Macros:
    """The ratio of every method of every comparison, at the lowest label noise and at the highest."""
    macros: Macros = {}
    for comparison, ends in ENDS.items():
        ruler = labels.method(ruler_of(comparison, settings))
        own = found[found["comparison"] == comparison]
        places = levels_of(own)
        cells = own.set_index(["method", "label_noise", "kind"])
        for name in _methods(comparison, settings):
            for kind, (end, words) in ends.items():
                for place, level in LEVELS.items():
                    key = name, places.get(place), kind
                    value, span = written(cells.loc[key] if key in cells.index else None)
                    prefix = f"Ratio{macro(name)}{place}{end}"
                    what = f"{labels.method(name)}: examples that {ruler} needs over those it had ({words}, {level})"
                    macros[prefix] = (value, what)
                    macros[f"{prefix}Interval"] = (span, f"{what}, interval")
        used = list(dict.fromkeys(name for each in own["by_dataset"] for name, *_ in each))
        listed = labels.listing([labels.dataset(name) for name in used]) if used else MISSING
        macros[f"RatioDatasets{macro(comparison)}"] = (listed, f"data sets whose ratios are averaged ({comparison})")
    return macros


def _methods(comparison: str, settings: dict) -> list[str]:
    """The methods of a comparison and all of its family that could be: macros of one that is switched off stay."""
    if comparison in YARDSTICKS:
        return list(dict.fromkeys([*settings["experiments"].get(comparison, {}).get("methods", []), *TEXT[comparison]]))
    about = COMPARISONS[comparison]
    if about.experiment.startswith(roles.ACQUISITION):
        return roles.acquisitions()
    if about.score == WORST:
        own = settings["experiments"].get(about.experiment, {}).get("methods", [])
        return list(dict.fromkeys([*own, *(name for name, each in roles.training().items() if each == about.family)]))
    if about.family == "batches":
        return [name for name, family in methods.names().items() if family == about.family]
    training = roles.training()
    return [name for name in known_methods(settings) if training.get(name) == about.family]


def levels_of(own: pd.DataFrame) -> dict[str, float]:
    """Clean and Noisy -> the lowest and the highest level of label noise; the latter only where there are two."""
    noise = sorted(own["label_noise"].unique())
    return dict(zip(LEVELS, dict.fromkeys([*noise[:1], *noise[-1:]]), strict=False))


@reads(EVERY)
def _counts(found: pd.DataFrame, settings: dict) -> Macros:
    """How many ratios there are, without those of rulers, and of how many the interval lies above 1, below 1, or within
    five per cent of it; per family and over all. Those to a second ruler of the same runs are not counted."""
    counted = found[(found["comparison"] != "rehearsal") & ~found["itself"]]
    family = counted["comparison"].map(lambda name: COMPARISONS[name].family)
    events = {
        "Above": (exceeds, "lies above 1"),
        "Below": (falls_below, "lies below 1"),
        "Equal": (equals, "lies within five per cent of 1"),
    }
    macros: Macros = {}
    for name, own in {"": counted, **{FAMILIES[each]: counted[family == each] for each in FAMILIES}}.items():
        what = f"data-efficiency ratios{f' of {name.lower()}' if name else ''}, by method, test data and label noise"
        macros[f"Ratio{name}Count"] = (labels.count(len(own)) if len(own) else MISSING, f"{what}: number")
        for event, (happened, words) in events.items():
            number = labels.count(sum(happened(row) for row in own.itertuples())) if len(own) else MISSING
            macros[f"Ratio{name}{event}Count"] = (number, f"{what}: whose interval {words}")
        bounds = labels.count((own["side"] != "").sum()) if len(own) else MISSING
        macros[f"Ratio{name}BoundCount"] = (bounds, f"{what}: that are bounds, beyond the ruler's ends")
    return macros


@reads(EVERY)
def _code_lengths(table: pd.DataFrame, settings: dict) -> Macros:
    """Prequential code lengths in bits per label of the methods at several train sizes, their differences to the
    reference, and the code length of the ruler of minima on each data set."""
    values = code_length.code_lengths(table, settings, CODED) if CODED in settings["experiments"] else None
    reference, macros = settings["reference"], {}
    found = _stratified(values, settings["confidence"], reference)
    for name in known_methods(settings):
        what = f"{labels.method(name)}: prequential code length, bits per label, clean labels"
        macros |= _coded(f"CodeLength{macro(name)}", found.get(name), what, signed=False)
        against = f"{what}, less that of {labels.method(reference)}"
        macros |= _coded(f"CodeLengthDifference{macro(name)}", found.get((name, reference)), against, signed=True)
    own: dict[str, str] = {}
    for experiment in rulers("minima", settings):
        if experiment in set(table["experiment"].unique()):
            rows = code_length.code_lengths(table, settings, experiment)
            rows = rows[rows["label_noise"] == rows["label_noise"].min()]
            own |= {name: f"{value:.2f}" for name, value in rows.groupby("dataset")["value"].mean().items()}
    for name in labels.DATASETS | dict.fromkeys(own):
        what = f"prequential code length of the ruler of minima on {labels.dataset(name)}, bits per label, clean labels"
        macros[f"CodeLengthRuler{macro(name)}"] = (own.get(name, MISSING), what)
    return macros


def _stratified(values: pd.DataFrame | None, confidence: float, reference: str) -> dict:
    """Estimates by method and by (method, reference), of the difference; data sets are strata."""
    if values is None or values.empty:
        return {}
    clean = values[values["label_noise"] == values["label_noise"].min()]
    grid = grids(clean.assign(train_size=0, what="bits"), "what")[0]["bits"]
    found: dict = {name: mean(grid.of(name), grid.datasets, confidence) for name in grid.places}
    if reference in grid.places:
        for name in found.keys() - {reference}:
            found[name, reference] = mean(grid.of(name) - grid.of(reference), grid.datasets, confidence)
    return found


def _coded(prefix: str, found: Estimate | None, what: str, signed: bool) -> Macros:
    value = span = MISSING
    if found is not None:
        text = [labels.signed(end) if signed else f"{end:.2f}" for end in (found.effect, found.low, found.high)]
        value, span = text[0], f"[{text[1]}, {text[2]}]"
    return {prefix: (value, what), f"{prefix}Interval": (span, f"{what}, interval")}


@reads(STREAMED)
def _prequential(table: pd.DataFrame, settings: dict) -> Macros:
    """Bits per label of the stream before the first step on each batch, as the streams record them."""
    found, places = None, {}
    if STREAMED in set(table["experiment"].unique()):
        rows = streams.scores(streams.selected(table, STREAMED), "prequential_bits")
        rows = rows.groupby(["method", "label_noise", "seed"], as_index=False)["value"].mean()
        found = interval(rows, ["method", "label_noise"], settings["confidence"]).set_index(["method", "label_noise"])
        places = levels_of(rows)
    macros: Macros = {}
    for name in _methods("streams", settings):
        for place, level in LEVELS.items():
            what = f"{labels.method(name)}: prequential code of a stream, bits per label ({level})"
            key, value, span = (name, places.get(place)), MISSING, MISSING
            if found is not None and key in found.index:
                row = found.loc[key]
                value, span = f"{row['mean']:.2f}", f"[{row['low']:.2f}, {row['high']:.2f}]"
            macros[f"PrequentialBits{macro(name)}{place}"] = (value, what)
            macros[f"PrequentialBits{macro(name)}{place}Interval"] = (span, f"{what}, interval")
    return macros
