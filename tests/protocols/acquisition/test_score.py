"""The final scores of runs on acquisition, against one model after the other on examples made by hand."""

import pandas as pd
import pytest
import torch
from safetensors.torch import load_file
from small_pool import RUNS, SETTINGS

from robustpath import records
from robustpath.core.randomness import generator
from robustpath.data.label_noise import noisy
from robustpath.data.prepared import Prepared, save
from robustpath.data.shifts import shifted_sets
from robustpath.models.functional import predict
from robustpath.models.mlp import mlp
from robustpath.protocols.acquisition import deals, score

SCORED = SETTINGS | {
    "dataset": "optdigits", "hidden": [7], "severities": [5], "natural": ["mnist5k"],
    "correlation": None,  # a split that does not look at groups: those of its test part are not equal
    "shifts": {"kind": "image", "natural_shift_to": ["mnist5k"]},
}  # fmt: skip


def images(name: str, official: bool) -> Prepared:
    """Two classes and two attributes, each image of its own; of other groups than at training where it is `official`,
    for the test alone."""
    count = 320
    labels, attribute = torch.arange(count) % 2, torch.arange(count) // 2 % 2
    inputs = torch.rand(count, 8, 8, generator=generator(name)) + 0.3 * labels[:, None, None]
    return Prepared(inputs, labels, torch.full((count,), official), attribute=attribute)


DATA = {"optdigits": images("optdigits", False), "mnist5k": images("mnist5k", True)._replace(attribute=None)}


@pytest.fixture(scope="module")
def scored(tmp_path_factory):
    """scored(**changes) -> a cell's last weights, its runs and its scores, at the end and on the way."""

    def call(**changes):
        from small_pool import TOYS, trained_files

        from robustpath import methods

        folder, load = tmp_path_factory.mktemp("scored"), methods.load
        files = {name: folder / f"{name}.safetensors" for name in DATA}
        for name, data in DATA.items():
            save(data, files[name])
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(methods, "load", lambda name: TOYS[name] if name in TOYS else load(name))
            settings = SCORED | {"method": "first_come", "budget": 4} | changes
            weights, _, runs, _, way = trained_files(settings, files["optdigits"], folder / "cell")
        score.evaluate(settings, files, [weights], [runs], folder / "s.parquet", threads=1)
        tables = [records.read(file) for file in (folder / "s.parquet", way)]
        return load_file(weights), pd.read_parquet(runs), *tables

    return call


KEY = ["label_noise", "missing", "seed", "split", "shift", "metric"]


@pytest.fixture(scope="module")
def whole(scored):
    return scored()


def test_the_last_models_are_scored_on_equal_groups_under_every_shift(whole):
    weights, runs, found, _ = whole
    model, values = mlp(64, [7], 2), found.set_index(KEY)["value"].sort_index()
    checked = 0
    for place, run in runs.iterrows():
        params = {name: tensor[place] for name, tensor in weights.items()}
        held = deals.held_of(SCORED, DATA["optdigits"], run["seed"])
        for examples in shifted_sets("optdigits", run["seed"], DATA, SCORED):
            inputs, labels, attribute = examples.inputs, examples.labels, examples.attribute
            if examples.split == "validation":
                seen = noisy(DATA["optdigits"].labels, 2, "optdigits", run["seed"], run["label_noise"])
                labels = seen[held.parts.validation]
            elif examples.shift_family != "natural":
                inputs, labels, attribute = (each[held.test] for each in (inputs, labels, attribute))
                assert torch.bincount(2 * labels + attribute).unique().numel() == 1
            right = (
                predict(model)({name: params[name] for name, _ in model.named_parameters()}, inputs).argmax(1) == labels
            ).double()
            key = run["label_noise"], run["missing"], run["seed"], examples.split, examples.shift
            assert values[*key, "accuracy"] == pytest.approx(right.mean().item())
            if attribute is not None:
                groups = [right[2 * labels + attribute == each] for each in range(4)]
                worst = min(each.mean().item() for each in groups if len(each))
                assert values[*key, "accuracy_worst_group"] == pytest.approx(worst)
            checked += 1
    assert checked == RUNS * len(values[0.0, 1, 0].index.droplevel("metric").unique())


def test_the_last_point_of_a_curve_is_the_score_of_the_last_model(whole):
    *_, found, way = whole
    end = found.query("shift == 'none'").set_index(KEY)["value"]
    for name, split, last in (
        ("accuracy", "test", "accuracy_round_2"),
        ("accuracy_worst_group", "test", "accuracy_worst_group_round_2"),
        ("accuracy", "validation", "accuracy_validation_round_2"),
    ):
        rows = way[way["metric"] == last]
        assert len(rows) == RUNS
        for row in rows.itertuples():
            assert end[row.label_noise, row.missing, row.seed, split, "none", name] == pytest.approx(row.value)


def test_the_records_hold_scores_of_rounds_and_of_the_end_together(whole):
    *_, found, way = whole
    together = pd.concat([found, way], ignore_index=True)
    records.validate(together, "the test")
    records.whole(together, "the test")


def test_without_shifts_only_unshifted_examples_are_scored(scored):
    *_, found, _ = scored(shifted=False, label_noise=[0.0], missing=[1], vary=["order"])
    assert set(found["shift"]) == {"none"} and set(found["split"]) == {"validation", "test"}
