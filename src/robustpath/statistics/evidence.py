"""What the study of minima compares: accuracies and measures of runs, at equal budget and at equal training loss."""

from collections.abc import Collection
from typing import NamedTuple

import numpy as np
import pandas as pd

from robustpath import protocols
from robustpath.records.selection import select
from robustpath.statistics.intervals import check_complete

CELL = ["dataset", "train_size", "label_noise", "seed"]
IDENTITY = [*CELL, "method", "draw"]
OOD = "ood"
VALIDATION = "validation"
# Measures above zero: compared as ratios, so interpolated in their logarithm.
POSITIVE = ["lambda_max", "trace", "sam_sharpness", "asam_sharpness", "noise_sharpness"]
TINY = 1e-12


class Evidence(NamedTuple):
    """Long tables of one experiment, columns CELL, method and value, and test_set or metric.

    accuracy: of the draws chosen by validation accuracy. plain: of draw 0, the defaults. Their test_set is none (in
    distribution), natural, corruption, generator or ood (the mean over the kinds of shift).
    measure: of draw 0. curve: the accuracies of SGD's runs of several lengths, each length a method of its own.
    matched: of draw 0, with `expected`, SGD's value at the same training loss (NaN where its curve does not reach it).
    """

    accuracy: pd.DataFrame
    plain: pd.DataFrame
    measure: pd.DataFrame
    curve: pd.DataFrame
    matched: pd.DataFrame


def gather(records: pd.DataFrame, experiment: str, curve: str, beside: Collection[str] = ()) -> Evidence:
    """The evidence of `experiment`, with SGD's curve from the runs of several lengths in the experiment `curve`;
    experiments `beside` it add methods of theirs.

    The defaults are compared with the curve, since its runs have the defaults too.
    """
    own = records[records["experiment"].isin([experiment, *beside])]
    plain = own[own["draw"] == 0]
    chosen = accuracies(select(own)).drop(columns="draw")
    of_others = set(own.loc[own["experiment"] != experiment, "method"])
    check_complete(chosen[~chosen["method"].isin(of_others)])
    runs = records[records["experiment"] == curve]
    matched = at_equal_loss(records, [experiment, *beside], curve)
    held, own_measures = accuracies(plain).drop(columns="draw"), measures(plain).drop(columns="draw")
    return Evidence(chosen, held, own_measures, lengths(runs), matched)


def at_equal_loss(records: pd.DataFrame, experiments: Collection[str], curve: str) -> pd.DataFrame:
    """The runs of some experiments with the defaults, beside SGD at the same training loss (see `match`)."""
    plain = records[records["experiment"].isin(experiments) & (records["draw"] == 0)]
    return match(_quantities(plain), _quantities(records[records["experiment"] == curve]))


def lengths(runs: pd.DataFrame) -> pd.DataFrame:
    """The accuracies of runs of several lengths, each length as a method of its own."""
    found = accuracies(runs)
    return found.assign(method="length " + found["draw"].astype(str)).drop(columns="draw")


def accuracies(records: pd.DataFrame) -> pd.DataFrame:
    """Columns IDENTITY, test_set, value: the mean over shifts and severities of a kind, and `ood` over the kinds."""
    scores = records[(records["metric"] == "accuracy") & (records["split"] == "test")]
    kinds = scores.rename(columns={"shift_family": "test_set"})
    kinds = kinds.groupby([*IDENTITY, "test_set"], as_index=False)["value"].mean()
    ood = kinds[kinds["test_set"] != "none"].groupby(IDENTITY, as_index=False)["value"].mean()
    columns = [*IDENTITY, "test_set", "value"]
    return pd.concat([kinds[columns], ood.assign(test_set=OOD)[columns]], ignore_index=True)


def validated(records: pd.DataFrame) -> pd.DataFrame:
    """The table of `accuracies` with those on validation data, not shifted, as a further test_set."""
    held_out = (records["metric"] == "accuracy") & (records["split"] == VALIDATION) & (records["shift"] == "none")
    own = records.loc[held_out, [*IDENTITY, "value"]].assign(test_set=VALIDATION)
    return pd.concat([accuracies(records), own], ignore_index=True)


def measures(records: pd.DataFrame) -> pd.DataFrame:
    """Columns IDENTITY, metric, value; what did not converge has the value NaN."""
    own = records[records["metric"].isin(protocols.measures())]
    return own.assign(value=own["value"].where(own["converged"]))[[*IDENTITY, "metric", "value"]].reset_index(drop=True)


