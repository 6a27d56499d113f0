"""The state of a clone, part by part: fresh, stale and why, missing or damaged; and the one next step.

What is stale is Snakemake's to say: its dry run names the jobs and its reasons, which are condensed here. It runs as a
process of its own, since Snakemake can plan but once in a process.
"""

import hashlib
import importlib.metadata
import json
import re
import shutil
import subprocess
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import NamedTuple

import psutil

from robustpath.core import seals
from robustpath.core.errors import UserError
from robustpath.core.text import table
from robustpath.figures.manifest import manifest
from robustpath.operations import damage, locks
from robustpath.paper.build import PACKAGES
from robustpath.study import expand, load

FRESH, STALE, MISSING, DAMAGED = "fresh", "stale", "missing", "damaged"
STAGES = {
    "data": ("prepare",),
    "runs": ("train",),
    "records": ("evaluate", "measure", "trace", "theory", "collate"),
    "claims": ("claims", "calibrate"),
    "figures and tables": (),  # their rules are the manifest's
    "paper": ("numbers", "origin", "paper"),
}
FOLLOWS = "input files updated by another job"
NOT_MADE = "output files have to be generated"
# Snakemake's reasons in few words; another reason is shown as Snakemake says it.
CAUSES = {
    NOT_MADE: "not made yet",
    "incomplete output files": "left half-made",
    "forced": "left half-made",  # by --rerun-incomplete
    "params have changed since last execution": "code or settings changed",
    "code has changed since last execution": "the rule changed",
    "set of input files has changed since last execution": "other inputs",
    "updated input files": "an input is newer",
    "software environment definition has changed since last execution": "environment.yml changed",
    FOLLOWS: "follows from the above",
}
UNMADE = {"not made yet", "left half-made"}
NAMED = 3


class Part(NamedTuple):
    """A part of the clone: its name, its state (fresh, stale, missing, damaged), and why or what it consists of."""

    part: str
    state: str
    why: str


class Plan(NamedTuple):
    """A dry run: the number of jobs by rule, and the reasons of each rule."""

    jobs: dict[str, int]
    reasons: dict[str, set[str]]


def show(scale: str | None = None, root: Path = Path(".")) -> str:
    """The table of the parts and the next step; UserError where config.yaml or the workflow is broken."""
    config, default = (load(root / "config.yaml", given) for given in ({"scale": scale} if scale else {}, {}))
    chosen, default, drawn = config.scale, default.scale, manifest(root / "notebooks/manifest.yaml")
    planned, cells = stages(dry_run(root, chosen), drawn), set(expand(config))
    found = {} if running(root) else damage.find(root / "results" / chosen)
    wrong = {name: why for name, why in found.items() if damage.belongs(name, cells, drawn)}
    parts = [set_up(root), *(whole(part, wrong) for part in planned)]
    parts.append(published(root, chosen, current=all(part.state == FRESH for part in parts[1:])))
    setting = "" if chosen == default else f" SCALE={chosen}"
    step = occupied(root) or mending(wrong, chosen) or next_step(parts, chosen, setting, has_latex())
    return f"{table([part._asdict() for part in parts])}\n\nNext step: {step}"


def set_up(root: Path) -> Part:
    """Whether the packages are those of requirements.in, and LaTeX is there."""
    pins = dict(re.findall(r"^([\w.-]+)==([\w.]+)", (root / "requirements.in").read_text(), re.M))
    found = {name: installed(name) for name in pins}
    absent = [name for name, version in found.items() if version is None]
    # torch's version ends in its build, as in 2.0.0+cpu.
    other = [f"{name} {found[name]}, not {pins[name]}" for name in pins if found[name] not in (None, pins[name])]
    if absent:
        return Part("set-up", MISSING, f"packages: {some(absent)}")
    if other:
        return Part("set-up", STALE, some(other))
    return Part("set-up", FRESH, f"{len(pins)} packages{'' if has_latex() else '; no LaTeX, so no PDF'}")


