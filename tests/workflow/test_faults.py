"""A fault of each cheap kind, put into a small study while it trains; `python tests/workflow/faults.py` tries more."""

import random

import pytest
from faults import KINDS, episode, impossible, study, undisturbed
from node import node

CHEAP = ("worker_stopped", "snakemake_killed", "checkpoint_damaged", "disk_full", "slurmctld_killed")


@pytest.fixture(scope="session")
def faultless(tmp_path_factory):
    """The study with its data prepared, and the digests of a run that nothing happens to."""
    place = tmp_path_factory.mktemp("faults")
    prepared = study(place / "study")
    return prepared, undisturbed(prepared, place / "undisturbed")


@pytest.mark.parametrize("kind", CHEAP)
def test_a_fault_is_recovered_from_with_the_same_bytes(kind, faultless, tmp_path):
    if why := impossible(KINDS[kind]):
        pytest.skip(why)
    if KINDS[kind].cluster:
        node("start")
    outcome = episode(kind, *faultless, tmp_path / "run", random.Random(kind))
    assert not outcome.what.startswith("nothing"), "the run was over before the fault"
    assert outcome.recovered
    assert outcome.identical
    assert outcome.left == []
