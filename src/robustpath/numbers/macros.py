"""What the macros of the prose have in common: a name, a value and its meaning; the words for a paired difference."""

from collections.abc import Callable, Mapping
from typing import NamedTuple

import pandas as pd

from robustpath import protocols
from robustpath.methods import roles
from robustpath.protocols import declared
from robustpath.records import labels
from robustpath.records.labels import MISSING

Macros = dict[str, tuple[str, str]]
EVERY = "every experiment"


class Number(NamedTuple):
    """A number of the prose in LaTeX, what it means in plain text, and the function that makes it (module.function)."""

    value: str
    meaning: str
    maker: str


def reads(*experiments: str) -> Callable:
    """Say of a function that makes macros which experiments' records they come from (or EVERY); `origin` prints it."""

    def marked(make: Callable) -> Callable:
        make.experiments = experiments
        return make

    return marked


def fitting(table: pd.DataFrame, needs: Mapping, settings: dict) -> pd.DataFrame:
    """The records without the experiments that do not meet what numbers need of them (`declared`): those numbers are
    said to be not measured."""
    return table[~table["experiment"].isin(declared.without(needs, settings))]


def made(make: Callable, *arguments) -> dict[str, Number]:
    """The macros of a function that has said what it reads, each with its maker."""
    if not hasattr(make, "experiments"):
        raise ValueError(f"{make.__name__} makes numbers and does not say which experiments it reads")
    return {name: Number(*number, maker(make)) for name, number in make(*arguments).items()}


def maker(make: Callable) -> str:
    """module.function, without the name of the package and the mark of a private function: numbers_minima.walks."""
    return f"{'_'.join(make.__module__.split('.')[1:])}.{make.__name__.lstrip('_')}"


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
    """Methods of the supervised experiments, and all of their families: macros of a method that is switched off stay
    defined."""
    supervised = [each for each in settings["experiments"].values() if protocols.name_of(each) == protocols.DEFAULT]
    used = {name for each in supervised for name in each["methods"]}
    known = {**settings["methods"], **roles.training()}
    families = {known[name] for name in used}
    return [name for name, family in known.items() if name in used or family in families]