def installed(name: str) -> str | None:
    """The version of a package without its build, None where it is not installed."""
    try:
        return importlib.metadata.version(name).partition("+")[0]
    except importlib.metadata.PackageNotFoundError:
        return None


def has_latex() -> bool:
    return bool(shutil.which("latexmk") and shutil.which("pdflatex"))


def dry_run(root: Path, scale: str) -> Plan:
    """What Snakemake would run for the paper of a scale; UserError with its last words where it cannot tell."""
    command = [sys.executable, "-m", "snakemake", "-n", "--nolock", "--rerun-incomplete", "--nocolor"]
    done = subprocess.run(
        [*command, "--config", f"scale={scale}"], cwd=root, capture_output=True, text=True, errors="replace"
    )
    if done.returncode:
        last = [line for line in (done.stdout + done.stderr).splitlines() if line.strip()][-1:]
        raise UserError("".join(last).removeprefix("error: ") or "snakemake -n failed without a word")
    return parsed(done.stdout + done.stderr)


def parsed(said: str) -> Plan:
    """The jobs and reasons in the words of a dry run."""
    jobs = said.rpartition("Job stats:")[2].partition("\n\n")[0]
    counts = {rule: int(count) for rule, count in re.findall(r"^(\w+) +(\d+)$", jobs, re.M)}
    reasons: dict[str, set[str]] = {}
    below = said.rpartition("\nReasons:\n")[2]
    for reason, rules in re.findall(r"^    (\S.*):\n        (\S.*)$", below, re.M):
        for rule in rules.split(", "):
            reasons.setdefault(rule, set()).add(reason)
    return Plan({rule: count for rule, count in counts.items() if rule not in ("all", "total")}, reasons)


def stages(plan: Plan, drawn: Iterable[str]) -> list[Part]:
    """The stages from data to paper; what belongs to none of them is a stage of its own where it would run."""
    rules = STAGES | {"figures and tables": tuple(drawn)}
    rest = tuple(plan.jobs.keys() - {rule for of_one in rules.values() for rule in of_one})
    return [stage(name, of_one, plan) for name, of_one in (rules | ({"other steps": rest} if rest else {})).items()]


def stage(name: str, rules: Iterable[str], plan: Plan) -> Part:
    """One stage: missing where its jobs only wait to be run for the first time, stale where one must run again."""
    planned = {rule: plan.jobs[rule] for rule in rules if plan.jobs.get(rule)}
    if not planned:
        return Part(name, FRESH, "")
    why: dict[tuple[str, ...], list[str]] = {}
    for rule in planned:
        why.setdefault(causes(plan.reasons.get(rule, ())), []).append(rule)
    unmade = {cause for of_rules in why for cause in of_rules} <= UNMADE
    said = [f"{', '.join(of_rules)}: {some(counted(planned, named))}" for of_rules, named in why.items()]
    return Part(name, MISSING if unmade else STALE, "; ".join(said))


def whole(part: Part, wrong: Mapping[str, str]) -> Part:
    """A stage, damaged where some of its files are `wrong`: by their places, what is wrong with them."""
    own = {name: why for name, why in wrong.items() if damage.stage_of(name) == part.part}
    said = [f"{why}: {some([name for name in own if own[name] == why])}" for why in dict.fromkeys(own.values())]
    return Part(part.part, DAMAGED, "; ".join(filter(None, [*said, part.why]))) if own else part


def mending(wrong: Mapping[str, str], scale: str) -> str:
    """What makes files anew that are damaged or lost; "" where none is."""
    files = [f"results/{scale}/{name}" for name in wrong]
    if not files:
        return ""
    named, more = " ".join(files[:NAMED]), f"; {len(files) - NAMED} more follow" if len(files) > NAMED else ""
    return f"rm -f {named} && snakemake --config scale={scale} -- {named}  (damaged or lost{more})"


def causes(reasons: Iterable[str]) -> tuple[str, ...]:
    """Reasons in few words, each once; that a job follows from another is said only where there is no other."""
    order = [*CAUSES, *sorted(set(reasons) - CAUSES.keys())]
    words = dict.fromkeys(CAUSES.get(reason, reason) for reason in order if reason in reasons and reason != FOLLOWS)
    return tuple(words) or (CAUSES[FOLLOWS],)


