"""How long Snakemake takes to plan: a dry run through the slurm profile, of the cluster scale and of thousands of jobs.

python benchmarks/planning.py [--jobs 5000]
"""

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import yaml

from robustpath.config.yaml import read

ROOT = Path(__file__).resolve().parents[1]
LEFT_OUT = (".*", "__pycache__", "results", "build", "*.egg-info", "generated", "published")
TARGET = 4  # seconds for the cluster scale


def main() -> None:
    """Time both dry runs in a copy of the sources and print them beside the target."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--jobs", type=int, default=5000, help="training jobs of the large plan (default 5000)")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="robustpath-") as folder:
        copy = Path(folder, "repository")
        shutil.copytree(ROOT, copy, symlinks=True, ignore=shutil.ignore_patterns(*LEFT_OUT))
        report("cluster scale", *plan(copy), target=f"  (target {TARGET} s)")
        enlarge(copy / "config.yaml", options.jobs)
        report(f"{options.jobs:,} trainings", *plan(copy))


def enlarge(file: Path, jobs: int) -> None:
    """Repeat the study of minima of the cluster scale until there are at least so many trainings."""
    config = read(file, file.name)
    scale = config["scales"]["cluster"]
    one = {**scale["experiments"]["minima"], "measured": False}
    cells = len(one["datasets"]) * len(config["methods"])
    scale["further"] = {f"repeated_{number}": one for number in range(-(-jobs // cells))}
    file.write_text(yaml.safe_dump(config, sort_keys=False))


def plan(folder: Path) -> tuple[int, float]:
    """Jobs that a dry run plans, and its seconds."""
    began = time.monotonic()
    command = [sys.executable, "-m", "snakemake", "--profile", "slurm", "-n", "--quiet", "rules"]
    done = subprocess.run(command, cwd=folder, env={**os.environ, "PYTHONPATH": "src"}, capture_output=True, text=True)
    seconds = time.monotonic() - began
    found = re.search(r"^total\s+(\d+)$", done.stdout + done.stderr, re.M)
    if done.returncode or not found:
        sys.exit(done.stderr)
    return int(found.group(1)), seconds


def report(what: str, jobs: int, seconds: float, target: str = "") -> None:
    """One line."""
    print(f"{what:<20} {jobs:>6,} jobs planned in {seconds:5.1f} s{target}", flush=True)


if __name__ == "__main__":
    main()
