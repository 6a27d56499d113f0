"""A real SLURM of one node for tests, and what is asked of it."""

import os
import shutil
import subprocess
from itertools import pairwise
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


def history() -> list[tuple[str, str, str, str]]:
    """Every job the controller remembers, first come first: rule and wildcards, state, partition, GPUs."""
    fields = ("Comment:160", "StateCompact:16", "Partition:16", "tres-per-job:24")
    command = ["squeue", "-h", "-t", "all", "--sort=i", "-O", ",".join(fields)]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    cuts = [0, 160, 176, 192, 216]
    return [tuple(line[a:b].strip() for a, b in pairwise(cuts)) for line in said.splitlines()]
