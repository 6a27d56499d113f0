"""A real SLURM of one node for tests, and what is asked of it."""

import os
import shutil
import subprocess
from itertools import accumulate, pairwise
from pathlib import Path

SCRIPT = Path(__file__).resolve().parents[2] / "workflow/scripts/slurm_node.sh"
NEEDED = ("slurmctld", "slurmd", "sbatch", "munged")


def possible() -> str:
    """Why no node can run here; "" where it can."""
    if os.geteuid() != 0:
        return "a SLURM node needs root"
    missing = [program for program in NEEDED if not shutil.which(program)]
    return f"{', '.join(missing)} not installed (workflow/scripts/slurm_node.sh install)" if missing else ""


def node(action: str, **settings: str) -> None:
    """`start` or `stop` it; AssertionError with what the script said where it fails."""
    done = subprocess.run([SCRIPT, action], env={**os.environ, **settings}, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def latest() -> int:
    """The id of the last job that was submitted."""
    return max((number for number, *_ in _remembered()), default=0)


def history(since: int) -> list[tuple[str, str, str, str]]:
    """The jobs after that id, first come first: rule and wildcards, state, partition, GPUs."""
    return [tuple(rest) for number, *rest in sorted(_remembered()) if number > since]


def _remembered() -> list[tuple[int, str, str, str, str]]:
    widths = {"JobID": 16, "Comment": 160, "StateCompact": 16, "Partition": 16, "tres-per-job": 24}
    command = ["squeue", "-h", "-t", "all", "-O", ",".join(f"{field}:{width}" for field, width in widths.items())]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    cuts = list(accumulate(widths.values(), initial=0))
    rows = [[line[start:stop].strip() for start, stop in pairwise(cuts)] for line in said.splitlines()]
    return [(int(number), *rest) for number, *rest in rows]
