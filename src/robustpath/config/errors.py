"""What is wrong with a config, in one sentence: the key, its value, what is allowed, the nearest valid spelling."""

import copy
import json
import math
import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import suppress
from difflib import get_close_matches
from typing import Any, NamedTuple

from robustpath.config.schema import describe, node_at, places_of, words
from robustpath.core.errors import UserError

ABSENT = object()
UNKNOWN_KEY = "is not a known key"
COMPLAINTS = {
    "greater_than_equal": "is too small",
    "less_than_equal": "is too large",
    "finite_number": "is not a finite number",
    "too_short": "has too few entries",
    "too_long": "has too many entries",
    "literal_error": "is not a known value",
}
KINDS = {
    type(None): "empty",
    str: "text",
    bool: "a truth value",
    int: "a number",
    float: "a number",
    list: "a list",
    dict: "a mapping",
}

LONGEST = 600  # characters of what is allowed: a longer list hides the mistake


class ConfigError(UserError):
    """The config or another YAML file of the study cannot be used; says which key is wrong and how to correct it."""


class Problem(NamedTuple):
    """One mistake: where, the value found there, what is wrong, what is allowed, what was probably meant."""

    path: tuple
    value: Any
    complaint: str
    allowed: str
    meant: Any = ABSENT


def report(found: list[Problem], file: str, overrides: Mapping) -> str:
    """The sentence for the first problem and the number of the others; what came from `overrides` is placed there."""
    path, value, complaint, allowed, meant = found[0]
    place = "--config" if path and value_at(overrides, path) is not ABSENT else file
    subject = dotted(path) or "the whole file"
    equals = "" if value is ABSENT else f" = {show(value)}"
    allowed = shortened(allowed, "more, which docs/config.md lists")
    remedy = f"; allowed: {allowed}" if meant is ABSENT else f"; did you mean {show(meant)}? Allowed: {allowed}"
    others = len(found) - 1
    more = f" (and {others} more error{'s' if others > 1 else ''})" if others else ""
    return f"{place}: {subject}{equals} {complaint}{remedy}{more}"


def of_use(problem: Problem, raw: Any, problems: Callable[[Any], list[Problem]]) -> Problem:
    """The problem without the list that was meant, where `problems` has one of that list as well, as of unknown names,
    or a new one of another key."""
    if not isinstance(problem.meant, list) or value_at(raw, problem.path) is ABSENT:
        return problem
    before, again = problems(raw), problems(_replaced(raw, problem.path, problem.meant))
    refused = any(other.path[: len(problem.path)] == problem.path or other not in before for other in again)
    return problem._replace(meant=ABSENT) if refused else problem


def _replaced(here: Any, path: tuple, value: Any) -> Any:
    """`here` with another value at `path`, all else shared."""
    if not path:
        return value
    copied = copy.copy(here)
    copied[path[0]] = _replaced(here[path[0]], path[1:], value)
    return copied


def shortened(allowed: str, rest: str) -> str:
    """What is allowed, as far as a sentence holds it, and words for the rest."""
    if len(allowed) <= LONGEST:
        return allowed
    return f"{allowed[:LONGEST].rpartition(', ')[0]} and {rest}"


def dotted(path: tuple) -> str:
    """A key's address as people write it: scales.laptop.hidden[0]; what is no plain word stands in brackets."""
    return "".join(map(_step, path)).removeprefix(".")


def _step(part: Any) -> str:
    plain = isinstance(part, str) and re.fullmatch(r"[\w-]+", part)
    return f".{show(part)}".replace("'", "") if plain else f"[{show(part)}]"


def show(value: Any, limit: int = 60) -> str:
    """A value on one line, much as YAML has it, cut at `limit` characters."""
    try:
        text = repr(value) if isinstance(value, str) else json.dumps(value, default=str, ensure_ascii=False)
    except (ValueError, TypeError):  # YAML can build what JSON cannot hold: a list within itself, a list as a key
        text = repr(value)
    text = text if len(text) <= limit else text[: limit - 1] + "…"
    return "".join(char if char.isprintable() else ascii(char)[1:-1] for char in text)


