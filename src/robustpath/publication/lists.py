"""Files that are made from what is published: codecheck.yml, the list of results, and the findings in README."""

import re
from pathlib import Path

import pandas as pd
import yaml

from robustpath import study
from robustpath.config.yaml import read
from robustpath.core.errors import UserError
from robustpath.core.files import replacing
from robustpath.publication import findings, origin, published
from robustpath.publication.origin import Origin

SCALE = "laptop"  # the scale whose results are published
SPECIFICATION = "https://codecheck.org.uk/spec/config/2.0/"
MARKS = "<!-- made by `python -m robustpath lists` -->", "<!-- until here -->"
RESULTS = Path("docs/results.md")  # has the list of figures, tables and numbers
PRINTED = ("figure", "table")


def write(check: bool = False, root: Path = Path(".")) -> list[Path]:
    """Write the files, or with `check` raise a UserError that names one that is out of step; their paths."""
    root = Path(root)
    config = study.load(root / "config.yaml", {"scale": SCALE, "start": "raw"})
    entries = origin.table(config, root)
    texts = {root / "codecheck.yml": codecheck(entries, root)}
    for file, lines in ((RESULTS, listing(entries, root)), (Path("README.md"), findings.lines(SCALE, root))):
        texts[root / file] = with_lines(root / file, lines)
    for path, text in texts.items():
        if check and (not path.is_file() or path.read_text(encoding="utf-8") != text):
            raise UserError(f"{path.name} is out of step with the results; run `python -m robustpath lists`")
        if not check:
            with replacing(path) as temporary:
                temporary.write_text(text, encoding="utf-8")
    return list(texts)


def codecheck(entries: list[Origin], root: Path) -> str:
    """The configuration of a CODECHECK (Nüst & Eglen 2021) as far as authors fill it in: paper and manifest, of which a
    figure that is newer than what is published is no part.

    Who checked, summary, certificate and report are the codechecker's to add.
    """
    citation = read(root / "CITATION.cff", "CITATION.cff")
    authors = [{"name": author.get("name") or f"{author['given-names']} {author['family-names']}"}
               | ({"ORCID": author["orcid"].rpartition("/")[2]} if "orcid" in author else {})
               for author in citation["authors"]]  # fmt: skip
    folder = published.folder(SCALE, root)
    there = (folder / "generated").is_dir()
    manifest = [
        {
            "file": f"{published.folder(SCALE).as_posix()}/{entry.outputs[0]}",
            "comment": f"{entry.kind}: {entry.meaning}",
        }
        for entry in entries
        if entry.kind in PRINTED and (not there or (folder / entry.outputs[0]).is_file())
    ]
    document = {
        "version": SPECIFICATION,
        "paper": {"title": citation["title"], "authors": authors},
        "manifest": manifest,
    }
    if "repository-code" in citation:
        document["repository"] = citation["repository-code"]
    head = (
        "# Made by `python -m robustpath lists`. Codecheckers add codechecker, summary, certificate and report.\n---\n"
    )
    return head + yaml.safe_dump(document, sort_keys=False, allow_unicode=True, width=110)


def listing(entries: list[Origin], root: Path) -> str:
    """The list of results: every figure, table and kind of number with its source, its runs and what they cost."""
    seconds = _seconds(root)
    lines = ["| in the paper | made by | runs | core-minutes |", "| --- | --- | ---: | ---: |"]
    for entry in [each for each in entries if each.kind in PRINTED]:
        lines.append(f"| {entry.meaning} | `{entry.source}` | {_runs(entry)} | {_cost(entry, seconds)} |")
    claims = next(entry for entry in entries if entry.kind == "claim")
    lines.append(f"| the hypotheses' verdicts | `{claims.source}` | {_runs(claims)} | {_cost(claims, seconds)} |")
    for source in dict.fromkeys(entry.source for entry in entries if entry.kind == "numbers"):
        lines.append(f"| numbers in the text | `{source}` | | |")
    return "\n".join(lines)


def with_lines(file: Path, lines: str) -> str:
    """A file with what lies between the marks replaced; UserError where the marks are missing."""
    text = file.read_text(encoding="utf-8")
    pattern = re.compile(f"(?<={re.escape(MARKS[0])}\n\n).*?(?=\n\n{re.escape(MARKS[1])})", re.DOTALL)
    if not pattern.search(text):
        raise UserError(f"{file.name} lacks the marks {MARKS[0]} and {MARKS[1]} around what is made there")
    return pattern.sub(lambda _: lines, text)


def _seconds(root: Path) -> pd.Series | None:
    """Core-seconds of training by experiment, as published."""
    file = published.folder(SCALE, root) / "seconds.parquet"
    return pd.read_parquet(file).groupby("experiment")["seconds"].sum() if file.is_file() else None


def _runs(entry: Origin) -> str:
    return f"{entry.runs:,}" if entry.runs else ""


def _cost(entry: Origin, seconds: pd.Series | None) -> str:
    if seconds is None or not entry.runs:
        return ""
    return f"{seconds.reindex(list(entry.experiments)).sum() / 60:.1f}"
