"""A pretended finished run, for what is planned, and a real one, for its results."""

import fcntl
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

sys.path.insert(0, str(Path(__file__).parent))  # pytest's importlib mode leaves helpers beside the tests unseen

from checkouts import ODD, checkout, duplicate, planning, run_in_one_process, run_whole, snakemake
from faults import ONE_TRAINING, digests, study, undisturbed
from node import held, history, latest, node, possible

# A result of each rule whose jobs go to a cluster, or what it is made of.
FORCED = (
    "data/digit_domains.safetensors",
    "measure/lengths/optdigits.parquet",
    "theory/path_norm.parquet",
    "trace/trajectories/optdigits.parquet",
)
# What follows from them: every rule, and of the notebooks a figure and a table.
FOLLOWS = (
    "data/digit_domains.safetensors",
    "theory/path_norm.parquet",
    "generated/learning_curves.pdf",
    "generated/hypotheses.tex",
    "generated/numbers.tex",
    "generated/origin.tex",
)

# What is computed a second time: every method that is trained, on each kind of data, and measures, traces and theory.
AGAIN = (
    "evaluate/minima/optdigits.parquet",
    "evaluate/ensembles/optdigits.parquet",
    "evaluate/held_out/optdigits.parquet",
    "evaluate/walk_levels/optdigits.parquet",
    "evaluate/yardsticks/optdigits.parquet",
    "evaluate/streams/optdigits.parquet",
    "evaluate/stream_methods/optdigits.parquet",
    "evaluate/stream_readouts/optdigits.parquet",
    "evaluate/stream_memories/optdigits.parquet",
    "evaluate/stream_adaptation/optdigits.parquet",
    "evaluate/memory_ball/optdigits.parquet",
    "evaluate/distances/optdigits.parquet",
    "evaluate/radii/optdigits.parquet",
    "evaluate/stream_gradual/mnist1d.parquet",
    "evaluate/stream_domains/digit_domains.parquet",
    "evaluate/larger_stream_domains/digit_domains_28.parquet",
    "evaluate/larger/typeface_digits_28.parquet",
    "evaluate/episodes/typefaces.parquet",
    "evaluate/factorial_both/gauss_groups.parquet",
    "evaluate/acquisition_methods/gauss_groups.parquet",
    "evaluate/acquisition_interaction/gauss_interaction_100.parquet",
    "evaluate/acquisition_text/sentiment_kinds.parquet",
    "evaluate/activation_losses/gauss_groups.parquet",
    "evaluate/activation_latent/gauss_groups.parquet",
    "evaluate/spiking/gauss_groups.parquet",
    "evaluate/attention/dominoes.parquet",
    "evaluate/groups/gauss_groups.parquet",
    "evaluate/curricula/gauss_groups.parquet",
    "evaluate/selection/gauss_groups.parquet",
    "evaluate/feature_sweep/gauss_groups.parquet",
    "measure/lengths/optdigits.parquet",
    "trace/trajectories/optdigits.parquet",
    "theory/memorisation.parquet",
    "theory/spurious_minimum.parquet",
    "theory/associative_retrieval.parquet",
)


class ClusterRun(NamedTuple):
    """A run through SLURM: its folder, what Snakemake said, its jobs as the controller remembers them (none where there
    is no SLURM), and the files that it was asked for."""

    folder: Path
    said: str
    jobs: list[tuple[str, str, str, str]]
    asked: tuple[str, ...] = FOLLOWS


@pytest.fixture(scope="session")
def common(tmp_path_factory):
    """common(name, make) -> the folder that make(folder) filled, once for all processes of the tests: the first that
    asks makes it, the others wait. Where it fails, it fails for all."""
    base = tmp_path_factory.getbasetemp()
    root = (base.parent if os.environ.get("PYTEST_XDIST_WORKER") else base) / "common"
    root.mkdir(exist_ok=True)

    def once(name: str, make: Callable[[Path], object]) -> Path:
        folder, made, failed = root / name, root / f"{name}.made", root / f"{name}.failed"
        with (root / f"{name}.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            assert not failed.exists(), failed.read_text()
            if not made.exists():
                try:
                    make(folder)
                except BaseException as error:
                    failed.write_text(str(error))
                    raise
                made.touch()
        return folder

    return once


@pytest.fixture(scope="session")
def sources(tmp_path_factory):
    """A checkout at smoke scale without results. Tests read it; they edit duplicates."""
    return checkout(tmp_path_factory.mktemp("sources") / "repository")


@pytest.fixture(scope="session")
def pretended(common, sources):
    """A checkout whose smoke run Snakemake takes for finished: every file is there, empty, and on record."""
    return common("pretended", lambda folder: pretend(duplicate(sources, folder)))


def pretend(folder: Path) -> None:
    """Let Snakemake take the smoke run of a checkout for finished."""
    listed = planning(folder, "--summary")
    assert listed.returncode == 0, listed.stderr
    for line in listed.stdout.splitlines()[1:]:
        file = folder / line.split("\t")[0]
        file.parent.mkdir(parents=True, exist_ok=True)
        file.touch()
    touched = planning(folder, "--touch", "--forceall")
    assert touched.returncode == 0, touched.stderr


@pytest.fixture
def finished(tmp_path, pretended):
    """A duplicate of the pretended run, to edit."""
    return duplicate(pretended, tmp_path / "repository")


@pytest.fixture(scope="session")
def smoke_run(common, sources):
    """A finished smoke run, in a folder of an odd name. Tests read it; they edit duplicates."""
    made = common("smoke", lambda folder: run_whole(duplicate(sources, folder / ODD / "repository")))
    return made / ODD / "repository"


@pytest.fixture(scope="session")
def made_anew(tmp_path_factory, smoke_run):
    """A finished smoke run of which a part is made anew with all that follows from it, by every rule: as a cluster's
    user does it, on a SLURM of one node that is started here; without SLURM where that cannot be."""
    folder = duplicate(smoke_run, tmp_path_factory.mktemp("cluster") / "repository")
    forced = ("--forcerun", *(f"results/smoke/{file}" for file in FORCED))
    forced = (*forced, "--", *(f"results/smoke/{file}" for file in FOLLOWS))
    if possible():
        return ClusterRun(run_whole(folder, *forced), "", [])
    command = ("--profile", "slurm", "--config", "scale=smoke", *forced)
    with held():
        node("start")
        known = latest()
        done = snakemake(folder, *command, SBATCH_PARTITION="cpu", SBATCH_GPU_PARTITION="gpu")
        jobs = history(known)
        node("stop")
    assert done.returncode == 0, done.stderr[-3000:]
    return ClusterRun(folder, done.stderr, jobs)


@pytest.fixture(scope="session")
def faultless(common):
    """A study of one training with its data prepared, and the digests of a run that nothing happens to."""

    def make(place):
        undisturbed(study(place / "study", ONE_TRAINING, budget=2000), place / "undisturbed", ONE_TRAINING)

    place = common("faults", make)
    return place / "study", digests(place / "undisturbed")


@pytest.fixture(scope="session")
def computed_again(tmp_path_factory, sources):
    """A second run of parts of the smoke scale up to their scores, measures, traces and theory."""
    folder = duplicate(sources, tmp_path_factory.mktemp("again") / "repository")
    return run_in_one_process(folder, [f"results/smoke/{file}" for file in AGAIN])
