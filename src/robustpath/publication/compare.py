"""Comparing what is published with its manifest, and with what was made anew: every departure a row that names it."""

import hashlib
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

import pandas as pd

from robustpath import records
from robustpath.core import seals
from robustpath.core.errors import UserError
from robustpath.publication import digests, machine, published
from robustpath.publication.published import CLAIMS, DIGESTS, MANIFEST, RECORDS
from robustpath.records import KEY

SAME, DIFFERS, MISSING, EXTRA = "same", "differs", "missing", "extra"
WITHIN, OUTSIDE = "within tolerance", "outside tolerance"
GOOD = {SAME, WITHIN}
WIDTH = 60
MACRO = re.compile(r"^\\(?:re)?newcommand\*?\{?\\(\w+)\}?(.*)$")
# The line of the page of origins that names its commit; a folder of links has no history to name one from.
AT_COMMIT = re.compile(r"^Files and lines are those of .*$", re.MULTILINE)
HASH = re.compile(r"\b[0-9a-f]{7,40}\b")


class Check(NamedTuple):
    """One thing that was compared."""

    level: int
    what: str
    expected: str
    found: str
    verdict: str


class Unchecked(NamedTuple):
    """One thing that was not, and why."""

    what: str
    why: str


class Findings(NamedTuple):
    """What was compared and what was not."""

    checks: list[Check]
    unchecked: list[Unchecked]


def files(out: Path) -> list[Check]:
    """Level 0: the files of the published folder `out` against its manifest, and the altered rows of the records."""
    listed = published.manifest(out)["files"]
    there = published.files(out)
    checks = []
    for name in sorted({*listed, *there}):
        expected = f"sha256 {listed[name]['sha256'][:12]}" if name in listed else f"not in {MANIFEST}"
        found = f"sha256 {published.sha256(out / name)[:12]}" if name in there else "no file"
        same = name in listed and name in there and published.sha256(out / name) == listed[name]["sha256"]
        verdict = SAME if same else MISSING if name not in there else EXTRA if name not in listed else DIFFERS
        checks.append(Check(0, name, expected, found, verdict))
    if any(check.verdict != SAME and check.what.startswith(f"{RECORDS}/") for check in checks):
        checks += _altered_rows(out)
    return checks


def _altered_rows(out: Path) -> Iterator[Check]:
    """The rows by which the records depart from their digests."""
    try:
        table = records.read(out / RECORDS)
        rows = digests.altered(table, pd.read_parquet(out / DIGESTS))
    except (UserError, OSError, KeyError, ValueError) as error:
        yield Check(0, RECORDS, "a table of records with its digests", _short(str(error)), DIFFERS)
        return
    for row, now in rows:
        yield Check(0, f"{RECORDS}: {row}", f"as {DIGESTS} has it", now, DIFFERS)


def made(
    out: Path, results: Path, level: int, commits: Iterable[str] = (), skipped: Mapping[str, str] | None = None
) -> Findings:
    """What of the published folder `out` is computed from records, against the same files made anew in `results`.

    Macros are compared one by one, verdicts entry by entry, tables and captions as text, figures byte for byte; those
    only where the versions that draw are the published ones. A commit that is printed is not compared, nor are the
    files of `skipped`, which says why.
    """
    manifest = published.manifest(out)
    drawn_alike = machine.alike(manifest, machine.DRAWING)
    checks, unchecked = [], []
    names = {name for name in published.files(out) if published.printed(name)}
    names |= {name for name in published.files(results) if published.printed(name)}
    for name in sorted(names):
        pair = [out / name, results / name]
        if name in (skipped or {}):
            unchecked.append(Unchecked(name, skipped[name]))
        elif not all(path.is_file() for path in pair):
            lost = not pair[0].is_file()
            said = ("not published", "made") if lost else ("published", "no step makes it")
            checks.append(Check(level, name, *said, MISSING if lost else EXTRA))
        elif name == CLAIMS:
            checks += _entries(level, name, *(_verdicts(path) for path in pair))
        elif name.endswith(".tex"):
            checks += _texts(level, name, *(_without(seals.content(path).decode(), commits) for path in pair))
        elif drawn_alike or seals.content(pair[0]) == seals.content(pair[1]):
            checks.append(_bytes(level, name, *pair))
        else:
            unchecked.append(Unchecked(name, "its bytes depend on versions and machine, which are not the published"))
    return Findings(checks, unchecked)


def _without(text: str, commits: Iterable[str]) -> str:
    """The text without the given commits, long or short: no page that is committed can print its own."""
    text = AT_COMMIT.sub("", text)
    return HASH.sub(lambda found: "COMMIT" if any(each.startswith(found[0]) for each in commits) else found[0], text)


