"""A cell on episodes from settings to files."""

import os
import signal

import pandas as pd
import pytest
import torch
from safetensors.torch import load_file
from small_episodes import LEARNT, cell_of, same, trained_files

from robustpath.core.errors import Stopped, UserError
from robustpath.core.types import Batch
from robustpath.engine import population
from robustpath.engine.plan import Stage
from robustpath.methods.base import grad
from robustpath.protocols.episodes import network
from robustpath.protocols.episodes.source import batch_size, dealing

COSTS = dict.fromkeys(LEARNT, 1) | {"episodic_maml": 2, "reptile": 2}


@pytest.fixture
def train(data, tmp_path):
    """train(folder, method, …) -> the files of a cell."""
    return lambda folder, name, **changes: trained_files(name, data, tmp_path / folder, **changes)


@pytest.mark.parametrize("name", LEARNT)
def test_every_run_has_its_row_and_pays_for_what_its_steps_do(name, train):
    """MAML: a gradient on each support set that is differentiated once more (half a batch, 3), and one on the queries
    (1/2). Reptile: four gradients on half of the batch."""
    files = train("a", name)
    table = pd.read_parquet(files[2])
    expected = [[shots, seed, draw] for shots in (1, 2) for seed in (0, 1) for draw in (0, 1)]
    assert table[["shots", "seed", "draw"]].to_numpy().tolist() == expected
    assert table["gradient_evaluations"].tolist() == [8.0] * 8
    assert table["steps"].tolist() == [8 // COSTS[name]] * 8
    assert not table["diverged"].any()
    assert all(tensor.isfinite().all() for tensor in load_file(files[0]).values())
    assert pd.read_parquet(files[4]).empty


def dealt(cell, order, step, row=(0, 1), shots=2):
    source = dealing(cell.data, cell.trained, cell.orders, torch.tensor(row), cell.ways, shots, "patterns")
    return source.next((), {}, Stage(0, 1000, 1.0, order=order), step)[1]


@pytest.mark.parametrize("step", [0, 49, 50])
def test_a_batch_is_four_episodes_each_with_its_support_set_first(prepared, step):
    cell = cell_of("episodic_maml", prepared)
    batch = dealt(cell, "episodes", step).batch
    assert batch["inputs"].shape == (2, batch_size(2, 2), 4, 4) == (2, 32, 4, 4)
    assert batch["positions"].tolist() == [[place for place in range(8) for _ in range(4)]] * 2
    assert batch["labels"].tolist() == [[0, 1] * 16] * 2
    halves = batch["inputs"].reshape(2, 4, 2, 4, 4, 4)
    near = (halves[:, :, 0] - halves[:, :, 1]).abs().amax((3, 4))  # the same two classes, other faces
    assert ((near > 0) & (near < 0.5)).all()
    assert not torch.equal(batch["inputs"][0], batch["inputs"][1])


def test_what_is_dealt_depends_on_seed_step_and_shots_and_not_on_who_else_is_there(prepared):
    cell = cell_of("fine_tuning", prepared)
    for order in ("episodes", "joint"):
        both, alone = dealt(cell, order, 60).batch, dealt(cell, order, 60, row=(1,)).batch
        assert torch.equal(both["inputs"][1], alone["inputs"][0])
        assert torch.equal(both["labels"][1], alone["labels"][0])
        assert not torch.equal(both["inputs"], dealt(cell, order, 61).batch["inputs"])


def test_classes_of_training_have_outputs_of_their_own_beside_those_of_an_episode(prepared):
    cell = cell_of("fine_tuning", prepared)
    assert network.outputs(prepared, 2) == 2 + 4 * 5
    labels = dealt(cell, "joint", 0).batch["labels"]
    assert labels.min() >= 2 and labels.max() <= 21
    params, inputs = cell.start[0], cell.data.inputs[:3]
    logits = cell.network(params, inputs)
    assert torch.equal(logits[:, :2], torch.zeros(3, 2))
    episode, joint = torch.tensor([0, 1, 1]), torch.tensor([2, 9, 21])
    expected = torch.nn.functional.cross_entropy(logits[:, 2:], joint - 2)
    assert torch.allclose(cell.loss(params, Batch(inputs, joint)), expected)
    assert torch.allclose(cell.loss(params, Batch(inputs, episode)), torch.tensor(2.0).log())
    head = list(params)[-1]
    assert grad(cell.loss)(params, Batch(inputs, joint))[head][:2].tolist() == [0, 0]
    assert grad(cell.loss)(params, Batch(inputs, episode))[head][2:].tolist() == [0] * 20


@pytest.mark.parametrize(("vary", "alike"), [([], True), (["order"], False), (["split"], False)])
def test_seeds_between_which_nothing_varies_meet_the_same(vary, alike, train):
    weights = load_file(train("a", "episodic_maml", vary=vary, draws=1, shots=[1])[0])
    assert all(torch.equal(*tensor) == alike for tensor in weights.values())


def test_other_shots_beside_it_and_parts_of_another_size_change_no_run(train, monkeypatch):
    from robustpath.protocols.episodes import training

    both, alone = train("a", "fomaml"), train("b", "fomaml", shots=[2])
    assert all(torch.equal(tensor, load_file(both[0])[name][4:]) for name, tensor in load_file(alone[0]).items())
    monkeypatch.setitem(training.WIDTH, "cpu", 3)
    assert same(both, train("c", "fomaml"))


def test_an_interrupted_cell_goes_on_and_ends_with_the_same_bytes(train, monkeypatch, capsys, tmp_path):
    undisturbed = train("a", "episodic_maml")
    program, count = population.program, {"done": 0}

    def killing(*arguments, **options):
        step = program(*arguments, **options)

        def call(*inputs):
            count["done"] += 1
            if count["done"] == 6:  # the second step of the second number of shots
                os.kill(os.getpid(), signal.SIGTERM)
            return step(*inputs)

        return call

    monkeypatch.setattr(population, "program", killing)
    with pytest.raises(Stopped, match="at step 2 of 4"):
        train("b", "episodic_maml")
    assert same(train("b", "episodic_maml"), undisturbed)
    assert "going on from step 2 of 4" in capsys.readouterr().out
    assert not [path for path in (tmp_path / "b").iterdir() if path.name.startswith(".")]


@pytest.mark.parametrize(
    ("name", "changes", "said"),
    [
        ("episodic_maml", {"budget": 1}, "a budget of 1 gradient evaluations is too small for episodic_maml"),
        ("contour_warmup", {}, "contour_warmup needs 'noise' beside its batches, which this protocol does not deal"),
        ("high_rate_warmup", {}, "high_rate_warmup has phases, and a run on episodes is one phase"),
        ("fomaml", {"draws": 1, "grid": {"rate": [0.1]}}, "fomaml has no hyperparameter rate"),
    ],
)
def test_what_cannot_be_trained_is_refused_in_one_sentence(train, name, changes, said):
    with pytest.raises(UserError) as error:
        train("refused", name, **changes)
    assert str(error.value).startswith(said)
    assert "\n" not in str(error.value)
