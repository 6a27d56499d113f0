"""The paper's page "How each number was made", and the same for one name in the terminal."""

import json
import re
from collections import Counter
from collections.abc import Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import NamedTuple

import pandas as pd

from robustpath import study
from robustpath.core.errors import UserError
from robustpath.core.files import replacing
from robustpath.figures.manifest import manifest
from robustpath.publication import machine, origin, published
from robustpath.publication.origin import Origin
from robustpath.records import labels
from robustpath.study import Config

NUMBER = re.compile(r"^\\newcommand\{\\(\w+)\}\{\\origin\{([\w.]+)\}\{(.*)\}\}% (.*)$", re.MULTILINE)
LISTED = 4  # experiments of a row that are named
USED = re.compile(r"\\([A-Z][A-Za-z]+)")
HEADER = (
    r"\begin{longtable}{@{}p{0.30\linewidth}p{0.25\linewidth}p{0.22\linewidth}rr@{}}",
    r"\toprule what & made by & from the runs of & runs & evaluations \\ \midrule \endhead",
    r"\bottomrule \endfoot",
)


class PrintedNumber(NamedTuple):
    """A number as numbers.tex has it: its maker, its value in LaTeX, its meaning."""

    maker: str
    value: str
    meaning: str


def numbers_in(text: str) -> dict[str, PrintedNumber]:
    """The macros of numbers.tex by name."""
    return {name: PrintedNumber(*fields) for name, *fields in NUMBER.findall(text)}


def used_in(paper: Path) -> set[str]:
    """The names of macros that the text of the paper uses, LaTeX's own with a capital included."""
    return {
        name for file in [paper / "main.tex", *paper.glob("sections/*.tex")] for name in USED.findall(file.read_text())
    }


def write(config: Config, numbers_file: Path, paper: Path, commit: str, edits: int, out: Path) -> None:
    """Write the page: a row a figure, table, function of numbers that the text uses, and claim.

    A figure or table that the manifest keeps in the repository has its name in the place of a reference. Files and
    lines are those of `commit` with uncommitted edits of so many files; only those of a commit are linked to.
    """
    made = numbers_in(Path(numbers_file).read_text(encoding="utf-8"))
    used = used_in(Path(paper))
    places = {name: entry.get("place") for name, entry in manifest().items()}
    kinds = {name: "unshown" for name, place in places.items() if place == "repository"}
    counts = Counter(number.maker for name, number in made.items() if name in used)
    linked = commit if commit != "unknown" and not edits else None
    rows = [
        _row(entry, kinds.get(entry.name, entry.kind), counts[entry.name], linked)
        for entry in origin.table(config)
        if entry.kind != "numbers" or counts[entry.name]
    ]
    named = machine.described(rf"\texttt{{{commit[:12]}}}", edits)
    known = f"commit {named}" if commit != "unknown" else "a folder without its history"
    lines = [f"Files and lines are those of {known}.", *HEADER, *rows, r"\end{longtable}"]
    with replacing(Path(out)) as temporary:
        temporary.write_text("\n".join(lines) + "\n")


def _row(entry: Origin, kind: str, count: int, commit: str | None) -> str:
    """What, by which file and line, from which runs; the anchor that links lead to."""
    what = {
        "figure": rf"\Cref{{fig:{entry.name}}}",
        "table": rf"\Cref{{tab:{entry.name}}}",
        "unshown": rf"\texttt{{{labels.escape(entry.name)}}}, not in the paper",
        "numbers": f"{labels.count(count)} number{'s' * (count > 1)}: {labels.escape(entry.meaning.rstrip('.'))}",
        "claim": entry.name,
    }[kind]
    place = entry.source.removeprefix("src/robustpath/") + (f":{entry.line}" if entry.function else "")
    made = rf"\nolinkurl{{{place}}}"
    if commit and (address := origin.repository()):
        made = rf"\href{{{address}/blob/{commit}/{entry.source}\#L{entry.line}}}{{{made}}}"
    experiments = labels.escape(_listed(entry.experiments)) or _other(entry)
    cost = [labels.count(entry.runs), _rounded(entry.gradient_evaluations)] if entry.runs else ["--", "--"]
    return (
        rf"\raggedright\hypertarget{{origin.{entry.name}}}{{}}{what} & "
        + " & ".join([rf"\raggedright {made}", rf"\raggedright {experiments}", *cost])
        + r" \\"
    )