def losses(records: pd.DataFrame) -> pd.DataFrame:
    """Columns IDENTITY, value: the training loss (cross-entropy, nats) of runs that did not diverge."""
    own = (records["metric"] == "cross_entropy") & (records["split"] == "train") & ~records["diverged"].astype(bool)
    return records.loc[own, [*IDENTITY, "value"]].reset_index(drop=True)


def _quantities(records: pd.DataFrame) -> pd.DataFrame:
    """One row a run: IDENTITY, log_loss, and a column for each kind of accuracy and each positive measure."""
    loss = losses(records)
    loss = loss.assign(log_loss=np.log(loss["value"].clip(lower=TINY))).drop(columns="value")
    held = accuracies(records).rename(columns={"test_set": "quantity"})
    own = measures(records).rename(columns={"metric": "quantity"})
    both = pd.concat([held, own[own["quantity"].isin(POSITIVE)]])
    wide = both.pivot(index=IDENTITY, columns="quantity", values="value").reset_index()
    return loss.merge(wide, on=IDENTITY, how="inner")


def match(runs: pd.DataFrame, curve: pd.DataFrame) -> pd.DataFrame:
    """Columns CELL, method, quantity, value, expected: each run beside SGD's curve in its own cell at its own loss.

    The curve is interpolated between its runs linearly in the logarithm of the training loss; the positive measures in
    their own logarithm too. Outside its range nothing is expected (NaN).
    """
    quantities = [name for name in runs.columns if name not in (*IDENTITY, "log_loss")]
    values, expected = runs[[*CELL, "method", *quantities]], []
    known = dict(list(curve.groupby(CELL)))
    for cell, rows in runs.groupby(CELL):
        lines = known.get(cell, curve.iloc[:0]).reindex(columns=["log_loss", *quantities])
        at = rows["log_loss"].to_numpy()
        found = {name: interpolate(lines["log_loss"], lines[name], at, name in POSITIVE) for name in quantities}
        expected.append(pd.DataFrame(found, index=rows.index))
    keys = [*CELL, "method"]
    long = values.melt(id_vars=keys, value_vars=quantities, var_name="quantity", value_name="value")
    other = pd.concat(expected).reindex(runs.index) if expected else values[quantities]
    return long.assign(expected=other.melt(value_vars=quantities)["value"])


def interpolate(log_loss: pd.Series, values: pd.Series, at: np.ndarray, logarithmic: bool) -> np.ndarray:
    """A curve at some losses: linear in `log_loss`; runs of equal loss are averaged; outside its range it is NaN."""
    x, y = log_loss.to_numpy(dtype=float), values.to_numpy(dtype=float)
    there = np.isfinite(x) & np.isfinite(y) & ((y > 0) | (not logarithmic))
    if not there.any():
        return np.full(len(at), np.nan)
    places, group = np.unique(x[there], return_inverse=True)
    heights = np.log(y[there]) if logarithmic else y[there]
    heights = np.bincount(group, heights) / np.bincount(group)
    found = np.interp(at, places, heights, left=np.nan, right=np.nan)
    return np.exp(found) if logarithmic else found


def pairs(table: pd.DataFrame, variant: str, other: str) -> pd.DataFrame:
    """Columns CELL, value, other: two methods of a long table side by side in each cell."""
    rows = table[[*CELL, "value"]]
    sides = [rows[table["method"] == name] for name in (variant, other)]
    return sides[0].merge(sides[1].rename(columns={"value": "other"}), on=CELL, how="inner")


def gains(table: pd.DataFrame, reference: str) -> pd.DataFrame:
    """The rows of a long table of accuracies, reference left out, with value = the difference to the reference."""
    keys = [*CELL, "test_set"]
    base = table.loc[table["method"] == reference, [*keys, "value"]].rename(columns={"value": "base"})
    both = table[table["method"] != reference].merge(base, on=keys, how="inner")
    return both.assign(value=both["value"] - both["base"]).drop(columns="base")


def matched_gains(matched: pd.DataFrame, test_set: str = "none") -> pd.DataFrame:
    """Columns CELL, method, value: accuracy minus SGD's at the same training loss; NaN where SGD does not reach it."""
    own = matched[matched["quantity"] == test_set]
    return own.assign(value=own["value"] - own["expected"])[[*CELL, "method", "value"]].reset_index(drop=True)
