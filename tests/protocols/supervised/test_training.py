"""A cell from settings to files."""

import json

import pandas as pd
import pytest
import torch
from cell import SETTINGS, same
from safetensors.torch import load_file

from robustpath.core.errors import UserError
from robustpath.core.randomness import batches, generator
from robustpath.data.label_noise import noisy
from robustpath.data.prepared import load
from robustpath.data.splits import split
from robustpath.engine.device import resolve
from robustpath.engine.plan import Stage
from robustpath.models.functional import initialise
from robustpath.models.mlp import mlp
from robustpath.protocols.supervised import training
from robustpath.protocols.supervised.source import Learner, dealing, streams


def test_every_run_has_its_row_weights_and_seconds(train):
    weights, _, runs, seconds, _ = train("a")
    table = pd.read_parquet(runs)
    assert table[["train_size", "seed", "draw"]].to_numpy().tolist() == [
        [size, seed, draw] for size in (20, 40) for seed in (0, 1) for draw in (0, 1)
    ]
    assert set(table["gradient_evaluations"]) == {110.0}
    assert set(table["steps"]) == {110}
    assert not table["diverged"].any()
    assert json.loads(table["hyperparameters"][0])["learning_rate"] == 0.1
    assert table["mean_0.loss"].between(0, 3).all()
    assert {len(tensor) for tensor in load_file(weights).values()} == {8}
    assert (pd.read_parquet(seconds)["seconds"] > 0).all()


def test_the_same_settings_give_the_same_bytes_and_leave_no_checkpoint(train, tmp_path):
    first, second = train("a"), train("b")
    for one, other in zip(first[:3], second[:3], strict=True):
        assert one.read_bytes() == other.read_bytes()
    assert sorted(path.name for path in (tmp_path / "a").iterdir()) == sorted(path.name for path in first)


def test_label_noise_is_in_the_labels_a_run_learns_from_and_leaves_the_others_alone(train):
    weights, _, runs, *_ = train("a", label_noise=[0.0, 0.5])
    clean, *_ = train("b")
    table, both, one = pd.read_parquet(runs), load_file(weights), load_file(clean)
    rows = torch.tensor((table["label_noise"] == 0).to_numpy())
    assert all(torch.equal(both[name][rows], one[name]) for name in one)
    assert not any(torch.equal(both[name][~rows], one[name]) for name in one)


def test_a_grid_enumerates_its_values_and_leaves_the_rest_default(train):
    _, _, runs, *_ = train("a", grid={"momentum": [0.0, 0.9], "learning_rate": [0.2]}, draws=1)
    first = pd.read_parquet(runs).iloc[:2]
    drawn = [json.loads(text) for text in first["hyperparameters"]]
    assert [(row["momentum"], row["learning_rate"], row["weight_decay"]) for row in drawn] == [
        (0, 0.2, 5e-4),
        (0.9, 0.2, 5e-4),
    ]
    with pytest.raises(UserError, match=r"sgd has no hyperparameter moment, only learning_rate.*correct the grid"):
        train("b", grid={"moment": [0.0]})


def test_the_path_holds_start_and_end_and_is_the_way_between(train, data):
    weights, path, *_ = train("a", points=12)
    kept, end = load_file(path), load_file(weights)
    shorter, *_ = train("b", points=0)
    assert kept["moments"].tolist() == [[0, 10 * k] for k in range(12)]
    assert all(torch.equal(kept[f"011/{name}"], end[name]) for name in end)
    start = training.Cell(SETTINGS, training.methods.load("sgd"), load(data), torch.device("cpu"), 2).start
    for name, tensor in end.items():
        assert torch.equal(kept[f"000/{name}"][[0, 2]], torch.stack([start[0][name], start[1][name]]))
        assert not torch.equal(kept[f"005/{name}"], tensor)
    assert shorter.read_bytes() == weights.read_bytes()


def streams_of(cell, learners):
    """What the source of a cell draws for some of its runs."""
    orders = {seed: cell._seed("order", seed) for seed in cell.pools}
    dimension = sum(tensor.numel() for tensor in cell.start[0].values())
    return streams(learners, cell.pools, orders, cell.settings["dataset"], cell.settings["batch_size"], dimension)


def test_a_hold_out_is_the_last_fifth_and_no_batch_or_probe_holds_it(data):
    cell = training.Cell(SETTINGS, training.methods.load("sgd"), load(data), torch.device("cpu"), 2)
    streams = streams_of(cell, [Learner(0, 20), Learner(1, 40)])
    stage = Stage(0, 100, 1.0, {"probe": 64, "holdout": 6})
    held = streams.fixed(stage, "holdout")
    assert torch.equal(held[0], cell.pools[0][[16, 17, 18, 19, 16, 17]])
    assert torch.equal(held[1], cell.pools[1][32:38])
    for member, pool, size in ((0, cell.pools[0], 16), (1, cell.pools[1], 32)):
        learnt = set(pool[:size].tolist())
        assert set(streams.batches(stage, 0, 100)[:, member].flatten().tolist()) == learnt
        assert set(streams.fixed(stage, "probe")[member].tolist()) == learnt
    plain = streams.batches(stage._replace(needs={}), 0, 100)
    assert set(plain[:, 0].flatten().tolist()) == set(cell.pools[0][:20].tolist())