def plainly(name: Any) -> str:
    """A name within a sentence, cut where it is long, without quotation marks."""
    return show(name).strip("'")


def nearest(word: Any, allowed: Iterable[str]) -> Any:
    """The allowed spelling closest to `word`, or ABSENT if none is near."""
    by_lower = {name.lower(): name for name in allowed}
    text = str(word).lower().replace("-", "_")
    swapped = [name for name in by_lower if sorted(name) == sorted(text)]
    # One wrong letter of three makes another word rather than a slip: 'gpu' is not 'cpu'.
    close = swapped or get_close_matches(text, by_lower, n=1, cutoff=0.6 if len(text) > 3 else 0.7)
    return by_lower[close[0]] if close else ABSENT


def hint(name: str, known: Collection[str]) -> str:
    """The name that was meant by one that is not known, or those that there are."""
    near = nearest(name, known)
    return f"there are {shortened(', '.join(known) or 'none', 'more')}" if near is ABSENT else f"did you mean {near}?"


def value_at(here: Any, path: tuple) -> Any:
    """The value at `path`, or ABSENT."""
    for part in path:
        is_entry = isinstance(here, list) and isinstance(part, int) and part < len(here)
        if not is_entry and not (isinstance(here, Mapping) and part in here):
            return ABSENT
        here = here[part]
    return here


def from_pydantic(errors: list[dict], raw: Any, schema: dict) -> list[Problem]:
    """The problems that pydantic found in `raw`, unknown keys first.

    A missing key is not reported where an unknown one beside it is its likely misspelling.
    """
    found: dict[tuple, Problem] = {}
    for error in errors:
        path = _path(error, raw)
        found.setdefault(path, _problem(error["type"], error["loc"], path, raw, schema))
    unknown = [problem for problem in found.values() if problem.complaint == UNKNOWN_KEY]
    meant = {(*problem.path[:-1], problem.meant) for problem in unknown}
    return unknown + [found[path] for path in found if found[path].complaint != UNKNOWN_KEY and path not in meant]


def odd_keys(raw: Any, schema: dict) -> list[Problem]:
    """The keys in `raw` that are no text, to which pydantic gives no address."""
    return [_unknown_key(path, raw, schema) for path in _odd_paths(raw, (), set())]


def _odd_paths(here: Any, path: tuple, seen: set[int]) -> Iterable[tuple]:
    named = isinstance(here, dict)
    below = here.items() if named else enumerate(here) if isinstance(here, list) else ()
    if below and id(here) not in seen:  # YAML can build a mapping within itself
        seen.add(id(here))
        for key, value in below:
            if named and not isinstance(key, str):
                yield (*path, key)
            elif isinstance(value, (list, dict)):  # most values are neither
                yield from _odd_paths(value, (*path, key), seen)


def _path(error: dict, raw: Any) -> tuple:
    """Where in `raw` the error is: pydantic's address less the branches of unions, which are no keys of the file.

    A branch may have the name of a key of the mapping it stands for; it is also the value of another key there.
    """
    path: tuple = ()
    for position, part in enumerate(error["loc"], 1):
        place = value_at(raw, path)
        is_branch = position < len(error["loc"]) and isinstance(place, Mapping) and part in place.values()
        if not is_branch and value_at(raw, (*path, part)) is not ABSENT:
            path = (*path, part)
    return (*path, error["loc"][-1]) if error["type"] == "missing" else path


def _problem(kind: str, location: tuple, path: tuple, raw: Any, schema: dict) -> Problem:
    value = value_at(raw, path)
    if location[-1:] == ("[key]",):
        return Problem(path, value, "is not a plain name", "names of lower-case letters, digits and underscores")
    if kind == "extra_forbidden":
        return _unknown_key(path, raw, schema)
    node = node_at(schema, path, raw)
    if kind == "missing":
        return Problem(path, ABSENT, "is missing", describe(schema, node), _misspelt_neighbour(path, raw, schema))
    complaint = _of_number(value, node) or COMPLAINTS.get(kind)
    complaint = complaint or f"is {KINDS.get(type(value), f'a {type(value).__name__}')}"
    return Problem(path, value, complaint, describe(schema, node), _repair(value, node))


