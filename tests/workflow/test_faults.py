"""A fault of each cheap kind, put into one training; `python tests/workflow/faults.py` tries more, on SLURM too."""

import random

import pytest
from fault_kinds import KINDS
from faults import RESULTS, episode, study, undisturbed

TARGET = str(RESULTS / "train/data_efficiency/optdigits/sgd.parquet")
CHEAP = ("worker_killed", "worker_stopped", "snakemake_killed", "checkpoint_damaged", "disk_full")


@pytest.fixture(scope="session")
def faultless(tmp_path_factory):
    """The study with its data prepared, and the digests of a run that nothing happens to."""
    place = tmp_path_factory.mktemp("faults")
    prepared = study(place / "study", TARGET, budget=2000)
    return prepared, undisturbed(prepared, place / "undisturbed", TARGET)


@pytest.mark.parametrize(
    "kind",
    [pytest.param(kind, marks=pytest.mark.skipif(bool(why := KINDS[kind].impossible()), reason=why)) for kind in CHEAP],
)
def test_a_fault_is_recovered_from_with_the_same_bytes(kind, faultless, tmp_path):
    outcome = episode(kind, *faultless, tmp_path / "run", random.Random(kind), TARGET, span=4.0)
    assert outcome.failed
    assert outcome.recovered
    assert outcome.identical
    assert outcome.anomalies == []
