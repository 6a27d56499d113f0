"""What the macros of the prose have in common: a name, a value and its meaning; the words for a paired difference."""

import pandas as pd

from robustpath import methods
from robustpath.analysis import labels
from robustpath.analysis.labels import MISSING

Macros = dict[str, tuple[str, str]]


def verdict(low: float, high: float) -> str:
    """What an interval of a difference allows to say: is higher than, is lower than, or is not distinguishable from."""
    return "is higher than" if low > 0 else "is lower than" if high < 0 else "is not distinguishable from"


def difference(prefix: str, row: pd.Series | None, what: str) -> Macros:
    """Value, interval and verdict of a paired difference with columns mean, low, high; None if unknown."""
    value, span, words = MISSING, MISSING, "was not compared with"
    if row is not None:
        value, span = labels.points(row["mean"]), labels.points_range(row["low"], row["high"])
        words = verdict(row["low"], row["high"])
    return {
        prefix: (value, f"{what}, paired difference in percentage points"),
        f"{prefix}Interval": (span, f"{what}, interval of the paired difference"),
        f"{prefix}Verdict": (words, f"{what}, verdict by the interval"),
    }


def known_methods(settings: dict) -> list[str]:
    """Methods of the settings and the registry: macros of a method that is switched off stay defined."""
    return list(dict.fromkeys([*settings["methods"], *methods.names()]))
