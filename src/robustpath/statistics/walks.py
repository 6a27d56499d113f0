"""What walks do: to curvature, from their start to the end of training; to accuracy, beside training without them."""

import numpy as np
import pandas as pd

from robustpath.records import plain
from robustpath.statistics import evidence
from robustpath.statistics.contrasts import contrasts
from robustpath.statistics.evidence import CELL, Evidence
from robustpath.statistics.intervals import holm, interval

START, END, TRAINED = "walk_lambda_max_start", "walk_lambda_max_end", "lambda_max"
SHORT = "short_descent"  # the descent that follows a walk, without the walk
ISOTROPIC = "isotropic_warmup"  # a walk from the initialisation in any direction
YARDSTICKS = ("sam", "asam", "mixup")
BUDGET, LOSS = "equal budget", "equal training loss"
SAME = 0.01  # of logarithms of a curvature: two walks begin at the same parameters


def of_defaults(records: pd.DataFrame, experiment: str) -> pd.DataFrame:
    """The rows of an experiment's runs at their defaults (draw 0), less measures that did not converge."""
    own = records[(records["experiment"] == experiment) & (records["draw"] == 0) & records["converged"]]
    return plain(own)


def medians(own: pd.DataFrame, metrics: list[str]) -> pd.DataFrame:
    """Index method, label_noise; a column for each metric: its median over the runs of all data sets and seeds."""
    rows = own[own["metric"].isin(metrics)]
    table = rows.pivot_table(index=["method", "label_noise"], columns="metric", values="value", aggfunc="median")
    return table.reindex(columns=metrics)


def beginning_with(own: pd.DataFrame, walk: str) -> list[str]:
    """The methods that walk from where `walk` does, such as the initialisation: in the median run, the largest
    curvature at the start is the same. Rows as `of_defaults` gives them."""
    begun = own[own["metric"] == START].pivot_table(index=CELL, columns="method", values="value")
    if walk not in begun:
        return []
    ratios = begun.div(begun[walk], axis="index")
    away = np.log(ratios.where(ratios > 0)).abs().median()
    return [name for name in away.index if away[name] < SAME]


def views(found: Evidence, reference: str, confidence: float) -> dict[str, pd.DataFrame]:
    """BUDGET and LOSS -> columns method, label_noise, n, mean, low, high: accuracy in distribution at the defaults less
    that of the reference, after as many gradient evaluations, and stopped at the same training loss; data sets are
    averaged within a seed, t intervals are over seeds."""
    equal = evidence.gains(found.plain[found.plain["test_set"] == "none"], reference)
    matched = evidence.matched_gains(found.matched)
    by, shown = ["method", "label_noise"], {}
    for name, rows in {BUDGET: equal, LOSS: matched[matched["method"] != reference]}.items():
        seeds = rows.dropna(subset="value").groupby([*by, "seed"], as_index=False)["value"].mean()
        shown[name] = interval(seeds, by, confidence)
    return shown


def against(accuracy: pd.DataFrame, walks: list[str], other: str, confidence: float) -> pd.DataFrame:
    """Columns label_noise, test_set, method, n, mean, low, high, p, holm: accuracy of each walk less that of `other`
    in distribution (none) and under shift (ood), data sets as strata; Holm's correction is over all rows.

    accuracy: a table of `evidence.Evidence`.
    """
    keys = [*CELL, "test_set"]
    chosen = accuracy[accuracy["test_set"].isin(["none", evidence.OOD])]
    base = chosen.loc[chosen["method"] == other, [*keys, "value"]].rename(columns={"value": "base"})
    both = chosen[chosen["method"].isin(walks)].merge(base, on=keys, how="inner")
    rows = both.assign(value=both["value"] - both["base"]).drop(columns="base")
    found = contrasts(rows, ["test_set", "method"], confidence)
    return found.assign(holm=holm(found["p"].astype(float)))
