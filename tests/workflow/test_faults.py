"""A fault of each cheap kind, put into one training; `python tests/workflow/faults.py` tries more, on SLURM too."""

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest
from checkouts import duplicate, edit, snakemake
from fault_kinds import KINDS
from faults import ONE_TRAINING, episode

CHEAP = ("worker_stopped", "snakemake_killed", "checkpoint_damaged", "disk_full")


def marked(kind: str):
    """A kind that is skipped, with the reason, where it cannot be tried."""
    why = KINDS[kind].impossible()
    marks = [pytest.mark.skipif(bool(why), reason=why)]
    return pytest.param(kind, marks=marks)


@pytest.mark.parametrize("kind", [marked(kind) for kind in CHEAP])
def test_a_fault_is_recovered_from_with_the_same_bytes(kind, faultless, tmp_path):
    outcome = episode(kind, *faultless, tmp_path / "run", random.Random(kind), ONE_TRAINING, span=4.0)
    assert outcome.failed
    assert outcome.recovered
    assert outcome.identical
    assert outcome.anomalies == []


def test_a_killed_training_goes_on_and_ends_with_the_same_bytes(tmp_path, sources):
    folder = duplicate(sources, tmp_path / "killed")
    edit(folder / "config.yaml", "budget: 60", "budget: 800")  # of more, programs would be compiled first
    whole = duplicate(folder, tmp_path / "whole")
    cell = Path("results/smoke/train/data_efficiency/optdigits")
    target = str(cell / "sgd.parquet")
    outputs = [cell / f"sgd{suffix}" for suffix in (".safetensors", ".parquet")]

    kill_training(folder, target, checkpoint=folder / cell / ".sgd.part0.resume.safetensors")
    assert not list((folder / cell).glob("sgd*"))

    for place in (folder, whole):
        done = snakemake(place, target)
        assert done.returncode == 0, done.stderr
    said = (folder / "results/smoke/logs/train/data_efficiency/optdigits/sgd.log").read_text()
    assert "going on from step" in said
    for file in outputs:
        assert (folder / file).read_bytes() == (whole / file).read_bytes()


def kill_training(folder: Path, target: str, checkpoint: Path) -> None:
    """Run Snakemake and kill its training job, as the kernel would, once the checkpoint is there."""
    run = subprocess.Popen(
        [sys.executable, "-m", "snakemake", target],
        cwd=folder,
        env={**os.environ, "OMP_NUM_THREADS": "1", "ROBUSTPATH_CHECKPOINT_SECONDS": "0"},
        stderr=subprocess.DEVNULL,
    )
    while not checkpoint.exists():
        assert run.poll() is None, "the run ended before it could be killed"
        time.sleep(0.01)
    training = [
        child
        for child in psutil.Process(run.pid).children(recursive=True)
        if child.cmdline()[1:4] == ["-m", "robustpath", "train"]
    ]
    assert len(training) == 1
    training[0].send_signal(signal.SIGKILL)
    assert run.wait() == 1
