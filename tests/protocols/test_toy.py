"""A protocol is one folder: a toy stream in a copy of the project, which is edited nowhere else, from config to parts
of what is published."""

import json
import re
from pathlib import Path

import pytest
from checkouts import duplicate, planning, snakemake

from .conftest import HERE, STREAM, python

TARGETS = [f"results/smoke/evaluate/{name}/mnist1d.parquet" for name in ("stream", "plain")]
RUNS = 2 * 2 * 2 * 2  # steps a batch, levels of label noise, seeds, draws: of each method


@pytest.fixture(scope="module")
def trained(toy_sources, tmp_path_factory):
    """A copy in which both experiments are trained and scored by the workflow."""
    folder = duplicate(toy_sources, tmp_path_factory.mktemp("trained") / "repository")
    done = snakemake(folder, "--cores", "1", *TARGETS)
    assert done.returncode == 0, done.stderr[-3000:]
    return folder


@pytest.fixture(scope="module")
def facts(trained, tmp_path_factory):
    """What the copy makes of its runs."""
    out = tmp_path_factory.mktemp("facts")
    (out / "again").mkdir()
    done = python(trained, str(HERE / "toy_facts.py"), str(out))
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads(done.stdout.splitlines()[-1])


def test_the_workflow_plans_it_and_collates_its_scores_on_the_way(toy_sources):
    planned = planning(toy_sources, "-n", "--printshellcmds", "results/smoke/records.parquet")
    assert planned.returncode == 0, planned.stderr[-2000:]
    (collate,) = re.findall(r"robustpath collate .*", planned.stdout + planned.stderr)
    of_stream = [f"results/smoke/train/stream/mnist1d/{name}.scores.parquet" for name in STREAM["methods"]]
    found = {file for file in re.findall(r"\S+\.scores\.parquet", collate) if "/train/stream/" in file}
    assert found == set(of_stream)
    assert all(target in collate for target in TARGETS)


def test_it_is_listed(toy_sources):
    listed = python(toy_sources, "-m", "robustpath", "list", "protocols", "--json")
    (toy,) = [row for row in json.loads(listed.stdout) if row["protocol"] == "toy"]
    assert toy == {
        "protocol": "toy",
        "axes": ["steps_per_batch", "label_noise"],
        "summary": "A toy stream: a batch stays for some steps, and of two candidates the one of the larger loss comes "
        "next.",
    }


def test_every_method_is_trained_on_what_the_source_deals(trained, facts):
    assert facts["cells"] == dict.fromkeys(STREAM["methods"], RUNS)
    assert facts["costs"] == [3 * RUNS]
    for method in STREAM["methods"]:
        log = (trained / f"results/smoke/logs/train/stream/mnist1d/{method}.log").read_text()
        assert f"{RUNS} runs" in log
        assert "0 diverged" in log


def test_the_axis_of_another_protocol_is_absent_from_the_records(facts):
    assert facts["axes"] == {
        "stream": {"train_size": [-1], "label_noise": [0.0, 0.2], "steps_per_batch": [1, 2]},
        "plain": {"train_size": [50], "label_noise": [0.0], "steps_per_batch": [-1]},
    }


def test_scores_on_the_way_and_at_the_end_are_in_the_records(facts):
    of_stream = {(metric, split): count for name, metric, split, count in facts["rows"] if name == "stream"}
    taken = [("accuracy", "validation"), ("accuracy", "test"), ("accuracy_before", "train"), ("surprise", "train")]
    assert of_stream == dict.fromkeys(taken, 3 * RUNS)


def test_what_is_published_has_a_part_of_its_own_for_it(facts):
    assert facts["parts"]["prequential"] == ["accuracy_before", "surprise"]
    assert facts["joined"]
    assert facts["unknown metric"].startswith("the metric regret is in no part of what is published")


def test_a_claim_may_name_its_measure_and_no_score(facts):
    assert facts["claims"] == {"surprise": True, "accuracy_before": False, "lambda_max": True}


def test_the_config_reference_explains_its_keys(facts):
    assert facts["reference"]


def test_a_cell_is_trained_again_and_compared_on_its_own_axes(facts):
    """Of the method of 2 x 2 values of the axes: scores on two splits at the end and one on the way; no measure."""
    assert facts["judged"] == [["same", f"{RUNS * 3} rows"], ["within tolerance", "12 means"]]


@pytest.mark.parametrize("method", ["anchored", "contour_warmup"])
def test_stopped_twice_and_begun_again_it_gives_the_same_bytes(facts, method):
    """Weights, parameters on the way, runs and scores on the way, which lie in the state of the source."""
    assert facts["interrupted"][method] == dict.fromkeys(["weights", "path", "runs", "scores", "stopped"], True)


def test_the_axis_changes_what_a_run_learns_from(facts):
    assert facts["steps_per_batch changes a run"]


def test_nothing_outside_the_folder_was_edited(toy_sources):
    """But config.yaml, and the method that is tried with it."""
    ours = Path(__file__).parents[2] / "src"
    theirs = {file.relative_to(toy_sources / "src") for file in (toy_sources / "src").rglob("*.py")}
    added = {file for file in theirs if not (ours / file).exists()}
    assert {str(file.parent) for file in added} == {"robustpath/protocols/toy", "robustpath/methods/minima"}
    assert all((ours / file).read_bytes() == (toy_sources / "src" / file).read_bytes() for file in theirs - added)
