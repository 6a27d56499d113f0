"""Components of variance: how accuracies scatter by one source, all others held fixed (Bouthillier et al. 2021)."""

import numpy as np
import pandas as pd
from scipy import stats

from robustpath.analysis.records import RUN

PREFIX = "variance_"  # of the experiments that vary one source; the rest of the name is the source
TOGETHER = "all of these"
PLACE = ["dataset", "test_set"]
OVER = ["train_size", "label_noise"]


def spreads(records: pd.DataFrame, joint: str, reference: str) -> pd.DataFrame:
    """Columns source, dataset, test_set, freedom, deviation: the sd of the reference's test accuracy (a fraction).

    A source is what varies from run to run of an experiment: seeds of one kind, or the draws of one seed. `TOGETHER` is
    the default draw in the experiment `joint`, in which all but the draw vary with the seed. test_set: none (in
    distribution), natural or corruption (the mean over their shifts). Variances are pooled over sizes, label noise and,
    for draws, seeds.
    """
    scores = records[(records["split"] == "test") & (records["metric"] == "accuracy")]
    scores = scores[scores["method"] == reference].rename(columns={"shift_family": "test_set"})
    each = scores.groupby([*RUN, "test_set"], as_index=False)["value"].mean()
    parts = []
    for name, own in each.groupby("experiment", sort=False):
        if name == joint:
            plain = own[(own["draw"] == 0) & (own["label_noise"] == own["label_noise"].min())]
            parts.append(_pooled(plain, "seed", [*PLACE, *OVER]).assign(source=TOGETHER))
        elif name.startswith(PREFIX):
            source = name.removeprefix(PREFIX)
            varies, fixed = ("draw", ["seed"]) if source == "draw" else ("seed", ["draw"])
            parts.append(_pooled(own, varies, [*PLACE, *OVER, *fixed]).assign(source=source))
    columns = ["source", *PLACE, "freedom", "deviation"]
    return pd.concat(parts, ignore_index=True)[columns] if parts else pd.DataFrame(columns=columns)


def _pooled(own: pd.DataFrame, varies: str, cell: list[str]) -> pd.DataFrame:
    """Columns PLACE, freedom, deviation: variances over the column `varies` within each cell, pooled over cells."""
    groups = own.groupby(cell)["value"].agg(["var", "size"]).reset_index()
    groups = groups.assign(freedom=groups["size"] - 1, squares=groups["var"] * (groups["size"] - 1))
    sums = groups.groupby(PLACE, as_index=False)[["freedom", "squares"]].sum()
    return sums.assign(deviation=np.sqrt(sums["squares"] / sums["freedom"]))[[*PLACE, "freedom", "deviation"]]


def over_datasets(found: pd.DataFrame) -> pd.DataFrame:
    """Columns source, test_set, freedom, deviation: `spreads` pooled over data sets by their degrees of freedom."""
    weighted = found.assign(squares=found["deviation"] ** 2 * found["freedom"])
    sums = weighted.groupby(["source", "test_set"], as_index=False, sort=False)[["freedom", "squares"]].sum()
    return sums.assign(deviation=np.sqrt(sums["squares"] / sums["freedom"])).drop(columns="squares")


def with_interval(found: pd.DataFrame, confidence: float) -> pd.DataFrame:
    """The table with columns low and high: the chi-squared interval of a normal standard deviation."""
    outside = (1 - confidence) / 2
    freedom = found["freedom"].to_numpy(dtype=float)
    low = found["deviation"] * np.sqrt(freedom / stats.chi2.ppf(1 - outside, freedom))
    high = found["deviation"] * np.sqrt(freedom / stats.chi2.ppf(outside, freedom))
    return found.assign(low=low, high=high)
