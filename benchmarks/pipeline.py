"""How long the whole pipeline takes, from nothing to the PDF, in a fresh copy of the sources (compile cache cold).

python benchmarks/pipeline.py [--scale laptop] [--cores 2] [--sample 3] [--warm] [--alone]
"""

import argparse
import csv
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
LEFT_OUT = (".*", "__pycache__", "results", "build", "*.egg-info", "generated")
FIGURE = "learning_curves"
TARGETS = {  # seconds of a whole scale on two cores
    "smoke": 150,
    "laptop": 900,
}


def main() -> None:
    """Run one scale, then parts of it again, and print the figures beside their targets."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--scale", default="laptop", help="a scale of config.yaml (default laptop)")
    parser.add_argument("--cores", type=int, default=len(os.sched_getaffinity(0)), help="default: all")
    parser.add_argument("--sample", type=int, default=3, help="runs to time as one process each (default 3)")
    parser.add_argument("--warm", action="store_true", help="run the whole scale again with the compiled programs kept")
    parser.add_argument("--alone", action="store_true", help="run the whole scale again without the fork server")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="robustpath-") as folder:
        copy = Path(folder, "repository")
        shutil.copytree(ROOT, copy, symlinks=True, ignore=shutil.ignore_patterns(*LEFT_OUT))
        measure(copy, options.scale, options.cores, options.sample, options.warm, options.alone)


def measure(folder: Path, scale: str, cores: int, sample: int, warm: bool, alone: bool) -> None:
    """Time the pipeline in `folder` and print."""
    results = folder / "results" / scale
    snakemake = [sys.executable, "-m", "snakemake", "--cores", str(cores)]
    chosen = ["--config", f"scale={scale}"]
    cells = json.loads(robustpath(folder, "list", "cells", "--scale", scale, "--json"))
    runs = sum(cell["runs"] for cell in cells)

    wall = seconds(folder, *snakemake, *chosen)
    say(
        "whole scale",
        f"{wall:.0f} s",
        TARGETS.get(scale),
        "s",
        f"{scale}, {cores} cores, {runs:,} runs, {len(cells)} cells",
    )
    say("rate", f"{60 * runs / wall:.0f} runs a minute")
    jobs = benchmarks(results / "benchmarks")
    spent = {step: sum(float(job["s"]) for job in listed) for step, listed in jobs.items()}
    for step, total in sorted(spent.items(), key=lambda item: -item[1]):
        say(f"  {step}", f"{total:.0f} s", note=f"{len(jobs[step])} jobs")
    logs = "".join(log.read_text() for log in sorted((results / "logs/train").rglob("*.log")))
    steps = sum(float(part) for part in re.findall(r"of them ([\d.]+) s model steps", logs))
    compiling = [float(part) for part in re.findall(r"compiled in ([\d.]+) s", logs)]
    say("compiling", f"{sum(compiling):.0f} s", note=f"{len(compiling)} programs, core-seconds of training jobs")
    say(
        "model steps of training jobs",
        f"{steps:.0f} s",
        note=f"{steps / spent['train']:.0%} of their core-seconds, "
        f"{steps / (spent['train'] - sum(compiling)):.0%} without compiling (target 75 %)",
    )
    core_seconds = wall * cores
    for experiment in dict.fromkeys(cell["experiment"] for cell in cells):
        own = [job for listed in jobs.values() for job in listed if experiment in job["name"].split("/")]
        say(f"  of {experiment}", f"{sum(float(job['s']) for job in own):.0f} s", note=f"{len(own)} jobs, core-seconds")
    work = sum(spent.get(step, 0) for step in ("train", "evaluate", "measure", "trace", "theory"))
    say("outside training, measuring and theory", f"{1 - work / core_seconds:.0%}", note="of wall time x cores")
    sampled = [job for listed in jobs.values() for job in listed if job["max_rss"] != "NA"]
    memory, owner = max((float(job["max_rss"]), job["name"]) for job in sampled)
    say("peak memory of a job", f"{memory:.0f} MiB", 2048, "MiB", owner)

    say("nothing to do", f"{seconds(folder, *snakemake, *chosen):.1f} s", 2, "s")
    dry = seconds(folder, *snakemake, "--dry-run", "--quiet", "--config", "scale=cluster")
    say("dry run of the cluster scale", f"{dry:.1f} s", 4, "s")
    (results / f"generated/{FIGURE}.pdf").unlink()
    say("one figure again", f"{seconds(folder, *snakemake, FIGURE, *chosen):.1f} s", 15, "s")

    if warm:
        shutil.rmtree(results)
        again = seconds(folder, *snakemake, *chosen)
        say("whole scale, programs kept", f"{again:.0f} s", note=f"cold takes {wall / again:.2f} times as long (1.3)")

    if alone:
        shutil.rmtree(results)
        again = seconds(folder, "env", "ROBUSTPATH_FORK_SERVER=none", *snakemake, *chosen)
        say("whole scale, each job imports", f"{again:.0f} s", note=f"{again / wall:.2f} times as long")

    if sample:
        single = [one_process(folder, results, scale, cells, share=(i + 0.5) / sample) for i in range(sample)]
        mean = sum(took for took, _ in single) / sample
        names = ", ".join(f"{name} {took:.1f} s" for took, name in single)
        say("one process a run", f"{mean:.1f} s a run", note=f"sample of {sample}: {names}")
        say(
            "  all runs so, extrapolated", f"{mean * runs / cores / 60:.0f} min", note=f"{runs:,} runs on {cores} cores"
        )
        say(
            "  against populations",
            f"{mean * runs / spent['train']:.1f} x",
            note="core-seconds of training, start-up included",
        )


def one_process(folder: Path, results: Path, scale: str, cells: list[dict], share: float) -> tuple[float, str]:
    """Seconds of one run of one cell as a process of its own; `share` in (0, 1) says which cell and train size."""
    sys.path.insert(0, str(folder / "src"))
    from robustpath.study import Cell, load, train_settings

    cell = cells[int(share * len(cells))]
    name = Cell(cell["experiment"], cell["dataset"], cell["method"])
    settings = train_settings(load(folder / "config.yaml", {"scale": scale}), name)
    size = settings["train_sizes"][int(share * len(settings["train_sizes"]))]
    noise = settings["label_noise"][:1]
    alone = settings | {"train_sizes": [size], "label_noise": noise, "seeds": 1, "draws": 1, "grid": {}}
    files = {name: f"alone.{name}" for name in ("weights", "path", "runs", "seconds", "scores")}
    began = time.perf_counter()
    robustpath(
        folder, "train", "--settings", json.dumps(alone), "--data", str(results / f"data/{name.dataset}.safetensors"),
        *(part for option, file in files.items() for part in (f"--{option}", str(folder / file))),
    )  # fmt: skip
    return time.perf_counter() - began, f"{name.method}/{name.dataset}/{size}"


def robustpath(folder: Path, *arguments: str) -> str:
    """The output of one command."""
    environment = {**os.environ, "PYTHONPATH": str(folder / "src"), "OMP_NUM_THREADS": "1"}
    command = [sys.executable, "-m", "robustpath", *arguments]
    return subprocess.run(command, cwd=folder, env=environment, check=True, stdout=subprocess.PIPE, text=True).stdout


def seconds(folder: Path, *command: str) -> float:
    """Wall seconds of a command; ends the benchmark with the command's last words if it fails."""
    began = time.perf_counter()
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    if done.returncode:
        sys.exit("\n".join(done.stderr.splitlines()[-20:]))
    return time.perf_counter() - began


def benchmarks(folder: Path) -> dict[str, list[dict]]:
    """Snakemake's benchmark rows by step (the first part of the path), each with its job's name."""
    rows = defaultdict(list)
    for file in sorted(folder.rglob("*.tsv")):
        name = file.relative_to(folder).with_suffix("")
        with file.open() as table:
            rows[name.parts[0]] += [row | {"name": str(name)} for row in csv.DictReader(table, delimiter="\t")]
    return rows


def say(what: str, value: str, target: float | None = None, unit: str = "", note: str = "") -> None:
    """One line of the report, printed at once."""
    aim = f"target <= {target} {unit}" if target else ""
    print(f"{what:<32} {value:>18}  {aim:<18} {note}".rstrip(), flush=True)


if __name__ == "__main__":
    main()
