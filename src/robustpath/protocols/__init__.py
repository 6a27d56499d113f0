"""Protocols: what a run learns from, step by step, and when it is scored; one folder a protocol, found by its name.

Listing them reads the folder only; a protocol's statement is imported when it is loaded, its jobs when they run.
"""

from collections.abc import Mapping
from functools import cache
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, TypeVar

from robustpath.core.errors import UserError

if TYPE_CHECKING:
    from robustpath.protocols.base import Axis, Metric, Protocol

DEFAULT = "supervised"  # settings of jobs do not name it

Fact = TypeVar("Fact")


@cache
def names() -> list[str]:
    """Every protocol: the default first, the others in alphabetical order."""
    found = (file.parent.name for file in Path(__file__).parent.glob("*/protocol.py"))
    return sorted(found, key=lambda name: (name != DEFAULT, name))


def name_of(settings: Mapping) -> str:
    """The protocol of a job's settings, which name it where it is not the default."""
    return settings.get("protocol", DEFAULT)


def load(name: str) -> "Protocol":
    """The statement of a protocol; UserError for a name that has no folder."""
    if name not in names():
        raise UserError(f"there is no protocol '{name}': choose one of {', '.join(names())}")
    return import_module(f"robustpath.protocols.{name}.protocol").PROTOCOL


def spent(settings: Mapping) -> tuple[float, int]:
    """The gradient evaluations a run of a training with these settings, on average, and the examples of one."""
    return load(name_of(settings)).spent(settings)


def job(settings: Mapping, step: str) -> ModuleType:
    """The module of a protocol that runs a step ("training" or "score")."""
    return import_module(f"robustpath.protocols.{name_of(settings)}.{step}")


@cache
def axes() -> dict[str, "Axis"]:
    """The axes of all protocols; UserError where two protocols define one differently."""
    return _joined("axis", {name: load(name).axes for name in names()})


@cache
def metrics() -> dict[str, "Metric"]:
    """The metrics of all protocols, each on the splits of any; UserError where two define one differently but for its
    splits, or one is in no part of what is published."""
    of_each = {name: load(name).metrics for name in names()}
    splits: dict[str, dict[str, None]] = {}
    for own in of_each.values():
        for name, metric in own.items():
            splits.setdefault(name, {}).update(dict.fromkeys(metric.splits))
    anywhere = {
        protocol: {name: metric._replace(splits=tuple(splits[name])) for name, metric in own.items()}
        for protocol, own in of_each.items()
    }
    found = _joined("metric", anywhere)
    for name, metric in found.items():
        if not metric.part:
            raise UserError(
                f"the metric {name} is in no part of what is published: name its `part` in the metrics of its protocol"
            )
    return found


def measures(*families: str) -> list[str]:
    """The metrics that are measures of what was reached, not scores of predictions; of some families where named."""
    return [name for name, metric in metrics().items() if metric.family and (not families or metric.family in families)]


def parts() -> dict[str, list[str]]:
    """The files of the published records, each with the metrics that it holds."""
    found: dict[str, list[str]] = {}
    for name, metric in metrics().items():
        found.setdefault(metric.part, []).append(name)
    return found


def _joined(what: str, of_each: Mapping[str, Mapping[str, Fact]]) -> dict[str, Fact]:
    found: dict[str, tuple[str, Fact]] = {}
    for protocol, facts in of_each.items():
        for name, fact in facts.items():
            first, known = found.setdefault(name, (protocol, fact))
            if known != fact:
                raise UserError(
                    f"the {what} {name} is not the same in the protocols {first} ({known}) and {protocol} ({fact}); "
                    "give one of them another name"
                )
    return {name: fact for name, (_, fact) in found.items()}
