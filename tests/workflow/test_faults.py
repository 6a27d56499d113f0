"""A fault of each cheap kind, put into one training; `python tests/workflow/faults.py` tries more, on SLURM too."""

import random

import pytest
from fault_kinds import KINDS
from faults import RESULTS, episode, study, undisturbed
from node import node

TARGET = str(RESULTS / "train/data_efficiency/optdigits/sgd.parquet")
CHEAP = ("worker_stopped", "snakemake_killed", "checkpoint_damaged", "disk_full", "slurmctld_killed")


@pytest.fixture(scope="session")
def faultless(tmp_path_factory):
    """The study with its data prepared, and the digests of a run that nothing happens to."""
    place = tmp_path_factory.mktemp("faults")
    prepared = study(place / "study", TARGET, budget=2000)
    return prepared, undisturbed(prepared, place / "undisturbed", TARGET)


def marked(kind: str):
    """A kind that is skipped, with the reason, where it cannot be tried."""
    why = KINDS[kind].impossible()
    marks = [pytest.mark.skipif(bool(why), reason=why)]
    return pytest.param(kind, marks=marks)


@pytest.mark.parametrize("kind", map(marked, CHEAP))
def test_a_fault_is_recovered_from_with_the_same_bytes(kind, faultless, tmp_path):
    if KINDS[kind].cluster:
        node("start")
    outcome = episode(kind, *faultless, tmp_path / "run", random.Random(kind), TARGET, span=4.0)
    assert outcome.failed or KINDS[kind].cluster
    assert outcome.recovered
    assert outcome.identical
    assert outcome.anomalies == []
