"""A YAML file as a pydantic model, its first mistake in one sentence: the files of hypotheses, the manifest."""

import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Annotated, Any, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, ValidationError

from robustpath.config.errors import ABSENT, ConfigError, dotted, nearest, shortened, show, value_at
from robustpath.config.yaml import read

Read = TypeVar("Read", bound=BaseModel)
Keys = Callable[[dict], list[str]]  # those that a section of the file may have, by those it has


class Section(BaseModel):
    """A mapping of the file: unknown keys are refused, nothing is converted, and a number is finite."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, allow_inf_nan=False)


def _distinct(entries: Sequence) -> Sequence:
    for place, entry in enumerate(entries):
        if (first := entries.index(entry)) < place:
            what = f"the entry [{first}]" if isinstance(entry, BaseModel) else show(entry)
            raise ValueError(f"{what} stands there twice; keep one")
    return entries


Distinct = AfterValidator(_distinct)  # of a list without repeats
Names = Annotated[list[str], Distinct]


def load(path: Path, whole: type[Read], keys: Keys, beside: str) -> Read:
    """The YAML file `path` as the model `whole`; ConfigError names the first wrong key or value, in one sentence.

    `beside`: a file of the folder where commands are run.
    """
    return checked(read(path, beside), whole, keys, str(path))


def checked(raw: Any, whole: type[Read], keys: Keys, source: str) -> Read:
    """What was read of the file `source` as the model `whole`; ConfigError as in `load`."""
    try:
        return whole.model_validate(raw)
    except ValidationError as error:
        raise ConfigError(f"{source}: {_sentence(error.errors(include_url=False), raw, keys)}") from None


def _sentence(errors: list[dict], raw: Any, keys: Keys) -> str:
    """The first mistake, unknown keys before all others, since a misspelt key also leaves its right name missing."""
    error = min(errors, key=lambda error: error["type"] != "extra_forbidden")
    place = _place(error["loc"], raw)
    name = dotted(place) or "the whole file"
    more = f" (and {len(errors) - 1} more)" if len(errors) > 1 else ""
    if error["type"] == "extra_forbidden":
        missing = [other["loc"][-1] for other in errors if other["type"] == "missing"]
        meant = nearest(place[-1], [*missing, *_keys_at(keys, value_at(raw, place[:-1]))])
        hint = "take it out" if meant is ABSENT else f"did you mean {meant}?"
        return f"{name} is not a known key; {hint}{more}"
    if error["type"] == "missing":
        return f"{dotted((*place, error['loc'][-1]))} is missing{more}"
    value = value_at(raw, place)
    shown = f" = {show(value)}" if place and value is not ABSENT and not isinstance(value, dict) else ""
    return f"{name}{shown}: {_said(error, value)}{more}"


def _said(error: dict, value: Any) -> str:
    """What pydantic says of a value, with the nearest of the words that are allowed."""
    said = error["msg"].removeprefix("Value error, ")
    said = said if said[1:2].isdigit() else said[0].lower() + said[1:]  # a hypothesis keeps its letter
    facts = error.get("ctx", {})
    words = re.findall(r"'([^']*)'", str(facts.get("expected") or facts.get("expected_tags")))
    meant = nearest(facts.get("tag", value), words)
    return shortened(said, "more") if meant is ABSENT else f"did you mean {meant}? {shortened(said, 'more')}"


def _place(location: tuple, raw: Any) -> tuple:
    """pydantic's address less the names of the kinds, which are no keys of the file."""
    place: tuple = ()
    for part in location:
        if value_at(raw, (*place, part)) is not ABSENT:
            place = (*place, part)
    return place


def _keys_at(keys: Keys, section: Any) -> list[str]:
    return keys(section) if isinstance(section, dict) else []