def _of_number(value: Any, node: dict) -> str | None:
    """What is wrong with a number where one is wanted, if it is no more than its size."""
    if node.get("type") not in ("integer", "number") or isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    if isinstance(value, float) and not math.isfinite(value):
        return COMPLAINTS["finite_number"]
    if value < node["minimum"]:
        return COMPLAINTS["greater_than_equal"]
    return COMPLAINTS["less_than_equal"] if value > node["maximum"] else None


def _unknown_key(path: tuple, raw: Any, schema: dict) -> Problem:
    value = value_at(raw, path)
    try:
        above = node_at(schema, path[:-1], raw)
    except (KeyError, StopIteration):  # below a key that is unknown itself, or a value that is to hold no keys
        above = {}
    if "properties" not in above:
        return Problem(path, value, "is not a plain name", "names of lower-case letters, digits and underscores")
    key, keys = str(path[-1]), list(above["properties"])
    elsewhere = places_of(schema, key)
    more = f" and of {len(elsewhere) - 1} more" if len(elsewhere) > 1 else ""
    hint = f" ('{key}' is a key of {elsewhere[0]}{more})" if elsewhere else ""
    meant = ABSENT if elsewhere else nearest(key, keys)
    return Problem(path, value, UNKNOWN_KEY, ", ".join(keys) + hint, meant)


def _misspelt_neighbour(path: tuple, raw: Any, schema: dict) -> Any:
    """A freely named mapping that lacks keys may be another one's misspelling: scales.laptp beside scales.laptop."""
    if len(path) < 2 or "patternProperties" not in node_at(schema, path[:-2], raw):
        return ABSENT
    name = nearest(path[-2], [str(key) for key in value_at(raw, path[:-2]) if key != path[-2]])
    return name if name is ABSENT else dotted((*path[:-2], name))


def _repair(value: Any, node: dict) -> Any:
    """What a value of the wrong type was probably meant to be, or ABSENT."""
    if words(node):
        return nearest(value, words(node)) if isinstance(value, str) else ABSENT
    if node.get("type") == "array":
        return _as_list(value, node)
    if node.get("type") not in ("integer", "number") or not isinstance(value, (str, float)):
        return ABSENT
    whole = node["type"] == "integer"
    allowed = [
        int(number) if number.is_integer() else number
        for number in _readings(str(value))
        if node["minimum"] <= number <= node["maximum"] and (number.is_integer() or not whole)
    ]
    return allowed[0] if allowed else ABSENT


def _as_list(value: Any, node: dict) -> Any:
    """The list that was probably meant by one of its entries, or by text with brackets or commas; or ABSENT."""
    if isinstance(value, (list, Mapping)) or value is None:
        return ABSENT
    parts = value.strip().strip("[]").split(",") if isinstance(value, str) else [value]
    entries = [_as_entry(part.strip().strip("'\"") if isinstance(part, str) else part, node["items"]) for part in parts]
    fits = ABSENT not in entries and node.get("minItems", 0) <= len(entries) <= node.get("maxItems", math.inf)
    return entries if fits else ABSENT


def _as_entry(value: Any, node: dict) -> Any:
    if words(node):
        return value if value in words(node) else ABSENT
    if node.get("type") == "string":
        return value if isinstance(value, str) and value else ABSENT
    return ABSENT if isinstance(value, bool) else _repair(str(value), node)


def _readings(text: str) -> Iterator[float]:
    """The numbers that a text may mean, the likeliest first: 1,000 and 1 000 with separated thousands, 0,95 with a
    decimal comma, 95 % in hundredths."""
    share = text.strip().endswith("%")
    digits = text.strip().removesuffix("%").strip()
    plain = [re.sub("[ ,]", "", digits)] if re.fullmatch(r"[+-]?\d{1,3}([ ,]\d{3})+", digits) else []
    for written in (digits, *plain, digits.replace(",", ".", 1)):
        with suppress(ValueError):
            yield float(written) / (100 if share else 1)
