"""`snakemake --profile slurm` on a real SLURM of one node: an interrupted run, jobs that die, faults of SLURM."""

import os
import random
import re
import signal
import subprocess
import sys
import time

import pytest
import quick_yaml
from checkouts import duplicate, edit, snakemake
from faults import ONE_TRAINING, episode
from node import held, history, latest, node, possible

pytestmark = pytest.mark.skipif(bool(possible()), reason=possible())

HERE = {"SBATCH_PARTITION": "cpu", "SBATCH_GPU_PARTITION": "gpu"}
COMMAND = ("--profile", "slurm", "--config", "scale=smoke")
RECORDS = "results/smoke/evaluate"
PATIENCE = 600  # seconds: at first the tests share the machine with the run of the whole pipeline


@pytest.fixture(autouse=True)
def alone():
    with held():
        node("start")
        yield
        node("stop")


SLOW = """


def _slow_at_first(settings):
    if settings["experiment"] == "random_labels" and not Path("tried").exists():
        Path("tried").touch()
        plain = randomness.batches
        randomness.batches = lambda *rest: time.sleep(2) or plain(*rest)
"""


@pytest.fixture
def small(tmp_path, sources):
    """A study of three short cells, one of which is broken, and one that takes more than a minute when first tried."""
    folder = duplicate(sources, tmp_path / "repository")
    file = folder / "config.yaml"
    config = quick_yaml.loaded(file.read_text())
    chosen = config["scales"]["smoke"]["experiments"]
    chosen["data_efficiency"] |= {"datasets": ["optdigits"], "methods": ["sgd", "ema", "sam"], "train_sizes": [50]}
    chosen["random_labels"]["budget"] = 1000  # not compiled, so that its first step is soon taken
    file.write_text(quick_yaml.dumped(config))
    edit(
        folder / "src/robustpath/methods/minima/sam.py",
        "    def step(",
        '    raise ValueError("broken")\n\n    def step(',
    )
    training = folder / "src/robustpath/protocols/supervised/training.py"
    edit(
        training,
        "    torch.set_num_threads(threads)\n",
        "    torch.set_num_threads(threads)\n    _slow_at_first(settings)\n",
    )
    training.write_text(training.read_text() + SLOW)
    return folder


def test_interrupted_jobs_are_cancelled_and_what_dies_is_tried_again_with_more(small):
    known = latest()
    targets = [f"{RECORDS}/data_efficiency/optdigits.parquet", f"{RECORDS}/random_labels/optdigits.parquet"]
    interrupt(small, targets)
    ended_within(30, known)
    assert "CA" in {state for comment, state, _, _ in history(known) if "train" in comment}

    (small / "tried").unlink(missing_ok=True)
    known = latest()
    requests = (
        "train:mem_mb=200 if attempt == 1 and wildcards.method == 'ema' else 3000",
        "train:runtime=1 if attempt == 1 and wildcards.experiment == 'random_labels' else 20",
    )
    done = snakemake(small, *COMMAND, "--set-resources", *requests, "--", *targets, **HERE)
    assert done.returncode == 1
    states = {}
    for comment, state, _, _ in history(known):
        states.setdefault(comment.removeprefix("rule_train_wildcards_"), []).append(state)
    assert states["data_efficiency_optdigits_sgd"] == ["CD"]
    assert len(states["data_efficiency_optdigits_sam"]) == 3
    assert states["data_efficiency_optdigits_ema"][0] in ("F", "OOM", "CA")
    assert states["data_efficiency_optdigits_ema"][1:] == ["CD"]
    assert states["random_labels_optdigits_sgd"] == ["TO", "CD"]
    log = (small / "results/smoke/logs/train/random_labels/optdigits/sgd.log").read_text()
    assert re.search(r"going on from step [1-9]", log)

    assert (small / targets[1]).exists()
    assert not (small / targets[0]).exists()
    assert done.stderr.count("broken") >= 1
    last = done.stderr.strip().splitlines()[-1]
    assert last.startswith("error: ") and "broken" in last and "train data_efficiency/optdigits/sam" in last
    assert "Not made: 2 steps, 1 of them failed" in done.stderr


def test_a_partition_that_slurm_refuses_is_named(tmp_path, sources):
    folder = duplicate(sources, tmp_path / "repository")
    done = snakemake(folder, *COMMAND, "--", "results/smoke/data/optdigits.safetensors", SBATCH_PARTITION="nosuch")
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1] == (
        "error: SLURM refused the job (invalid partition specified: nosuch; Batch job submission failed: Invalid "
        "partition name specified); correct site.yaml, the SBATCH_ variables or slurm/config.yaml (prepare optdigits)"
    )


@pytest.mark.parametrize("kind", ["slurmctld_killed", "job_requeued"])
def test_a_fault_of_slurm_is_recovered_from_with_the_same_bytes(kind, faultless, tmp_path):
    outcome = episode(kind, *faultless, tmp_path / "run", random.Random(kind), ONE_TRAINING, span=4.0)
    assert outcome.recovered
    assert outcome.identical
    assert outcome.anomalies == []


def interrupt(folder, targets):
    """Press Ctrl-C as soon as a training job runs, and wait for the end."""
    run = subprocess.Popen(
        [sys.executable, "-m", "snakemake", *COMMAND, "--", *targets],
        cwd=folder,
        env={**os.environ, "OMP_NUM_THREADS": "1", **HERE},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )
    known = latest()
    deadline = time.monotonic() + PATIENCE
    while not any(state == "R" and "train" in comment for comment, state, _, _ in history(known)):
        assert run.poll() is None, run.stderr.read().decode()
        assert time.monotonic() < deadline, "no training job began"
        time.sleep(0.5)
    run.send_signal(signal.SIGINT)
    run.communicate(timeout=120)
    assert run.returncode != 0


def ended_within(seconds, known):
    """Wait until no job since `known` waits, runs or is being ended."""
    deadline = time.monotonic() + seconds
    while {state for _, state, _, _ in history(known)} & {"PD", "R", "CG"}:
        assert time.monotonic() < deadline, "jobs of an interrupted run are still there"
        time.sleep(0.5)
