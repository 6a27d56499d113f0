"""Training methods: one file a method, in minima/, batches/ and shortcuts/, found by its place and name.

Listing names reads the folder only, so the workflow can plan without importing torch; a method's own module is
imported when it is loaded, so a job depends on the files of its own method and on no other.
"""

from functools import cache
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from robustpath.core.source import constants

if TYPE_CHECKING:
    from robustpath.methods.base import Spec


def families() -> list[str]:
    """Every family: the folders that there are, in alphabetical order."""
    return sorted(file.parent.name for file in Path(__file__).parent.glob("*/__init__.py"))


@cache
def names() -> dict[str, str]:
    """Every method's name and family, in alphabetical order of families, then names."""
    here = Path(__file__).parent
    return {
        file.stem: family
        for family in families()
        for file in sorted((here / family).glob("*.py"))
        if not file.stem.startswith("_")
    }


@cache
def protocols_of(name: str) -> tuple[str, ...]:
    """The protocols that a method is for, as its file or else its family's `__init__.py` states in a line of its own;
    none stated for a method that does not mind."""
    folder = Path(__file__).parent / names()[name]
    own, of_family = (constants(file).get("PROTOCOLS", ()) for file in (folder / f"{name}.py", folder / "__init__.py"))
    return tuple(own or of_family)


def load(name: str) -> "Spec":
    """The specification that module `name` registers; KeyError for a name that has no file."""
    return getattr(import_module(f"robustpath.methods.{names()[name]}.{name}"), name).spec
