"""What `check` says of a clone, and the one next step."""

import hashlib
import json
import os
import platform

import pytest

from robustpath.operations import state
from robustpath.operations.state import FRESH, MISSING, STALE, Part, Plan

STAGES = [*state.STAGES]
SAID = """Building DAG of jobs...
Job stats:
job                count
---------------  -------
train                  4
learning_curves        1
all                    1
total                  6


[Thu Jan  1 00:00:00 1970]
Job 3: Train sgd

Job stats:
job                count
---------------  -------
train                  4
learning_curves        1
all                    1
total                  6

Reasons:
    (check individual jobs above for details)
    input files updated by another job:
        all, learning_curves
    params have changed since last execution:
        train
This was a dry-run (flag -n). The order of jobs does not reflect the order of execution.
"""


def test_a_dry_run_is_read():
    assert state.parsed(SAID) == Plan(
        {"train": 4, "learning_curves": 1},
        {
            "train": {"params have changed since last execution"},
            "learning_curves": {state.FOLLOWS},
            "all": {state.FOLLOWS},
        },
    )


def test_several_causes_of_a_rule_stand_together():
    plan = Plan({"train": 4}, {"train": {state.NOT_MADE, "forced", "incomplete output files", state.FOLLOWS}})
    assert state.stage("runs", ["train"], plan) == Part("runs", MISSING, "not made yet, left half-made: train (4)")
    plan.reasons["train"].add("a new reason")
    assert state.stage("runs", ["train"], plan).state == STALE


def test_a_rule_of_no_stage_is_shown():
    found = state.stages(Plan({"unpack": 1}, {"unpack": {state.NOT_MADE}}), [])
    assert found[-1] == Part("other steps", MISSING, "not made yet: unpack")


def test_set_up_names_what_differs(tmp_path, monkeypatch):
    monkeypatch.setattr(state, "has_latex", lambda: True)
    (tmp_path / "requirements.in").write_text("torch==2.0\nnumpy==1.0\n")
    versions = {"torch": "2.0+cpu", "numpy": "1.0"}

    def version(name):
        if name not in versions:
            raise state.importlib.metadata.PackageNotFoundError
        return versions[name]

    monkeypatch.setattr(state.importlib.metadata, "version", version)
    assert state.set_up(tmp_path) == Part("set-up", FRESH, "2 packages")
    versions["numpy"] = "1.1"
    assert state.set_up(tmp_path) == Part("set-up", STALE, "numpy 1.1, not 1.0")
    del versions["numpy"]
    assert state.set_up(tmp_path) == Part("set-up", MISSING, "packages: numpy")


def publish(root, **files):
    folder = root / "published/smoke"
    folder.mkdir(parents=True)
    listed = {}
    for name, text in files.items():
        (folder / name).write_text(text)
        listed[name] = {"sha256": hashlib.sha256(text.encode()).hexdigest(), "bytes": len(text)}
    (folder / "manifest.json").write_text(json.dumps({"files": listed}))
    return folder


def test_published_files_are_held_to_their_manifest_and_to_the_results(tmp_path):
    assert state.published(tmp_path, "smoke", True).state == MISSING
    folder = publish(tmp_path, claims="verdicts", packed="rows")
    results = tmp_path / "results/smoke"
    results.mkdir(parents=True)
    (results / "claims").write_text("verdicts")
    assert state.published(tmp_path, "smoke", True)[1:] == (FRESH, "2 files as listed, 1 equal to the results")
    (results / "claims").write_text("others")
    assert state.published(tmp_path, "smoke", True)[1:] == (STALE, "the results differ: claims")
    assert state.published(tmp_path, "smoke", False).state == FRESH
    (folder / "packed").write_text("row")
    assert state.published(tmp_path, "smoke", True)[1:] == (STALE, "altered: packed")
    (folder / "manifest.json").write_text("[]")
    assert state.published(tmp_path, "smoke", True)[1:] == (STALE, "altered: manifest.json")


@pytest.mark.parametrize(
    ("changed", "latex", "step"),
    [
        ({}, True, "xdg-open results/laptop/paper.pdf"),
        ({"set-up": (STALE, "")}, True, "make setup"),
        ({"runs": (STALE, ""), "paper": (STALE, "")}, False, "make paper SCALE=laptop"),
        ({"paper": (MISSING, "")}, False, "apt-get install"),
        ({"published records": (STALE, "altered: claims.json")}, True, "git checkout -- published/laptop"),
        ({"published records": (STALE, "the results differ: x")}, True, "python -m robustpath publish --scale laptop"),
    ],
)
def test_there_is_one_next_step(changed, latex, step):
    every = dict.fromkeys(["set-up", *STAGES, "published records"], (FRESH, ""))
    parts = [Part(name, *found) for name, found in (every | changed).items()]
    assert state.next_step(parts, "laptop", " SCALE=laptop", latex).startswith(step)


def test_a_lock_without_a_run_is_to_be_lifted(tmp_path):
    assert state.occupied(tmp_path) == ""
    (tmp_path / ".snakemake/locks").mkdir(parents=True)
    (tmp_path / ".snakemake/locks/0.input.lock").touch()
    assert state.occupied(tmp_path).startswith("snakemake --unlock")
    note = tmp_path / ".snakemake/locks" / f"{platform.node()} {os.getpid()} 1.run"  # another process had this number
    note.touch()
    assert state.occupied(tmp_path) == ""  # the next run lifts it
