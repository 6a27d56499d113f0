"""What a result may depend on beside code and input: the machine and the versions of what computes."""

import functools
import platform
import subprocess
import sys
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

TRAINING = ("torch", "numpy", "pandas", "pyarrow", "scikit-learn", "mlxtend", "safetensors")
DRAWING = ("numpy", "scipy", "pandas", "pyarrow", "matplotlib", "seaborn")
# What the paper depends on in the repository.
PARTS = ("src", "notebooks", "paper", "workflow", "Snakefile", "config.yaml")
CAPABILITY = "import torch; print(torch.backends.cpu.get_cpu_capability())"


@functools.cache
def machine() -> dict[str, str]:
    """Architecture, system, vector instructions that torch uses, and the C++ compiler that compiles its steps."""
    return {
        "machine": platform.machine(),
        "system": platform.system(),
        "cpu": _said(sys.executable, "-c", CAPABILITY),
        "compiler": _said("g++", "-dumpfullversion"),
        "python": platform.python_version(),
    }


def versions() -> dict[str, str]:
    """The installed versions of the packages that compute."""
    return {name: version(name) for name in sorted({*TRAINING, *DRAWING})}


def alike(manifest: dict, packages: tuple[str, ...]) -> bool:
    """Whether machine and versions are those that a manifest has."""
    here, there = versions(), manifest["versions"]
    return manifest["platform"] == machine() and all(here[name] == there.get(name) for name in packages)


def commit(root: Path) -> str:
    """The commit that is checked out, `unknown` where there is no repository."""
    return _said("git", "-C", str(root), "rev-parse", "HEAD")


def source_commit(root: Path) -> str:
    """The last commit that changed anything the paper depends on, `unknown` where there is no repository."""
    return _said("git", "-C", str(root), "log", "-1", "--format=%H", "--", *PARTS, "requirements.lock") or "unknown"


def commit_date(root: Path, commit: str) -> str:
    """The day of a commit (UTC, ISO 8601); that of 1970 where there is no repository."""
    said = _said("git", "-C", str(root), "show", "-s", "--format=%ct", commit)
    return datetime.fromtimestamp(int(said) if said.isdigit() else 0, UTC).date().isoformat()


def edited(root: Path) -> list[str]:
    """Files that a result depends on and that differ from the commit."""
    said = _said("git", "-C", str(root), "status", "--porcelain", "--", *PARTS)
    return [] if said == "unknown" else [line[3:] for line in said.splitlines()]


def _said(*command: str) -> str:
    """What a command prints; `unknown` where there is no such program, or it fails."""
    try:
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.rstrip()
    except (OSError, subprocess.CalledProcessError):
        return "unknown"
