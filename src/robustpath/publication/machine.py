"""What a result may depend on beside code and input: the machine and the versions of what computes."""

import functools
import os
import platform
import subprocess
import sys
from contextlib import suppress
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import NamedTuple

TRAINING = ("torch", "numpy", "pandas", "pyarrow", "scikit-learn", "mlxtend", "safetensors")
DRAWING = ("numpy", "scipy", "pandas", "pyarrow", "matplotlib", "seaborn")
# What the paper depends on in the repository.
PARTS = ("src", "notebooks", "paper", "workflow", "Snakefile", "config.yaml", "requirements.lock")
GIT_ELSEWHERE = ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE")
# What tells models of processors apart in /proc/cpuinfo: two models can differ in the bytes of their results, even
# where both have the same vector instructions.
CPUINFO = Path("/proc/cpuinfo")
MODEL = ("model name", "cpu family", "model", "stepping", "CPU implementer", "CPU part")
CAPABILITY = "import torch; print(torch.backends.cpu.get_cpu_capability())"


@functools.cache
def machine() -> dict[str, str]:
    """Architecture, system, model of the processor, vector instructions that torch uses, and the C++ compiler that
    compiles its steps."""
    return {
        "machine": platform.machine(),
        "system": platform.system(),
        "processor": _processor(),
        "cpu": _said(sys.executable, "-c", CAPABILITY),
        "compiler": _said("g++", "-dumpfullversion"),
        "python": platform.python_version(),
    }


def versions() -> dict[str, str]:
    """The installed versions of the packages that compute."""
    return {name: version(name) for name in sorted({*TRAINING, *DRAWING})}


def alike(manifest: dict, packages: tuple[str, ...]) -> bool:
    """Whether machine and versions are those that a manifest has. An older manifest says less of the machine, and what
    it does not say is not compared."""
    here, there = versions(), manifest["versions"]
    known = {name: value for name, value in machine().items() if name in manifest["platform"]}
    return manifest["platform"] == known and all(here[name] == there.get(name) for name in packages)


class Source(NamedTuple):
    """Which code is here.

    commit: what is checked out; changed: the last commit that changed anything the paper depends on; both are `unknown`
    where git names none; edits: files that the paper depends on and that differ from the commit; silence: why git names
    no commit, "" where it does.
    """

    commit: str
    changed: str
    edits: tuple[str, ...]
    silence: str


def source(root: Path) -> Source:
    """The commit of the project in `root`. Not that of another repository that `root` lies in, which knows nothing of
    these files."""
    root = Path(root).resolve()
    try:
        top = _git(root, "rev-parse", "--show-toplevel").removesuffix("\n")
        if not os.path.samefile(top, root):
            return _without(f"{root} is no clone: it lies in the repository {top}")
        commit = _git(root, "rev-parse", "HEAD").strip()
        changed = _git(root, "log", "-1", "--format=%H", "--", *PARTS).strip()
        listed = _git(root, "status", "--porcelain", "-z", "--no-renames", "--untracked-files=all", "--", *PARTS)
        edits = tuple(entry[3:] for entry in listed.split("\0") if entry)
        return Source(commit, changed or "unknown", edits, "")
    except FileNotFoundError:
        return _without("git is not installed")
    except subprocess.CalledProcessError as error:
        said = error.stderr.strip().splitlines() or [f"git ended with status {error.returncode}"]
        return _without(f"git says: {said[0].removeprefix('fatal: ')}")


def described(commit: str, edits: int) -> str:
    """A commit as it is printed, with what was edited since."""
    if commit == "unknown":
        return "unknown"
    return commit + (f" with uncommitted edits of {edits} file{'s' * (edits > 1)}" if edits else "")


def commit_date(root: Path, commit: str) -> str:
    """The day of a commit (UTC, ISO 8601); that of 1970 where there is none."""
    seconds = 0 if commit == "unknown" else int(_git(root, "show", "-s", "--format=%ct", commit))
    return datetime.fromtimestamp(seconds, UTC).date().isoformat()


def last_change(root: Path, file: str) -> str:
    """The last commit that changed a file of the project, "" where none did."""
    return _git(root, "log", "-1", "--format=%H", "--", file).strip()


def is_ancestor(root: Path, commit: str, of: str) -> bool:
    """Whether a commit is another one or an ancestor of it; CalledProcessError where git does not know one of them."""
    _git(root, "cat-file", "-e", f"{of}^{{commit}}")
    return bool(commit) and _git(root, "merge-base", commit, of).strip() == commit


def _without(why: str) -> Source:
    return Source("unknown", "unknown", (), why)


def _git(root: Path, *arguments: str) -> str:
    """What git says of `root`, also where the environment names another repository (as a hook's does)."""
    environment = {name: value for name, value in os.environ.items() if name not in GIT_ELSEWHERE}
    command = ["git", "--no-optional-locks", "-C", str(root), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=True, env=environment).stdout


def _processor() -> str:
    """The model of the processor, as the system tells it; `unknown` where it does not."""
    with suppress(OSError):
        lines = CPUINFO.read_text(encoding="utf-8").partition("\n\n")[0].splitlines()
        facts = dict(tuple(part.strip() for part in line.partition(":")[::2]) for line in lines)
        if found := [f"{name} {facts[name]}" for name in MODEL if name in facts]:
            return ", ".join(found).removeprefix("model name ")
    return platform.processor() or "unknown"


def _said(*command: str) -> str:
    """What a command prints; `unknown` where there is no such program, or it fails."""
    try:
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.rstrip()
    except (OSError, subprocess.CalledProcessError):
        return "unknown"
