"""An experiment on acquisition under `further`, from lines of the config to the records and curves over labels."""

from pathlib import Path

import pytest
import quick_yaml

from robustpath import protocols, records, study
from robustpath.data.prepare import prepare
from robustpath.protocols.acquisition.on_the_way import NOTES
from robustpath.publication.retraining import OUTPUTS
from robustpath.records.selection import select
from robustpath.statistics.label_curves import curves

METHODS = ["random_acquisition", "bald", "parallelogram"]
POOLS = {
    "protocol": "acquisition", "datasets": ["gauss_groups"], "methods": METHODS, "budget": 6, "seed_labels": 12,
    "acquired": 5, "rounds": 2, "pool": 80, "task": "hole", "missing": [1, 3], "correlation": 0.8, "seeds": 2,
}  # fmt: skip


@pytest.fixture(scope="module")
def config():
    raw = quick_yaml.loaded((Path(__file__).parents[3] / "config.yaml").read_text(encoding="utf-8"))
    smoke = raw["scales"]["smoke"] | {"further": {"pools": POOLS}, "hidden": [8]}
    return study.validate(raw | {"scale": "smoke", "scales": {"smoke": smoke}})


@pytest.fixture(scope="module")
def table(config, tmp_path_factory):
    """The records of the experiment, from the jobs that the workflow runs."""
    folder = tmp_path_factory.mktemp("further")
    data = {"gauss_groups": folder / "gauss_groups.safetensors"}
    prepare(study.prepare_settings(config, "gauss_groups"), data["gauss_groups"], folder / "card.json")
    files = {name: {key: folder / f"{name}{ending}" for key, ending in OUTPUTS.items()} for name in METHODS}
    for name, own in files.items():
        settings = study.train_settings(config, study.Cell("pools", "gauss_groups", name))
        protocols.job(settings, "training").train(settings, data["gauss_groups"], **own, threads=1)
    settings, scores = study.evaluate_settings(config, "pools", "gauss_groups"), folder / "scores.parquet"
    weights, runs, ways, seconds = (
        [own[key] for own in files.values()] for key in ("weights", "runs", "scores", "seconds")
    )
    protocols.job(settings, "score").evaluate(settings, data, weights, runs, scores, threads=1)
    records.collate([scores, *ways], seconds, folder / "records.parquet", folder / "seconds.parquet")
    return records.load(folder / "records.parquet")


def test_its_runs_are_in_the_records_with_the_axes_of_their_protocol(table):
    runs = records.runs(table)
    assert len(runs) == 3 * 2 * 2
    assert set(runs["method"]) == set(METHODS)
    assert set(runs["missing"]) == {1, 3} and set(runs["train_size"]) == {-1}
    assert set(runs["gradient_evaluations"]) == {3 * 6.0}
    assert len(records.runs(select(table))) == len(runs)  # each has the validation accuracy that selects a draw


def test_what_acquisitions_note_is_in_the_records_and_has_no_value_without_anchors(table):
    for metric in NOTES:
        own = table[table["metric"] == metric]
        assert own.groupby("method", observed=True).size().to_dict() == dict.fromkeys(METHODS, 2 * 2)
        assert (own["converged"] == own["value"].notna()).all()
        assert not own.loc[own["method"] != "parallelogram", "converged"].any()
    shares = table[(table["metric"] == "candidate_share") & (table["method"] == "parallelogram")]["value"]
    assert shares.between(0, 1).all() and shares.max() > 0


def test_curves_over_labels_are_read_off_the_records(config, table):
    found = curves(table, study.report_settings(config), "pools", "accuracy_worst_group")
    assert len(found) == 3 * 2 * 2 * 3
    assert found["labels"].tolist() == [12, 17, 22] * 12
    for number, part in found.groupby("round"):
        name = f"accuracy_worst_group_round_{number}"
        one = table[(table["metric"] == name) & (table["method"] == "bald") & (table["missing"] == 3)]
        chosen = part[(part["method"] == "bald") & (part["missing"] == 3)]
        assert chosen["value"].tolist() == one.sort_values("seed")["value"].tolist()
    first = found[found["round"] == 0].groupby(["missing", "seed"], observed=True)["value"].nunique()
    assert (first == 1).all()  # the same seed sets and starts for all methods


def test_the_workflow_trains_again_where_the_code_of_its_learner_changes(config):
    assert study.methods_run(config, study.Cell("pools", "gauss_groups", "bald")) == ["bald", "sgd"]
    assert study.methods_run(config, study.Cell("minima", "optdigits", "sam")) == ["sam"]
