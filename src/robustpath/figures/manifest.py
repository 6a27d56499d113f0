"""The list of figures and tables: notebooks/manifest.yaml."""

import re
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, RootModel

from robustpath.config import document
from robustpath.config.document import Distinct, Names, Section
from robustpath.config.errors import hint, plainly
from robustpath.config.yaml import read
from robustpath.core.errors import UserError
from robustpath.protocols.declared import NEEDS

MANIFEST = Path("notebooks/manifest.yaml")
NEEDED = {"category", "question", "shows"}

Beside = Literal["traces", "surfaces", "theory", "claims", "calibration"]


class Entry(Section):
    """A figure or table, drawn by the notebook of its name.

    experiments: those whose records it reads. further: those that it reads too where the config has them. needs: what
    it needs of some of them (protocols/declared.py). inputs: what it reads beside the records. describes: whether its
    settings are those of every experiment. place: repository where the paper does not show it.
    """

    kind: Literal["figure", "table"]
    category: Literal["Data efficiency", "Robustness", "Minima", "Batches", "Shortcuts", "Theory", "Protocol"]
    experiments: Names
    further: Annotated[list[str], Distinct] = Field(default_factory=list)
    needs: dict[str, dict[str, object]] = Field(default_factory=dict)
    inputs: Annotated[list[Beside], Distinct] = Field(default_factory=list)
    describes: Literal["all"] | None = None
    place: Literal["repository"] | None = None
    question: str = Field(min_length=1)
    shows: str = Field(min_length=1)


class Manifest(RootModel[dict[str, Entry]]):
    """The entries by name, in the order of the report."""


def manifest(path: Path = MANIFEST) -> dict[str, dict]:
    """The figures and tables by name, each with the keys of `Entry` that it has; UserError names what is wrong."""
    entries = read(path, f"{path.parent.name}/{path.name}")
    if not isinstance(entries, dict):
        raise UserError(f"{path}: is not a mapping of names to entries; begin each entry with its name and a colon.")
    if any(isinstance(entry, dict) and set(entry) - set(Entry.model_fields) for entry in entries.values()):
        # Before what is missing, which may be misspelt.
        document.checked(entries, Manifest, _keys, str(path))
    for name, entry in entries.items():
        if not re.fullmatch(r"[a-z][a-z0-9_]*", str(name)):
            raise UserError(f"{path}: {plainly(name)} is no name of a file; take lower-case letters, digits and _.")
        if not isinstance(entry, dict) or entry.get("kind") not in ("figure", "table") or not entry.keys() >= NEEDED:
            raise UserError(f"{path}: {name} needs a kind (figure or table), a category, a question and what it shows.")
        if not path.with_name(f"{name}.py").is_file():
            raise UserError(
                f"{path}: {name} has no notebook; write {path.with_name(f'{name}.py')} or take the entry out."
            )
    document.checked(entries, Manifest, _keys, str(path))
    return entries


def check_names(entries: Mapping[str, dict], there: Collection[str], path: Path = MANIFEST) -> None:
    """Raise a UserError for the first experiment of an entry that is not `there`, and for the first need that is of
    another experiment than the entry's or that nothing can check; each with the nearest name."""
    for name, entry in entries.items():
        for experiment in entry["experiments"]:
            _among(f"{path}: {name} reads the unknown experiment", experiment, there)
        for experiment, needs in entry.get("needs", {}).items():
            _among(
                f"{path}: {name} needs something of an experiment that it does not read,",
                experiment,
                entry["experiments"],
            )
            for need in needs:
                _among(f"{path}: {name} states of {experiment} the unknown need", need, NEEDS)


def _among(said: str, name: str, there: Collection[str]) -> None:
    if name not in there:
        raise UserError(f"{said} {plainly(name)}; {hint(name, there)}")


def _keys(section: dict) -> list[str]:
    return list(Entry.model_fields)
