"""Scores of runs that acquire labels: of the selected draws, one row a run, and paired advantages of one over others.

The seed is the unit of replication: missing groups are averaged within it where a table does not keep them apart.
"""

from collections.abc import Sequence

import pandas as pd

from robustpath import protocols
from robustpath.core.errors import UserError
from robustpath.records import plain
from robustpath.records.selection import select
from robustpath.statistics.intervals import paired

CELL = ["dataset", "method", "label_noise", "missing"]


def scores(records: pd.DataFrame, experiment: str, metric: str) -> pd.DataFrame:
    """Columns CELL, seed and value: an unshifted score of the runs of an experiment that validation selects, on test
    data where it is taken there. UserError where the records hold none of it."""
    own = plain(records[(records["experiment"] == experiment) & (records["shift"] == "none")])
    splits = protocols.metrics()[metric].splits
    split = "test" if "test" in splits else splits[0]
    if own.empty or not ((own["metric"] == metric) & (own["split"] == split)).any():
        raise UserError(f"the records have no {metric} of experiment {experiment}; run snakemake again")
    chosen = select(own)
    rows = chosen[(chosen["metric"] == metric) & (chosen["split"] == split) & chosen["converged"]]
    return rows[[*CELL, "seed", "value"]].reset_index(drop=True)


def advantages(
    rows: pd.DataFrame, by: Sequence[str], method: str, others: Sequence[str], confidence: float
) -> pd.DataFrame:
    """Columns `by`, other, n, mean, low, high, p: the value of a method less that of each of `others`, seed by seed."""
    own = rows.groupby([*by, "method", "seed"], as_index=False)["value"].mean()
    parts = []
    for other in others:
        pair = own[own["method"].isin([method, other])]
        found = paired(pair, list(by), other, confidence)
        parts.append(found.drop(columns="method").assign(other=other))
    return pd.concat(parts, ignore_index=True)
