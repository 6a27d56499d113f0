"""Copies of the repository to plan and run Snakemake in."""

import os
import re
import shutil
import subprocess
import sys
import sysconfig
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "simulated"))  # where this is read by a program alone

import warm

REPOSITORY = Path(__file__).resolve().parents[2]
ODD = "Doe, Jane ~a%b;c$d#e&f{g} h"  # a folder's name that shells, TeX and Snakemake read otherwise than it is written
PARTS = (
    ".gitattributes",
    ".gitignore",
    "Makefile",
    "Snakefile",
    "slurm",
    "workflow",
    "config.yaml",
    "environment.yml",
    "pyproject.toml",
    "requirements.in",
    "requirements.lock",
    "src",
    "notebooks",
    "paper",
)


class Plan(NamedTuple):
    """What Snakemake says it would run: jobs by rule, and each job's message."""

    rules: Counter
    messages: set[str]


def checkout(folder: Path, scale: str = "smoke") -> Path:
    """A copy of the repository's sources and of what is compiled of them in `folder`, with `scale` in its config."""
    folder.mkdir(parents=True, exist_ok=True)
    for part in PARTS:
        source = REPOSITORY / part
        if source.is_dir():
            shutil.copytree(source, folder / part, ignore=shutil.ignore_patterns("*.pyc.*", "generated"))
        else:
            shutil.copy2(source, folder / part)
    memory = Path(".cache/code.json")  # what planning knows of the sources by their content
    if (REPOSITORY / memory).exists():
        (folder / memory).parent.mkdir()
        shutil.copy2(REPOSITORY / memory, folder / memory)
    config = folder / "config.yaml"
    edit(config, re.search(r"^scale: \w+$", config.read_text(), re.M).group(), f"scale: {scale}")
    return folder


def duplicate(folder: Path, to: Path) -> Path:
    """A copy of a checkout with its results and Snakemake's memory of them, modification times kept."""
    return Path(shutil.copytree(folder, to, symlinks=True))


def equip(folder: Path) -> None:
    """Set up a checkout: a .venv with the packages of the interpreter that runs the tests, which setup.sh takes for its
    own."""
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", folder / ".venv"], check=True)
    packages = next((folder / ".venv/lib").glob("python*/site-packages"))
    (packages / "borrowed.pth").write_text(f"{folder}/src\n{sysconfig.get_path('purelib')}\n")
    key = "{ pwd && cat requirements.lock && grep '^torch==' requirements.in; } | cksum > .venv/complete"
    subprocess.run(["bash", "-c", key], cwd=folder, check=True)


def make(folder: Path, *arguments: str) -> subprocess.CompletedProcess:
    """Run make in a folder as a user would who may install nothing."""
    # What `make test` tells the makes below it would have them say which folder they enter.
    outside = {
        name: value for name, value in os.environ.items() if name not in ("ARGS", "MAKEFLAGS", "MAKELEVEL", "MFLAGS")
    }
    settings = {"OMP_NUM_THREADS": "1", "NO_COLOR": "1", "APT": "no", "PYTHONPATH": ""}
    return subprocess.run(["make", *arguments], cwd=folder, env=outside | settings, capture_output=True, text=True)


def edit(file: Path, old: str, new: str) -> None:
    """Replace the first `old` in a file, which must be there."""
    text = file.read_text()
    assert old in text, f"{file} does not hold {old!r}"
    file.write_text(text.replace(old, new, 1))


def snakemake(folder: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess:
    """Run Snakemake in a folder as a user would, one thread a job."""
    return subprocess.run(
        [sys.executable, "-m", "snakemake", *arguments],
        cwd=folder,
        env=surroundings(environment),
        capture_output=True,
        text=True,
    )


def surroundings(environment: Mapping[str, str]) -> dict[str, str]:
    """This process's environment with one thread a job, and with `environment`."""
    return {**os.environ, "OMP_NUM_THREADS": "1", "NO_COLOR": "1", **environment}


def planning(folder: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess:
    """Run Snakemake where it runs no job, by a process that has imported it: half of a plan's time is its start."""
    return warm.run(warm.lasting(*warm.PLANNING), ["-m", "snakemake", *arguments], folder, surroundings(environment))


def plan(folder: Path, *arguments: str) -> Plan:
    """A dry run's jobs."""
    done = planning(folder, "-n", *arguments)
    assert done.returncode == 0, done.stdout + done.stderr
    said = done.stdout + done.stderr
    table = said.partition("Job stats:")[2].partition("\n\n")[0]
    rules = {name: int(count) for name, count in re.findall(r"^(\w+) +(\d+)$", table, re.M) if name != "total"}
    assert rules or "Nothing to be done" in said
    return Plan(Counter(rules), set(re.findall(r"^Job \d+: (.+)$", said, re.M)))


def refused(folder: Path, *arguments: str) -> str:
    """The one sentence of a run that is refused before any job."""
    done = planning(folder, *arguments)
    assert done.returncode == 1, done.stdout + done.stderr
    assert done.stdout == ""
    lines = done.stderr.strip().splitlines()
    assert len(lines) == 1, done.stderr
    assert lines[0].startswith("error: ")
    assert not (folder / "results").exists()
    return lines[0]


def run_whole(folder: Path, *arguments: str) -> Path:
    """Run the smoke scale to its PDF."""
    done = snakemake(folder, *arguments)
    assert done.returncode == 0, done.stderr[-3000:]
    return folder


def run_in_one_process(folder: Path, targets: Sequence[str]) -> Path:
    """Run all jobs that some files of the smoke scale need without Snakemake, in a process of another hash seed."""
    listed = planning(folder, "-n", "--forceall", "--printshellcmds", "--", *targets)
    assert listed.returncode == 0, listed.stderr
    commands = re.findall(r"^Shell command: (.+)$", listed.stdout, re.M)
    (folder / "commands").write_text("\n".join(commands))
    environment = {"OMP_NUM_THREADS": "1", "PYTHONHASHSEED": "1", "PYTHONPATH": str(folder / "src")}
    done = subprocess.run(
        [sys.executable, Path(__file__).with_name("one_process.py"), "commands"],
        cwd=folder,
        env=os.environ | environment,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    return folder
