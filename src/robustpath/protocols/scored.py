"""Scores of many runs on many sets of examples as one table, made at once: thousands of small tables take longer."""

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from robustpath.data.shifts import ShiftedSet

MEANS = (
    "mean_"  # what the columns of a table of runs begin with that hold means over steps, which are no part of scores
)

Scored = tuple[np.ndarray, ShiftedSet, dict[str, Tensor]]


def tabulated(table: pd.DataFrame, scored: list[Scored]) -> pd.DataFrame:
    """Rows of the records: set by set (runs as rows of `table`, what they were scored on, scores [runs] by metric),
    there metric by metric, there run by run."""
    parts = [(which, about, metric, each) for which, about, scores in scored for metric, each in scores.items()]
    lengths = [len(which) for which, *_ in parts]
    own = table[[name for name in table if not name.startswith(MEANS)]]
    runs = own.take(np.concatenate([which for which, *_ in parts])).reset_index(drop=True)

    def repeated(values: list) -> pd.Series:
        return pd.Series(values).repeat(lengths).reset_index(drop=True)

    return runs.assign(
        split=repeated([about.split for _, about, *_ in parts]),
        shift=repeated([about.shift for _, about, *_ in parts]),
        shift_family=repeated([about.shift_family for _, about, *_ in parts]),
        severity=repeated([about.severity for _, about, *_ in parts]),
        metric=repeated([metric for *_, metric, _ in parts]),
        value=torch.cat([each for *_, each in parts]).cpu().numpy(),
        converged=True,
    )