def _bytes(level: int, name: str, one: Path, other: Path) -> Check:
    sums = [hashlib.sha256(seals.content(path)).hexdigest() for path in (one, other)]
    return Check(level, name, *(f"sha256 {each[:12]}" for each in sums), SAME if sums[0] == sums[1] else DIFFERS)


def _texts(level: int, name: str, one: str, other: str) -> list[Check]:
    macros = [_macros(text) for text in (one, other)]
    if macros[0]:
        return _entries(level, name, *macros)
    if one == other:
        return [Check(level, name, "as published", "as published", SAME)]
    both = zip([*one.splitlines(), ""], [*other.splitlines(), ""], strict=False)
    number, lines = next((i, pair) for i, pair in enumerate(both, 1) if pair[0] != pair[1])
    return [Check(level, f"{name}, line {number}", *map(_short, lines), DIFFERS)]


def _macros(text: str) -> dict[str, str]:
    """What a file of macros holds, by name; empty for a file that holds anything else."""
    found = [MACRO.match(line) for line in text.splitlines()]
    return {f"\\{line[1]}": line[2] for line in found} if found and all(found) else {}


def _verdicts(path: Path) -> dict[str, str]:
    """What claims.json holds, leaf by leaf: `minima, M3, entries, contour_warmup at 0.2, verdict`; numbers to
    12 digits."""
    content = json.loads(seals.content(path))
    return {
        ", ".join(place): f"{value:.12g}" if isinstance(value, float) else json.dumps(value)
        for place, value in _leaves(content)
    }


def _leaves(node: object, place: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], object]]:
    if isinstance(node, dict) and node:
        for key, value in node.items():
            yield from _leaves(
                value, place if (key, len(place)) in (("families", 0), ("verdicts", 1)) else (*place, key)
            )
    elif isinstance(node, list) and node:
        for position, value in enumerate(node):
            own = value if isinstance(value, dict) else {}
            name = (
                f"{own['variant']} at {own['label_noise']}"
                if place[-1:] in (("entries",), ("placebos",)) and "variant" in own
                else f"{position}"
            )
            yield from _leaves(value, (*place, own.get("id", name)))
    else:
        yield place, node


def _entries(level: int, name: str, one: dict[str, str], other: dict[str, str]) -> list[Check]:
    """A check an entry that differs; one for all where none does."""
    checks = []
    for key in dict.fromkeys([*one, *other]):
        if one.get(key) != other.get(key):
            verdict = DIFFERS if key in one and key in other else EXTRA if key in one else MISSING
            checks.append(
                Check(level, f"{name}: {key}", *(_short(each.get(key, "none")) for each in (one, other)), verdict)
            )
    return checks or [Check(level, name, f"{len(one):,} entries", f"{len(other):,} entries", SAME)]


def tables(out: Path, results: Path) -> list[Check]:
    """Level 3: the records of the published folder `out` row by row, and its other tables, against a run from raw data.

    Wall seconds are never the same twice: of them only the runs are compared.
    """
    found = [_rows(3, RECORDS, records.read(out / RECORDS), records.read(results / "records.parquet"), KEY)]
    for name in published.unpacked(out, "records"):
        path = results / name
        if name == "records.parquet":
            continue
        if not path.is_file():
            found.append(Check(3, name, "published", "not made", MISSING))
        elif name == "seconds.parquet":
            one, other = (records.complete(pd.read_parquet(file))[records.RUN] for file in (out / name, path))
            found.append(_rows(3, name, one, other, records.RUN))
        else:
            found.append(_bytes(3, name, out / name, path))
    return found


def _rows(level: int, name: str, one: pd.DataFrame, other: pd.DataFrame, key: list[str]) -> Check:
    """The first row by which two tables differ."""
    departing = departures(one, other, key)
    shown = [f"{len(one):,} rows", f"{len(other):,} rows"]
    if departing.empty:
        return Check(level, name, *shown, SAME)
    first = departing.iloc[0]
    where = records.named(first[key])
    if "value" in one:
        shown = [repr(float(first["value"])), repr(float(first["value_found"]))]
    return Check(level, f"{name}: {len(departing):,} rows, the first {where}", *shown, DIFFERS)


def departures(one: pd.DataFrame, other: pd.DataFrame, key: list[str]) -> pd.DataFrame:
    """The rows of either table that the other lacks or has with another value in some column, joined by `key`."""
    both = one.merge(other[list(one)], how="outer", on=key, suffixes=("", "_found"), indicator=True)
    departs = both["_merge"] != "both"
    for name in one.columns.difference(key):
        left, right = both[name], both[f"{name}_found"]
        departs |= (left != right) & ~(left.isna() & right.isna())
    return both[departs]


def _short(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= WIDTH else f"{text[: WIDTH - 1]}…"
