"""Arms that are matched in accuracy: of a grid of strengths, the largest one that costs little validation accuracy.

The strength is chosen once for a method on a data set, by means over seeds, and never by test data. The intervals of
what is compared then are those of the chosen arms: they hold no spread of the choice.
"""

from typing import NamedTuple

import pandas as pd

from robustpath.core.errors import UserError
from robustpath.records import RUN, plain
from robustpath.records.selection import VALIDATION, choose, select
from robustpath.statistics.intervals import interval
from robustpath.statistics.streams import with_hyperparameters

CELL = ["dataset", "train_size", "label_noise"]  # where a method has one arm
ROUNDING = 1e-9  # of means of accuracies, which must not decide
STRENGTH = "strength"


class Base(NamedTuple):
    """The runs that arms are compared with: a method in an experiment."""

    experiment: str
    method: str


def strengths(own: pd.DataFrame, base: pd.DataFrame, points: float, name: str = STRENGTH) -> pd.DataFrame:
    """Columns CELL, method, `name`, cost, kept: the largest value of the hyperparameter `name` whose mean validation
    accuracy is at most `points` below that of the base; where there is none the smallest, and `kept` is false.

    own, base: rows of the records. Means are over the seeds that both have, of several draws with one value the best
    of each seed; cost: base less arm, a fraction. UserError where a run was not given the hyperparameter, or the base
    shares no seed of a data set.
    """
    keys = [*CELL, "seed"]
    validated = _validated(with_hyperparameters(own, name), name)
    arms = validated.groupby([*keys, "method", name], as_index=False)["value"].mean()
    reference = _validated(base).groupby(keys, as_index=False)["value"].mean()
    both = arms.merge(reference, on=keys, suffixes=("", "_base"))
    if lacking := set(arms["dataset"].unique()) - set(both["dataset"].unique()):
        raise UserError(
            f"the base that accuracies are matched with shares no seed on {min(lacking)}; give its experiment the same "
            "data sets, train sizes and label noise in config.yaml"
        )
    cost = both.assign(cost=both["value_base"] - both["value"])
    means = cost.groupby([*CELL, "method", name], as_index=False)["cost"].mean()
    means = means.assign(kept=means["cost"] <= points / 100 + ROUNDING)
    order = means[name].where(means["kept"], -means[name])
    best = means.assign(order=order).sort_values(["kept", "order"], ascending=False, kind="stable")
    chosen = best.drop_duplicates([*CELL, "method"]).drop(columns="order")
    return chosen.sort_values([*CELL, "method"]).reset_index(drop=True)


def of_arms(own: pd.DataFrame, chosen: pd.DataFrame, name: str = STRENGTH) -> pd.DataFrame:
    """The rows of the records of the arms that `strengths` chose, with the column `name`."""
    return with_hyperparameters(own, name).merge(chosen[[*CELL, "method", name]], on=[*CELL, "method", name])


def _validated(rows: pd.DataFrame, *within: str) -> pd.DataFrame:
    """The validation accuracy of the best draw of each seed, of each value of the columns `within`."""
    best = choose(rows, within=within)[RUN]
    own = rows[(rows["metric"] == "accuracy") & (rows["split"] == VALIDATION.split) & (rows["shift"] == "none")]
    return own.merge(best, on=RUN)


class Arms(NamedTuple):
    """chosen: as `strengths` gives it; own, base: the records of the runs that stand for each method, draws selected by
    validation accuracy."""

    chosen: pd.DataFrame
    own: pd.DataFrame
    base: pd.DataFrame


def arms(records: pd.DataFrame, experiment: str, base: Base, points: float, name: str = STRENGTH) -> Arms:
    """The matched arms of all methods of a grid but the base; UserError where the records lack the grid or the base."""
    there = records["experiment"] == experiment
    own = plain(records[there & ~((base.experiment == experiment) & (records["method"] == base.method))])
    reference = plain(records[(records["experiment"] == base.experiment) & (records["method"] == base.method)])
    for rows, what in ((own, f"the experiment {experiment}"), (reference, f"{base.method} in {base.experiment}")):
        if rows.empty:
            raise UserError(f"the records have no runs of {what} to match accuracies with; run snakemake again")
    chosen = strengths(own, reference, points, name)
    reference = reference.merge(own[CELL].drop_duplicates(), on=CELL)  # it may have other sizes and label noises too
    return Arms(chosen, select(of_arms(own, chosen, name)), select(reference))


def compared(found: Arms, metric: str, confidence: float, split: str | None = None) -> pd.DataFrame:
    """Columns dataset, method, n, mean, low, high, difference, difference_low, difference_high: a metric of each arm
    and of the base on unshifted data, and the difference to the base seed by seed; t intervals.

    On test data where it is taken there and no split is named. Runs without a value are left out with their partner;
    the base has no difference (NaN).
    """
    own, base = (scores(rows, metric, split) for rows in (found.own, found.base))
    pairs = own.merge(base.drop(columns="method"), on=["dataset", "seed"], suffixes=("", "_base"))
    gains = pairs.assign(value=pairs["value"] - pairs["value_base"])[["dataset", "method", "seed", "value"]]
    by = ["dataset", "method"]
    levels = interval(pd.concat([base, own], ignore_index=True), by, confidence)
    renamed = {"mean": "difference", "low": "difference_low", "high": "difference_high"}
    differences = interval(gains, by, confidence).drop(columns="n").rename(columns=renamed)
    return levels.merge(differences, on=by, how="left")


def scores(rows: pd.DataFrame, metric: str, split: str | None = None) -> pd.DataFrame:
    """Columns dataset, method, seed, value of a metric on unshifted data; UserError where there is none."""
    own = rows[(rows["metric"] == metric) & (rows["shift"] == "none")].dropna(subset="value")
    split = split or ("test" if (own["split"] == "test").any() else next(iter(own["split"]), ""))
    own = own[own["split"] == split]
    if own.empty:
        raise UserError(f"the records have no {split} {metric} of the runs that are compared; run snakemake again")
    return own.groupby(["dataset", "method", "seed"], as_index=False)["value"].mean()
