"""A fault of each cheap kind, put into one training; `python tests/workflow/faults.py` tries more, on SLURM too."""

import random

import pytest
from fault_kinds import KINDS
from faults import ONE_TRAINING, episode

CHEAP = ("worker_killed", "worker_stopped", "snakemake_killed", "checkpoint_damaged", "disk_full")


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
