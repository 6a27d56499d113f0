"""A cell on designed training sets from settings to the rows of the records."""

import json
import os
import signal

import pandas as pd
import pytest
import torch
from safetensors.torch import load_file
from small_designs import ENDINGS, SETTINGS, behaviour, knobs, scored, trained

from robustpath import records
from robustpath.core.errors import Stopped, UserError
from robustpath.data.group_generator import Recipe
from robustpath.engine import population
from robustpath.protocols.designed import designs, training
from robustpath.protocols.designed.metrics import METRICS
from robustpath.protocols.designed.reliance import reliance, swaps


def same(first, second):
    pairs = zip(first, second, strict=True)
    return all(one.read_bytes() == other.read_bytes() for one, other in pairs if ".seconds." not in one.name)


@pytest.mark.parametrize(("design", "size"), [("sweep", 200), ("subsets", 200), ("changes", 1600)])
def test_the_records_have_every_score_of_every_run_with_its_knobs(tmp_path, design, size):
    table = scored(tmp_path, design=design, train_size=size)
    records.validate(records.complete(table), "scores")
    rows = {(metric, split) for metric, about in METRICS.items() for split in about.splits}
    assert {tuple(row) for row in table[["metric", "split"]].drop_duplicates().to_numpy()} == rows
    assert len(table) == len(rows) * 3 * 2
    expected = designs.knobs_of(design, [0, 1, 2], size)
    assert all(
        json.loads(text) == expected[number]
        for number, text in zip(table["setting"], table["hyperparameters"], strict=True)
    )
    assert set(table["gradient_evaluations"]) == {12.0}


def test_reliance_of_rules_that_read_one_factor_is_all_on_it():
    """A rule that reads the coordinates of one factor alone, without noise, changes with that factor and no other."""
    recipe = Recipe(rotation=None, core_margin=30.0, spurious_margins=(30.0,))
    weights = torch.zeros(2, 20, 2)
    weights[0, [0, 1], [0, 1]] = 1.0  # the core
    weights[1, [2, 3], [0, 1]] = 1.0  # the attribute
    given = swaps(recipe, 0, 10)
    together = type(given)(*(part.expand(2, *part.shape) for part in given))
    core, attribute, logits = reliance(lambda params, inputs: inputs @ params["w"], {"w": weights}, together)
    assert (core.tolist(), attribute.tolist()) == ([1.0, 0.0], [0.0, 1.0])
    assert (logits.argmax(2) == given.labels).double().mean(1).tolist() == [1.0, 0.5]


def test_reliance_on_the_attribute_rises_with_correlation_and_its_margin(tmp_path, monkeypatch):
    """§8b's known outcomes. Where the attribute says nothing (correlation 1 / A), the reliance is what a network that
    is unsure by chance has; the longer it is shown the data, the less."""
    chance, some, most = (knobs(correlation=rho, train_size=1000) for rho in (0.5, 0.9, 0.99))
    small, large = (knobs(correlation=0.95, spurious_margin=margin, train_size=1000) for margin in (1.0, 8.0))
    given = [chance, some, most, small, large]
    found = behaviour(monkeypatch, tmp_path, given, budget=150, train_size=1000, seeds=4)
    assert found[0] < 0.12
    assert found[0] + 0.05 < found[1] < found[2] - 0.1
    assert found[3] + 0.15 < found[4]


def test_other_settings_and_portions_of_another_size_change_no_run(tmp_path, monkeypatch):
    both = trained(tmp_path / "a")
    alone = trained(tmp_path / "b", numbers=[2])
    assert all(torch.equal(tensor, load_file(both[0])[name][4:]) for name, tensor in load_file(alone[0]).items())
    monkeypatch.setitem(training.WIDTH, "cpu", 4)
    assert same(both, trained(tmp_path / "c"))


def test_changes_of_a_set_change_the_run_and_begin_alike(tmp_path):
    files = trained(tmp_path, design="changes", train_size=1600, budget=150, vary=[], numbers=[0, 1])
    weights = next(iter(load_file(files[0]).values()))
    assert torch.equal(weights[0], weights[1])  # seeds between which nothing varies
    assert not torch.equal(weights[0], weights[2])


def test_an_interrupted_cell_goes_on_and_ends_with_the_same_bytes(tmp_path, monkeypatch, capsys):
    undisturbed = trained(tmp_path / "a")
    monkeypatch.setitem(training.WIDTH, "cpu", 3)
    program, count = population.program, {"done": 0}

    def killing(*arguments, **options):
        step = program(*arguments, **options)

        def call(*inputs):
            count["done"] += 1
            if count["done"] == 17:  # the fifth step of the second portion
                os.kill(os.getpid(), signal.SIGTERM)
            return step(*inputs)

        return call

    monkeypatch.setattr(population, "program", killing)
    with pytest.raises(Stopped, match="at step 5 of 12"):
        trained(tmp_path / "b")
    assert same(trained(tmp_path / "b"), undisturbed)
    assert "going on from step 5 of 12" in capsys.readouterr().out
    assert sorted(path.name for path in (tmp_path / "b").iterdir()) == sorted(f"sgd{ending}" for ending in ENDINGS)


def test_a_method_that_needs_more_than_batches_is_refused(tmp_path):
    with pytest.raises(UserError, match="contour_warmup needs 'noise' beside its batches"):
        trained(tmp_path, method="contour_warmup")
    with pytest.raises(UserError, match="high_rate_warmup has phases, and a run on a designed training set is one"):
        trained(tmp_path, method="high_rate_warmup")


def test_each_run_pays_the_budget(tmp_path):
    files = trained(tmp_path)
    runs = pd.read_parquet(files[2])
    assert runs[["setting", "seed", "draw"]].to_numpy().tolist() == [[n, s, 0] for n in range(3) for s in range(2)]
    assert set(runs["steps"]) == {SETTINGS["budget"]}
