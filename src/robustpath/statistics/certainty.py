"""How certain the measures of minima are: which runs have a value, which values are lower bounds, and random errors."""

import pandas as pd

from robustpath.protocols.supervised.metrics import LOWER_BOUNDS
from robustpath.records import RUN

ERROR = "_error"  # a metric of this ending is the standard error of the one before it
HIGH = 0.95


def known(records: pd.DataFrame) -> pd.DataFrame:
    """The rows whose value says something of the measure: what converged, and what did not but is a lower bound."""
    bound = records["metric"].isin(LOWER_BOUNDS) & records["value"].notna()
    return records[records["converged"].astype(bool) | bound]


def certainty(records: pd.DataFrame, metric: str) -> dict[str, float]:
    """Of one measure: `runs` with a value, how many of these are `lower` bounds, how many runs are `lost`, and the
    median and 95 % quantile over runs of its standard error as a share of it (NaN where nothing is drawn at random)."""
    rows = records[records["metric"] == metric]
    kept = known(rows)
    errors = records.loc[records["metric"] == metric + ERROR, [*RUN, "value"]].rename(columns={"value": "error"})
    both = kept[[*RUN, "value"]].merge(errors, on=RUN)
    share = both["error"] / both["value"].abs()
    return {
        "runs": len(kept),
        "lower": int((~kept["converged"].astype(bool)).sum()),
        "lost": len(rows) - len(kept),
        "error": share.median(),
        "high": share.quantile(HIGH),
    }
