"""Damages to the files of a finished run, and who refuses them: the job that reads the file, and `make check`.

    python tests/workflow/damages.py CHECKOUT [--damages 600] [--seed 0]

In a checkout with a finished smoke run, one file after the other has a bit flipped, is cut short, takes another's
content, changes places with another, or is deleted; then the very command of a job that reads it must end with a
sentence that names it, and `make check` must find it. A table of kinds of file and of damage; exit code 1 where
anything was used in silence.
"""

import argparse
import contextlib
import os
import random
import re
import shlex
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

from checkouts import planning

from robustpath import command_line
from robustpath.core.errors import UserError
from robustpath.operations import damage

SCALE = "smoke"
RESULTS = Path("results") / SCALE


class Outcome(NamedTuple):
    """What became of a damage: the kind of file and of damage, the file, and who refused it."""

    file_kind: str
    kind: str
    file: str
    reader: str  # "refused", "used", or "none" where no job reads the file
    check: bool


def flipped(content: bytes, other: bytes, rng: random.Random) -> bytes:
    bit = rng.randrange(8 * len(content))
    return content[: bit // 8] + bytes([content[bit // 8] ^ 1 << bit % 8]) + content[bit // 8 + 1 :]


def cut(content: bytes, other: bytes, rng: random.Random) -> bytes:
    return content[: rng.randrange(len(content))]


def replaced(content: bytes, other: bytes, rng: random.Random) -> bytes:
    return other


KINDS: dict[str, Callable[[bytes, bytes, random.Random], bytes] | None] = {
    "bit flipped": flipped,
    "cut short": cut,
    "another's content": replaced,
    "changed places": replaced,
    "deleted": None,
}


def commands(folder: Path) -> list[list[str]]:
    """The arguments of every job of the smoke run."""
    planned = planning(folder, "-n", "-p", "--forceall", "--config", f"scale={SCALE}")
    assert planned.returncode == 0, planned.stdout + planned.stderr
    lines = [line for line in planned.stdout.splitlines() if "python -m robustpath" in line]
    plain = [re.sub(r"\$\(dirname (\S+)\)", lambda found: str(Path(found[1]).parent), line) for line in lines]
    words = [shlex.split(line) for line in plain]
    return [line[line.index("robustpath") + 1 : line.index(">")] for line in words]


def readers(jobs: list[list[str]]) -> dict[str, list[str]]:
    """A job that reads each file."""
    found: dict[str, list[str]] = {}
    for job in jobs:
        options = vars(command_line.parser().parse_args(job))
        for file in command_line.paths(options, options.get("read", ())):
            found.setdefault(str(file), job)
    return found


def kind_of(name: str) -> str:
    """Kind of file: its folder, and for trainings what it holds."""
    top = name.split("/")[0]
    return f"{top} {'.'.join(Path(name).name.split('.')[1:])}" if "/" in name else top


@contextlib.contextmanager
def damaged(kind: str, file: Path, other: Path, rng: random.Random) -> Iterator[None]:
    """One damage, mended afterwards."""
    kept = {each: (each.read_bytes(), os.stat(each)) for each in (file, other)}
    content, others = kept[file][0], kept[other][0]
    if KINDS[kind] is None:
        file.unlink()
    else:
        file.write_bytes(KINDS[kind](content, others, rng))
    if kind == "changed places":
        other.write_bytes(content)
    try:
        yield
    finally:
        for each, (bytes_, stat) in kept.items():
            each.write_bytes(bytes_)
            os.utime(each, ns=(stat.st_atime_ns, stat.st_mtime_ns))


def refuses(job: list[str], files: list[str]) -> bool:
    """Whether a job ends with a sentence that names one of the files that were changed."""
    try:
        command_line.job(vars(command_line.parser().parse_args(job)))
    except UserError as error:
        return any(file in str(error) for file in files)
    return False


def harm(count: int, seed: int) -> Iterator[Outcome]:
    """That many damages to files of the run in the current folder, each kind of file and of damage in turn."""
    rng = random.Random(seed)
    names = sorted(damage.names(RESULTS))
    read = readers(commands(Path.cwd()))
    by_kind: dict[str, list[str]] = {}
    for name in names:
        by_kind.setdefault(kind_of(name), []).append(name)
    # That the paper itself is not there, Snakemake's plan says.
    turns = [
        (file_kind, kind) for kind in KINDS for file_kind in by_kind if (file_kind, kind) != ("paper.pdf", "deleted")
    ]
    rng.shuffle(turns)
    for turn in range(count):
        file_kind, kind = turns[turn % len(turns)]
        name = rng.choice(by_kind[file_kind])
        others = [each for each in names if each != name]
        alike = [each for each in others if Path(each).suffix == Path(name).suffix]
        file, other = RESULTS / name, RESULTS / rng.choice(alike or others)
        with damaged(kind, file, other, rng):
            job, changed = read.get(str(file)), [str(file), *([str(other)] if kind == "changed places" else [])]
            reader = "none" if job is None else "refused" if refuses(job, changed) else "used"
            yield Outcome(file_kind, kind, name, reader, name in damage.find(RESULTS))


def table(outcomes: list[Outcome]) -> str:
    """Of each kind of file and of damage: how many, refused by a reader, of which no job reads, found by check."""
    lines = [f"{'file':28} {'damage':18} {'n':>4} {'refused':>8} {'no reader':>10} {'check':>6}"]
    for (file_kind, kind), number in sorted(Counter((each.file_kind, each.kind) for each in outcomes).items()):
        own = [each for each in outcomes if (each.file_kind, each.kind) == (file_kind, kind)]
        refused, unread = (sum(each.reader == what for each in own) for what in ("refused", "none"))
        lines.append(f"{file_kind:28} {kind:18} {number:4} {refused:8} {unread:10} {sum(each.check for each in own):6}")
    return "\n".join(lines)


def silent(outcomes: list[Outcome]) -> list[Outcome]:
    """The damages that a reader used, or that check did not find."""
    return [each for each in outcomes if each.reader == "used" or not each.check]


if __name__ == "__main__":
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("checkout", type=Path)
    options.add_argument("--damages", type=int, default=600)
    options.add_argument("--seed", type=int, default=0)
    given = options.parse_args()
    os.chdir(given.checkout)
    found = list(harm(given.damages, given.seed))
    print(table(found), *silent(found), f"{len(found)} damages, {len(silent(found))} in silence", sep="\n")
    sys.exit(bool(silent(found)))