def test_the_stream_has_the_batches_one_after_the_other_and_deals_a_part_of_it_in_each_step(data):
    cell = training.Cell(SETTINGS, training.methods.load("sgd"), load(data), torch.device("cpu"), 2)
    learners = [Learner(0, 20), Learner(1, 40)]
    streams, size = streams_of(cell, learners), cell.settings["batch_size"]
    stage = Stage(0, 9, 1.0, {"stream": 4 * size, "probe": 7})
    parts = [streams.stream(stage, step) for step in range(9)]
    batches = streams.batches(stage, 0, 36)
    assert all(torch.equal(torch.cat(list(batches[4 * step :][:4]), 1), part) for step, part in enumerate(parts))
    source = dealing(
        cell.data._replace(row=torch.tensor([0, 0])),
        learners,
        cell.pools,
        {0: 0, 1: 1},
        cell.settings["dataset"],
        size,
        5,
    )
    _, dealt = source.next(source.init(), {}, stage, 2)
    assert torch.equal(dealt.given["stream"]["inputs"], cell.data.inputs[parts[2]])
    assert dealt.given["probe"]["labels"].shape == (2, 7)


def test_another_order_of_batches_is_another_and_always_the_same(data):
    cell = training.Cell(SETTINGS, training.methods.load("sgd"), load(data), torch.device("cpu"), 2)
    streams = streams_of(cell, [Learner(0, 20)])
    usual, other = (Stage(0, 9, 1.0, order=order) for order in ("batches", "other"))
    assert not torch.equal(streams.batches(usual, 0, 9), streams.batches(other, 0, 9))
    assert torch.equal(streams.batches(other, 0, 9), streams.batches(other, 0, 9))


SOURCES = ["split", "initialisation", "order"]


def randomness(data, **changes):
    """What the two seeds of a cell draw from each source of variation."""
    cell = training.Cell(SETTINGS | changes, training.methods.load("sgd"), load(data), torch.device("cpu"), 2)
    streams = streams_of(cell, [Learner(seed, 20) for seed in (0, 1)])
    stage = Stage(0, 9, 1.0, {"noise": 1, "probe": 30})
    place = [{int(position): rank for rank, position in enumerate(cell.pools[seed])} for seed in (0, 1)]

    def ranks(positions):
        """Which of its own training examples, by rank, each seed takes: an order, the same for every split."""
        return [[place[seed][position] for position in positions[..., seed, :].flatten().tolist()] for seed in (0, 1)]

    labels = [cell.data.labels[cell.rows.index((0.5, seed))] for seed in (0, 1)]
    return {
        "split": [(cell.pools[seed].tolist(), labels[seed].tolist()) for seed in (0, 1)],
        "initialisation": [[tensor.tolist() for tensor in cell.start[seed].values()] for seed in (0, 1)],
        "order": list(
            zip(
                ranks(streams.batches(stage, 0, 9)),
                ranks(streams.fixed(stage, "probe")),
                streams.noise(stage, 0, 2)[:, :, 0].T.tolist(),
                strict=True,
            )
        ),
    }


@pytest.mark.parametrize("vary", [[], ["split"], ["initialisation"], ["order"], ["split", "order"], SOURCES])
def test_a_seed_changes_what_varies_and_the_rest_stays_that_of_seed_0(vary, data):
    everything, some = (randomness(data, label_noise=[0.5], vary=chosen) for chosen in (SOURCES, vary))
    for source in SOURCES:
        first, second = everything[source]
        assert first != second
        assert some[source] == [first, second if source in vary else first], source


def test_a_run_in_which_all_varies_draws_everything_by_its_own_seed(data):
    prepared, found = load(data), randomness(data, label_noise=[0.5])
    for seed in (0, 1):
        pool = split(prepared, "blobs", seed, 20, 20).train
        labels = noisy(prepared.labels, 3, "blobs", seed, 0.5)
        start = initialise(mlp(5, [6], 3), generator("blobs", seed, "initialisation"))
        assert found["split"][seed] == (pool.tolist(), labels.tolist())
        assert found["initialisation"][seed] == [tensor.tolist() for tensor in start.values()]
        assert found["order"][seed][0] == batches(20, 8, 0, 9, "blobs", seed, "batches").flatten().tolist()
        assert found["order"][seed][1] == batches(20, 30, 0, 1, "blobs", seed, "probe").flatten().tolist()


def test_seeds_between_which_nothing_varies_are_one_run_but_for_their_draws(train):
    weights, _, runs, *_ = train("a", vary=[])
    table, found = pd.read_parquet(runs), load_file(weights)
    default, other = (table["draw"] == draw for draw in (0, 1))
    for tensor in found.values():
        of_size = tensor[torch.tensor((default & (table["train_size"] == 20)).to_numpy())]
        assert torch.equal(of_size[0], of_size[1])
        of_size = tensor[torch.tensor((other & (table["train_size"] == 20)).to_numpy())]
        assert not torch.equal(of_size[0], of_size[1])


def test_more_runs_in_chunks_change_no_run(train, monkeypatch):
    whole = train("a")
    for width in (2, 3):
        monkeypatch.setitem(training.WIDTH, "cpu", width)
        assert same(train(f"b{width}"), whole)


def test_a_budget_below_one_step_and_an_absent_gpu_are_refused(train, monkeypatch):
    with pytest.raises(UserError, match=r"budget of 0 gradient evaluations is too small for sgd.*raise `budget`"):
        train("a", budget=0)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(UserError, match="no GPU here; set `device: auto`"):
        resolve("cuda")
    assert resolve("auto").type == "cpu"