def _listed(experiments: Sequence[str]) -> str:
    """The names of experiments, of many the first ones: `robustpath origin NAME` has all."""
    more = len(experiments) - LISTED
    return ", ".join(experiments) if more <= 1 else f"{', '.join(experiments[:LISTED])} and {more} more"


def _other(entry: Origin) -> str:
    return "theory cases" if any(name.startswith("theory") for name in entry.inputs) else "the config"


def _rounded(count: int) -> str:
    return rf"{count / 1e6:.1f}\,M" if count >= 1e5 else rf"{count / 1e3:.0f}\,k"


def explain(name: str, scale: str | None = None, root: Path = Path(".")) -> str:
    """All that is known of one figure, table, number or claim, in lines; UserError for an unknown name."""
    config = study.load(Path(root) / "config.yaml", {"scale": scale} if scale else None)
    entries = {entry.name: entry for entry in origin.table(config, root)}
    made = numbers(config, root)
    asked = name.removeprefix("\\").removeprefix("fig:").removeprefix("tab:")
    if asked not in entries and asked not in made:
        near = get_close_matches(asked, [*entries, *made], n=3)
        hint = f"did you mean {' or '.join(near)}?" if near else "`python -m robustpath origin --all` lists all"
        raise UserError(f"nothing in the paper is called {name}; {hint}")
    number = made.get(asked)
    entry = entries[number.maker] if number else entries[asked]
    lines = {"name": asked, "meaning": number.meaning if number else entry.meaning}
    if number:
        lines["value"] = number.value
    return "\n".join(f"{key:<22}{value}" for key, value in (lines | facts(entry, config, root)).items())


def facts(entry: Origin, config: Config, root: Path = Path(".")) -> dict[str, str]:
    """How a thing is made, from what, at what cost, and by which command again."""
    results = study.results(config)
    seconds = _seconds(entry, config, root)
    command = f"snakemake {entry.name}" if entry.kind in ("figure", "table") else f"snakemake {_step(entry)}"
    here = machine.source(root)
    return {
        "made by": f"{entry.source}:{entry.line}" + (f", {entry.function}" if entry.function else ""),
        "at commit": machine.described(here.changed, len(here.edits)),
        "from": ", ".join(f"{results}/{each}" for each in entry.inputs) or "config.yaml and the search spaces",
        "in": ", ".join(f"{results}/{each}" for each in entry.outputs),
        "experiments": ", ".join(entry.experiments) or "none",
        "cells": f"{entry.cells:,}",
        "runs": f"{entry.runs:,}",
        "gradient evaluations": f"{entry.gradient_evaluations:,}",
        "training": f"{seconds / 60:.1f} core-minutes measured" if seconds is not None else "not measured here",
        "again": command,
    }


def _step(entry: Origin) -> str:
    return "claims" if entry.kind == "claim" else "numbers"


def _seconds(entry: Origin, config: Config, root: Path) -> float | None:
    """Core-seconds of training that a thing rests on, as measured here or where it was published."""
    places = [Path(root) / study.results(config), published.folder(config.scale, root)]
    file = next((place / "seconds.parquet" for place in places if (place / "seconds.parquet").is_file()), None)
    if file is None:
        return None
    table = pd.read_parquet(file)
    return float(table.loc[table["experiment"].isin(entry.experiments), "seconds"].sum())


def numbers(config: Config, root: Path = Path(".")) -> dict[str, PrintedNumber]:
    """The numbers of the text as they were made here, or else published; empty where there are none."""
    places = [Path(root) / study.results(config), published.folder(config.scale, root)]
    file = next(
        (place / "generated/numbers.tex" for place in places if (place / "generated/numbers.tex").is_file()), None
    )
    return numbers_in(file.read_text(encoding="utf-8")) if file else {}


def everything(scale: str | None, as_json: bool, root: Path = Path(".")) -> str:
    """Every entry of the table, and every number with its maker."""
    config = study.load(Path(root) / "config.yaml", {"scale": scale} if scale else None)
    entries = origin.table(config, root)
    if as_json:
        made = {name: number._asdict() for name, number in numbers(config, root).items()}
        return json.dumps({"entries": [entry._asdict() for entry in entries], "numbers": made}, indent=1)
    from robustpath.core.text import table

    keep = ("name", "kind", "source", "line", "cells", "runs")
    return table([{key: getattr(entry, key) for key in keep} for entry in entries])
