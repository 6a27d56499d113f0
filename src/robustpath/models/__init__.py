"""Networks: one file a network, found by its name.

A file gives `network(shape, classes, hidden) -> nn.Module` for examples of `shape` ([L], [H, W] or [C, H, W]), and
states KINDS (of data that it takes), MEASURED (whether the measures of minima are defined for it), HIDDEN = True where
its layers are those of the config's `hidden` (elsewhere `hidden` is empty) and PORTION: how many networks and how many
examples (0: all) are scored at once, since activations of convolutions would fill a GPU.
Listing names and facts reads files only; a network's module is imported when it is loaded.
"""

from collections.abc import Mapping, Sequence
from functools import cache
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, NamedTuple

from robustpath.core.errors import UserError
from robustpath.core.source import constants

if TYPE_CHECKING:
    from torch import nn

HERE = Path(__file__).parent
HELPERS = {"__init__", "functional", "layers", "recall"}
DEFAULT = "mlp"  # settings of jobs do not name it


class Facts(NamedTuple):
    """What is known of a network without importing it: the kinds of data that it takes, whether it can be measured,
    whether its layers are those of the config's `hidden`."""

    kinds: tuple[str, ...]
    measured: bool
    hidden: bool


@cache
def names() -> tuple[str, ...]:
    """Every network, in alphabetical order."""
    return tuple(sorted(file.stem for file in HERE.glob("*.py") if file.stem not in HELPERS))


@cache
def facts(name: str) -> Facts:
    """What the file of a network states of it; UserError where it leaves something out."""
    file = HERE / f"{name}.py"
    stated = constants(file)
    if lacking := [fact for fact in ("KINDS", "MEASURED", "PORTION") if fact not in stated]:
        raise UserError(f"{file} does not state {' or '.join(lacking)} in a line of its own: see the top of {__file__}")
    return Facts(tuple(stated["KINDS"]), bool(stated["MEASURED"]), bool(stated.get("HIDDEN", False)))


def name_of(settings: Mapping) -> str:
    """The network of a job's settings, which name it where it is not the default."""
    return settings.get("model", DEFAULT)


def network(settings: Mapping, shape: Sequence[int], classes: int) -> "nn.Module":
    """The network of a job's settings for examples of `shape`: [L], [H, W] or [C, H, W]."""
    return load(name_of(settings)).network(shape, classes, settings.get("hidden", ()))


def load(name: str) -> ModuleType:
    """The module of a network."""
    return import_module(f"robustpath.models.{name}")