def counted(planned: Mapping[str, int], rules: Iterable[str]) -> list[str]:
    """Rules with the number of their jobs, where it is not one."""
    return [rule if planned[rule] == 1 else f"{rule} ({planned[rule]})" for rule in rules]


def some(names: list[str]) -> str:
    """The first few names, and how many more there are."""
    more = len(names) - NAMED
    return ", ".join(names[:NAMED]) + (f" and {more} more" if more > 0 else "")


def published(root: Path, scale: str, current: bool) -> Part:
    """The published files against their manifest, and against the results where these are current."""
    name, folder, results = "published records", root / "published" / scale, root / "results" / scale
    try:
        listed = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))["files"]
        wanted = {file: about["sha256"] for file, about in listed.items()}
    except FileNotFoundError:
        return Part(name, MISSING, f"nothing is published of {scale}")
    except (ValueError, KeyError, TypeError, AttributeError):
        return Part(name, STALE, "altered: manifest.json")
    if wrong := [file for file in wanted if digest(folder / file) != wanted[file]]:
        return Part(name, STALE, f"altered: {some(wrong)}")
    if not current:
        return Part(name, FRESH, f"{len(wanted)} files as listed; the results are not current, so not compared")
    # Wall seconds are never the same twice; and not everything is published in the file that the results have it in.
    shared = [file for file in wanted if (results / file).is_file() and not file.endswith("seconds.parquet")]
    if differ := [file for file in shared if digest(results / file) != wanted[file]]:
        return Part(name, STALE, f"the results differ: {some(differ)}")
    return Part(name, FRESH, f"{len(wanted)} files as listed, {len(shared)} equal to the results")


def digest(file: Path) -> str | None:
    """The SHA-256 (hex) of a file without its seal, None where there is none."""
    return hashlib.sha256(seals.content(file)).hexdigest() if file.is_file() else None


def occupied(root: Path) -> str:
    """What to do about a run that is at work here, or that was cut off and left its lock; "" without either."""
    if running(root):
        logs = sorted((root / ".snakemake/log").glob("*.log"))
        return f"tail -F {logs[-1].relative_to(root) if logs else '.snakemake/log/*'}  (a run is under way)"
    owners = root / locks.LOCKS
    if locks.locked(owners) and not locks.left(owners):
        return "snakemake --unlock  (a run was cut off)"
    return ""


def running(root: Path) -> bool:
    """Whether a Snakemake works in this folder."""
    for process in psutil.process_iter():
        try:
            if process.cwd() == str(root.resolve()) and any("snakemake" in word for word in process.cmdline()[:4]):
                return True
        except (psutil.Error, OSError):  # it has ended, or belongs to another
            continue
    return False


def next_step(parts: Iterable[Part], scale: str, setting: str, latex: bool) -> str:
    """The one command to give next; `setting` is what make needs for a scale that is not the config's."""
    state = {part.part: part for part in parts}
    ours = [part for name, part in state.items() if name not in ("set-up", "published records")]
    unmade = [part.part for part in ours if part.state != FRESH]
    shipped = state["published records"]
    if state["set-up"].state != FRESH:
        return f"make setup  ({state['set-up'].state})"
    if unmade == ["paper"] and not latex:
        return f"apt-get install --no-install-recommends {PACKAGES}  (LaTeX is missing)"
    if unmade:
        command = "snakemake --profile slurm" if scale == "cluster" else f"make paper{setting}"
        return f"{command}  (what is not fresh: {', '.join(unmade)})"
    if shipped.state == STALE and shipped.why.startswith("altered"):
        return f"git checkout -- published/{scale}  ({shipped.why})"
    if shipped.state == STALE:
        return f"python -m robustpath publish --scale {scale}  ({shipped.why})"
    return f"xdg-open results/{scale}/paper.pdf  (nothing to do but read)"
