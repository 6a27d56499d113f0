"""Macros of the components of variance: how far each source alone spreads accuracy, and which does most."""

import numpy as np
import pandas as pd

from robustpath.numbers.macros import Macros, Number, fitting, made, reads
from robustpath.records import labels
from robustpath.records.labels import MISSING, macro
from robustpath.records.selection import choose
from robustpath.statistics import variance

KINDS = {"Id": "none", "Natural": "natural", "Corruption": "corruption"}
WORDS = {"none": "in distribution", "natural": "under the natural shift", "corruption": "under corruptions"}
ALONE = [source.experiment for source in variance.ALONE.values()]
EVERY = list(dict.fromkeys(source.experiment for source in variance.SOURCES.values()))
# Of each source alone, at the sizes and with the budget of the runs in which all vary.
_PLACED = {"methods": ["reference"], "within": "minima", "spends": "minima"}
_AT_DEFAULTS = _PLACED | {"no_grid": True}
NEEDS = {
    "minima": {"methods": ["reference"], "no_grid": True},
    "variance_split": _AT_DEFAULTS | {"varied": ["split"]},
    "variance_initialisation": _AT_DEFAULTS | {"varied": ["initialisation"], "like": "variance_split"},
    "variance_order": _AT_DEFAULTS | {"varied": ["order"], "like": "variance_split"},
    "variance_draw": _PLACED | {"varied": [], "least": {"draws": 2}, "like": "variance_split"},
}


def collect(table: pd.DataFrame, settings: dict) -> dict[str, Number]:
    """Name -> Number; what the records lack is said to be not measured."""
    table = fitting(table, NEEDS, settings)
    found = pd.DataFrame(columns=["shift_family", "source", "dataset", *variance.Spread._fields])
    if set(EVERY) <= set(table["experiment"].unique()):
        found = variance.components(table, settings["reference"], settings["confidence"])
    pooled = found[found["dataset"] == variance.POOLED].set_index(["shift_family", "source"])
    return {**made(_repetitions, table), **made(_components, pooled), **made(_largest, pooled)}


@reads(*ALONE)
def _repetitions(table: pd.DataFrame) -> Macros:
    """Counts of the experiments in which one source varies."""
    own = table[table["experiment"].isin(ALONE)]
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


@reads(*EVERY)
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


@reads(*ALONE)
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
