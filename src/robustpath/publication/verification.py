"""Verification of what is published, in levels: 0 its files, 1 all that is printed, 2 retrained cells, 3 everything.

Level 1 runs the workflow itself from the published records, in a folder of links to this repository, so that nothing
that lies in results/ has a part in it.
"""

import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from robustpath import study
from robustpath.claims.files import CONTRAST_FILES
from robustpath.core.errors import UserError
from robustpath.publication import (
    certificate,
    compare,
    draws,
    machine,
    preregistered,
    published,
    publishing,
    retraining,
)
from robustpath.publication.compare import DIFFERS, GOOD, SAME, Check, Findings, Unchecked
from robustpath.publication.machine import Source
from robustpath.study import Config

FINISHED = re.compile(r"\s*\d+/\d+ ")  # a line of progress
ORIGIN = "generated/origin.tex"
LINKED = ("Snakefile", "config.yaml", "environment.yml", "workflow", "src", "notebooks", "paper", "published")


class Scope(NamedTuple):
    """What to verify: a scale, how far, and at level 2 how many cells drawn by which seed in how many minutes."""

    scale: str
    level: int = 1
    cells: int = 3
    seed: int = 0
    minutes: float = 10.0


def verify(scope: Scope, out: Path | None = None, threads: int = 1, root: Path = Path(".")) -> Findings:
    """Verify published/{scale}, print what was found, and write the certificate `out` (results/{scale}/certificate.md).

    UserError where anything departs from what is published, after all has been checked and written.
    """
    begun = time.monotonic()
    folder = published.folder(scope.scale, root)
    config = study.load(Path(root) / "config.yaml", {"scale": scope.scale, "start": "raw"})
    manifest = published.manifest(folder)
    trained = published.trained(manifest)
    here = machine.source(root)
    findings = run(scope, folder, config, threads, begun + 60 * scope.minutes, root, here)
    about = {
        "published": f"{folder.name}, commit {manifest['commit']}"
        + (f"; its records are of commit {trained['commit']}" if trained is not manifest else ""),
        "verified at commit": machine.described(here.commit, len(here.edits)) + (here.silence and f" ({here.silence})"),
        "scope": scope._asdict(),
        "rule for retrained cells": retraining.EXACT if machine.alike(trained, machine.TRAINING) else retraining.CLOSE,
        "machine": machine.machine(),
        "published on": manifest["platform"],
        "trained on": trained["platform"],
        "versions": machine.versions(),
        "published with": manifest["versions"],
        "trained with": trained["versions"],
        "minutes": round((time.monotonic() - begun) / 60, 1),
    }
    out = out or Path(root) / "results" / scope.scale / "certificate.md"
    certificate.write(out, about, findings)
    print(certificate.shown(findings), f"{certificate.verdict(findings.checks)}; certificate: {out}", sep="\n")
    bad = [check.what for check in findings.checks if check.verdict not in GOOD]
    if bad:
        more = f" and {len(bad) - 3} more" if len(bad) > 3 else ""
        raise UserError(f"{folder} is not verified: {'; '.join(bad[:3])}{more}; {out} says all")
    return findings


def run(
    scope: Scope, folder: Path, config: Config, threads: int, deadline: float, root: Path, here: Source
) -> Findings:
    """What each level finds, one after the other; where the records themselves are altered, level 0 alone."""
    print(f"level 0: the files of {folder}")
    checks, unchecked = compare.files(folder), []
    bad = {check.what for check in checks if check.verdict not in GOOD}
    sound = not any(not published.printed(name) for name in bad)
    if scope.level and not sound:
        unchecked.append(Unchecked("levels above 0", "the published records are not those of the manifest"))
    elif scope.level:
        parts = [
            _settings(folder, config),
            draws.check(folder),
            *(preregistered.check(folder, root, file) for file in CONTRAST_FILES),
        ]
        commits = {published.manifest(folder)["commit"], here.commit}
        skipped = _moved(folder, here)
        parts.append(printed(scope, folder, threads, commits, root, skipped))
        if scope.level == 2:
            with tempfile.TemporaryDirectory() as scratch:
                where = config, folder, Path(scratch), scope.cells, scope.seed
                parts.append(retraining.cells(*where, deadline))
        if scope.level == 3:
            print("level 3: every table of the run from raw data")
            results = Path(root) / study.results(config)
            if machine.alike(published.trained(published.manifest(folder)), machine.TRAINING):
                parts.append(Findings(compare.tables(folder, results), []))
                parts.append(compare.made(folder, results, 3, commits, skipped))
            else:
                parts.append(retraining.whole(config, folder, results))
        checks += [check for part in parts for check in part.checks]
        unchecked += [entry for part in parts for entry in part.unchecked]
    above = {0: "figures, tables, numbers and verdicts", 1: "the records themselves: no run was trained again"}
    if sound and scope.level in above:
        unchecked.append(Unchecked(above[scope.level], f"level {scope.level} was asked for"))
    return Findings(checks, unchecked)


def _settings(folder: Path, config: Config) -> Findings:
    """The settings of the config that figures and numbers use, then and now."""
    then, now = published.manifest(folder)["settings"], publishing.settings(config)
    changed = [key for key in dict.fromkeys([*then, *now]) if then.get(key) != now.get(key)]
    said = ", ".join(changed) or "as published"
    return Findings([Check(1, "config.yaml", "as published", said, DIFFERS if changed else SAME)], [])


def _moved(folder: Path, here: Source) -> dict[str, str]:
    """The page of origins where the code has changed since: it names files and lines of the commit it was made at."""
    then, now = published.manifest(folder).get("source_commit", "unknown"), here.changed
    said = machine.described(now[:12], len(here.edits))
    same = then == now != "unknown" and not here.edits
    return {} if same else {ORIGIN: f"it names files and lines of commit {then[:12]}, and here is {said}"}


def printed(
    scope: Scope, folder: Path, threads: int, commits: set[str], root: Path, skipped: dict[str, str]
) -> Findings:
    """Level 1: all that the paper prints, made anew from the published records."""
    print("level 1: every figure, table, number and verdict, from the published records")
    with checkout(root) as scratch:
        settings = [f"scale={scope.scale}", "start=records", "verify={level: 0}"]  # level 3 wants a start from raw data
        command = [sys.executable, "-m", "snakemake", "printed", "--cores", str(threads), "--keep-going"]
        done = _followed([*command, "--config", *settings], scratch)
        results = scratch / "results" / f"{scope.scale}-records"
        if not (results / "records.parquet").is_file():
            raise UserError(f"level 1 cannot begin: {done[-1] if done else 'snakemake said nothing'}")
        found = compare.made(folder, results, 1, commits, skipped)
        failed = [Check(1, "a step failed", "", line, DIFFERS) for line in done if line.startswith("error: ")]
        return Findings([*failed, *found.checks], found.unchecked)


@contextmanager
def checkout(root: Path) -> Iterator[Path]:
    """A folder of links to the parts of the repository, with results of its own."""
    with tempfile.TemporaryDirectory() as scratch:
        for part in LINKED:
            source = (Path(root) / part).absolute()
            if source.exists():
                (Path(scratch) / part).symlink_to(source)
        yield Path(scratch)


def _followed(command: list[str], folder: Path) -> list[str]:
    """Run Snakemake, print a line a finished step, and return all that it said."""
    said = []
    environment = {**os.environ, "NO_COLOR": "1"}
    streams = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True}
    with subprocess.Popen(command, cwd=folder, env=environment, **streams) as process:
        for line in process.stdout:
            said.append(line.strip())
            if FINISHED.match(line):
                print(f"level 1: {line.rstrip()}")
    return said
