"""Macros of the components of variance: the spread of each source alone, and what difference it lets a test find."""

import numpy as np
import pandas as pd

from robustpath.analysis import labels, variance
from robustpath.analysis.labels import MISSING, macro
from robustpath.analysis.macros import Macros
from robustpath.analysis.selection import choose

KINDS = {"Id": "none", "Natural": "natural", "Corruption": "corruption"}
WORDS = {"none": "in distribution", "natural": "under the natural shift", "corruption": "under corruptions"}
POWER = 0.8  # of the smallest difference that is found
TARGET = 0.01  # the difference whose price in seeds is told


def collect(table: pd.DataFrame, settings: dict) -> Macros:
    """Name -> (value, meaning); what the records lack is said to be not measured."""
    needed = {source.experiment for source in variance.SOURCES.values()}
    found = pd.DataFrame(columns=["shift_family", "source", "dataset", *variance.Spread._fields])
    if needed <= set(table["experiment"]):
        found = variance.components(table, settings["reference"], settings["confidence"])
    pooled = found[found["dataset"] == variance.POOLED].set_index(["shift_family", "source"])
    return {**_protocol(table), **_components(pooled), **_largest(pooled), **_detectable(table, settings)}


def _protocol(table: pd.DataFrame) -> Macros:
    """Counts of the experiments in which one source varies."""
    experiments = {source.experiment for source in variance.ALONE.values()}
    own = table[table["experiment"].isin(experiments)]
    drawn = own[own["experiment"] == variance.ALONE["draw"].experiment]
    values, kept = dict.fromkeys(["Run", "Seed", "Draw"], MISSING), MISSING
    if len(own) and len(drawn):
        chosen = choose(drawn)
        values["Run"] = labels.count(len(own[["experiment", "dataset", "seed", "draw"]].drop_duplicates()))
        values |= {"Seed": labels.count(own["seed"].nunique()), "Draw": labels.word(drawn["draw"].nunique())}
        kept = f"{labels.count((chosen['draw'] == 0).sum())} of {labels.count(len(chosen))}"
    return {
        "VarianceRunCount": (values["Run"], "runs in which one source of variation varies"),
        "VarianceSeedCount": (values["Seed"], "repetitions of each source of variation"),
        "VarianceDrawCountWord": (values["Draw"], "hyperparameter draws of which selection takes one, in words"),
        "VarianceDefaultKept": (kept, "selections, where only the draws vary, that keep the default"),
    }


def _components(pooled: pd.DataFrame) -> Macros:
    """The standard deviation of each source, and that of what varies alone at the defaults, put together."""
    macros: Macros = {}
    for suffix, kind in KINDS.items():
        for name, source in variance.SOURCES.items():
            value, span = MISSING, MISSING
            if (kind, name) in pooled.index:
                row = pooled.loc[(kind, name)]
                value, span = labels.percent(row["deviation"], 2), "no interval"
                if pd.notna(row["low"]):
                    span = labels.percent_range(row["low"], row["high"], 2)
            what = f"standard deviation of accuracy {WORDS[kind]}, {source.words}, pooled over data sets"
            macros[f"Variance{macro(name)}{suffix}"] = (value, f"{what}, percentage points")
            macros[f"Variance{macro(name)}{suffix}Interval"] = (span, f"{what}, interval")
        parts = [(kind, name) for name in variance.ALONE if name != "draw"]
        known = all(part in pooled.index for part in parts)
        value = labels.percent(np.sqrt(pooled.loc[parts, "deviation"].pow(2).sum()), 2) if known else MISSING
        what = f"root of the summed variances {WORDS[kind]} of split, initialisation and order alone"
        macros[f"VarianceSum{suffix}"] = (value, f"{what}, percentage points")
    return macros


def _largest(pooled: pd.DataFrame) -> Macros:
    """The source that alone spreads accuracy most, and whether its interval lies above that of all others."""
    macros: Macros = {}
    for suffix, kind in KINDS.items():
        name, value, apart = MISSING, MISSING, "was not compared with those of the others"
        if kind in pooled.index:
            ranked = pooled.loc[kind].loc[list(variance.ALONE)].sort_values("deviation", ascending=False, kind="stable")
            first, others = ranked.iloc[0], ranked.iloc[1:]
            name, value = variance.ALONE[ranked.index[0]].words, labels.percent(first["deviation"], 2)
            overlapping = others[~(others["high"].fillna(others["deviation"]) < first["low"])]
            listed = labels.listing([f"the {variance.ALONE[other].words}" for other in overlapping.index])
            apart = f"overlaps that of {listed}" if len(overlapping) else "lies above those of the others"
        what = f"source of variation that alone spreads accuracy {WORDS[kind]} most"
        macros[f"VarianceLargest{suffix}"] = (name, what)
        macros[f"VarianceLargest{suffix}Deviation"] = (value, f"standard deviation of the {what}, percentage points")
        macros[f"VarianceLargest{suffix}Apart"] = (apart, f"where the interval lies of the {what}")
    return macros


def _detectable(table: pd.DataFrame, settings: dict) -> Macros:
    """What the paired comparisons of the experiment minima can find: of the median method, and of the one whose
    differences vary most."""
    experiment, level = variance.TOGETHER["all"].experiment, 1 - settings["confidence"]
    own = table[table["experiment"] == experiment]
    deviations = pd.Series([np.nan])
    if own["method"].nunique() > 1 and own["seed"].nunique() > 1:
        deviations = variance.paired_deviations(own, experiment, settings["reference"])
    macros: Macros = {
        "DetectionPower": (
            f"{100 * POWER:g}",
            "power of the t test that the smallest difference is told for, per cent",
        ),
        "DetectionLevel": (f"{100 * level:g}", "level of that t test, per cent"),
        "TargetDifference": (f"{100 * TARGET:g}", "difference whose price in seeds is told, percentage points"),
    }
    for suffix, words, value in (
        ("", "median over methods", deviations.median()),
        ("Most", "largest of all methods", deviations.max()),
    ):
        deviation, smallest, seeds = MISSING, MISSING, MISSING
        if value > 0:
            deviation = labels.percent(value, 2)
            smallest = labels.percent(variance.detectable(value, own["seed"].nunique(), level, POWER), 2)
            seeds = labels.word(variance.seeds_needed(TARGET, value, level, POWER))
        what = f"paired difference to the reference in accuracy in distribution, lowest label noise, {words}"
        macros[f"PairedDeviation{suffix}"] = (deviation, f"sd over seeds of the {what}, percentage points")
        macros[f"SmallestDifference{suffix}"] = (smallest, f"smallest {what}, found with the power, percentage points")
        macros[f"TargetSeedCountWord{suffix}"] = (seeds, f"seeds that find the target difference: {what}, in words")
    return macros
