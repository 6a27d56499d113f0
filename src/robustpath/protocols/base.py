"""The contract of a protocol: what tells its runs apart, what they are scored by, what its experiments ask for.

A protocol is one folder. `protocol.py` states it as data (PROTOCOL) and imports no torch, so that the workflow can
plan; `training.py` and `score.py` hold the jobs `train` and `evaluate`, which are imported when they run.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from robustpath.config.section import Section

ABSENT = -1  # the value of an axis in the records of a run whose protocol has no such axis


class Axis(NamedTuple):
    """What tells runs apart beside seed and draw: the key of the section that lists its values, their kind ("whole" or
    "real") and range, and what they mean."""

    key: str
    kind: str
    low: float
    high: float
    meaning: str


class Metric(NamedTuple):
    """A number that a run is scored by.

    better: "higher", "lower" or "neither"; splits: those it is taken on; part: the file of the published records that
    holds it; always: whether it is a number for every run, also one that diverged; family: what kind of measure it is,
    "" for a score; on_the_way: whether a training takes it on its way.
    """

    unit: str
    low: float
    high: float
    better: str
    splits: tuple[str, ...]
    part: str
    always: bool = False
    family: str = ""
    on_the_way: bool = False


def _one_budget(settings: Mapping) -> tuple[float, int]:
    return settings["budget"], settings["batch_size"]


@dataclass(frozen=True)
class Protocol:
    """A protocol by its name.

    section: the keys of an experiment that it selects; axes, metrics: by name; deals: the names of the needs of methods
    that its source deals beside batches; keys: those of the section's own that a training depends on; problems(path,
    experiment, scale, config) -> what its own keys can get wrong where their form is right; unusual: those of its own
    keys that every job on its runs depends on, and that settings have only where they are not the default;
    spent(settings of a training) -> gradient evaluations a run, on average, and the examples of one.
    """

    name: str
    section: "type[Section]"
    axes: Mapping[str, Axis]
    metrics: Mapping[str, Metric]
    deals: frozenset[str]
    keys: frozenset[str]
    problems: Callable[..., Iterator]
    unusual: frozenset[str] = frozenset()
    spent: Callable[[Mapping], tuple[float, int]] = _one_budget
