"""A cell of a stream from settings to files."""

import json
import os
import signal

import pandas as pd
import pytest
import torch
from safetensors.torch import load_file
from small_stream import cell_of, same, settings_of, trained_files

from robustpath import records
from robustpath.core.errors import Stopped, UserError
from robustpath.engine import population, programs
from robustpath.protocols.stream import training


@pytest.fixture
def train(data, tmp_path):
    """train(folder, method, …) -> the files of a cell."""
    return lambda folder, name, **changes: trained_files(settings_of(name, **changes), data, tmp_path / folder)


def rows_of(files, **where):
    """The positions of the runs at these values of their columns."""
    table = pd.read_parquet(files[2])
    keep = pd.Series(True, index=table.index)
    for column, value in where.items():
        keep &= table[column] == value
    return torch.tensor(keep.to_numpy())


def test_every_run_has_its_row_and_every_score_its_rows(train):
    # A step costs 3 gradient evaluations: 10 examples of the batch and 20 of the memory.
    files = train("a", "er", evaluations=[3.0, 7.0], label_noise=[0.0, 0.4])
    table, seconds = pd.read_parquet(files[2]), pd.read_parquet(files[3])
    about = ["evaluations", "label_noise", "seed", "draw"]
    expected = [
        [spent, level, seed, draw]
        for spent in (3.0, 7.0) for level in (0.0, 0.4) for seed in (0, 1) for draw in (0, 1)
    ]  # fmt: skip
    assert table[about].to_numpy().tolist() == seconds[about].to_numpy().tolist() == expected
    assert table["steps"].tolist() == [8] * 8 + [16] * 8
    assert table["gradient_evaluations"].tolist() == [24.0] * 8 + [48.0] * 8
    assert table["mean_0.loss"].between(0.1, 2).all()
    rates = [json.loads(text)["learning_rate"] for text in table["hyperparameters"]]
    assert rates[0] == 0.2 != rates[1] == rates[5] == rates[9]
    assert {len(tensor) for tensor in load_file(files[0]).values()} == {16}
    assert (seconds["seconds"] > 0).all()


@pytest.mark.parametrize("name", ["er", "joint"])
def test_scores_on_the_way_are_rows_of_the_records(name, train):
    files = train("a", name, evaluations=[3.0, 7.0], label_noise=[0.0, 0.4])
    table = records.read(files[4])
    records.validate(table, "the test")
    records.whole(table, "the test")
    assert len(table) == 16 * 13
    met = table.set_index("metric")["value"].notna().groupby(level=0).all()
    assert met[met].index.tolist() == (met.index.drop("ratio").tolist() if name == "er" else ["averaged_accuracy"])


def test_the_mean_of_what_a_step_records_is_over_its_own_steps(train):
    """Also where budgets differ in steps."""
    both = pd.read_parquet(train("a", "online_sgd", evaluations=[1.0, 4.0])[2])
    for spent in (1.0, 4.0):
        alone = pd.read_parquet(train(f"b{spent}", "online_sgd", evaluations=[spent])[2])
        assert both[both["evaluations"] == spent]["mean_0.loss"].tolist() == alone["mean_0.loss"].tolist()


def test_another_budget_or_level_of_noise_beside_it_changes_no_run(train):
    both = train("a", "er", evaluations=[3.0, 7.0], label_noise=[0.0, 0.5])
    alone = train("b", "er", evaluations=[7.0])
    chosen = rows_of(both, evaluations=7.0, label_noise=0.0)
    noisy = rows_of(both, evaluations=7.0, label_noise=0.5)
    one, other = load_file(both[0]), load_file(alone[0])
    assert all(torch.equal(one[name][chosen], other[name]) for name in other)
    assert not any(torch.equal(one[name][noisy], other[name]) for name in other)


def test_the_noise_is_in_the_labels_that_predictions_are_scored_by(prepared):
    """The same share of labels is drawn anew in every seed; the others stay."""
    cell = cell_of("er", prepared, label_noise=[0.0, 0.5], examples=50)
    clean, noisy = cell.data.labels
    assert torch.equal(clean, torch.cat([each.labels for each in cell.streams]))
    changed = (clean != noisy).double().mean().item()
    assert abs(changed - 0.5 * 2 / 3) < 4 * (0.33 * 0.67 / len(clean)) ** 0.5


@pytest.mark.parametrize(("vary", "alike"), [([], True), (["order"], False), (["split"], False)])
def test_seeds_between_which_nothing_varies_meet_the_same(vary, alike, train):
    """Batches, memory, replay and the start; only their draws are their own."""
    files = train("a", "er", vary=vary, draws=1, evaluations=[7.0])
    assert all(torch.equal(*tensor) == alike for tensor in load_file(files[0]).values())


def test_the_same_settings_give_the_same_bytes_and_so_do_parts_of_another_size(train, monkeypatch, tmp_path):
    first = train("a", "er", evaluations=[3.0, 7.0])
    assert same(first, train("b", "er", evaluations=[3.0, 7.0]))
    assert sorted(path.name for path in (tmp_path / "a").iterdir()) == sorted(path.name for path in first)
    monkeypatch.setitem(training.WIDTH, "cpu", 3)
    assert same(first, train("c", "er", evaluations=[3.0, 7.0]))


def test_a_run_that_diverges_is_marked_and_has_its_rows(train):
    files = train("a", "online_sgd", draws=1, grid={"learning_rate": [1e38, 0.1]})
    plain = train("b", "online_sgd", draws=1, grid={"learning_rate": [0.1]})
    table, scores = pd.read_parquet(files[2]), records.read(files[4])
    assert table["diverged"].tolist() == [True, False, True, False]
    records.validate(scores, "the test")
    assert all(tensor.isfinite().all() for tensor in load_file(files[0]).values())
    healthy = rows_of(files, diverged=False)
    found, expected = load_file(files[0]), load_file(plain[0])
    assert all(torch.equal(found[name][healthy], expected[name]) for name in expected)


def refused(train, name, **changes):
    with pytest.raises(UserError) as error:
        train("refused", name, **changes)
    assert "\n" not in str(error.value)
    return str(error.value)


def test_what_cannot_be_trained_is_refused_in_one_sentence(train):
    assert refused(train, "er", evaluations=[2.9, 7.0]) == (
        "2.9 gradient evaluations a batch are too few for er: one step on a batch costs 3; raise `evaluations` of "
        "experiment streams in config.yaml"
    )
    # A step of EWC costs 1, and the gradients of the single examples for its Fisher matrix another.
    assert "too few for ewc: one step on a batch costs 2;" in refused(train, "ewc", evaluations=[1.9])
    train("enough", "ewc", evaluations=[2.0])
    assert "contour_warmup has phases, and a stream has no parts" in refused(train, "contour_warmup")
    assert "moment, only learning_rate; correct the grid of experiment streams" in refused(
        train, "er", draws=1, grid={"moment": [0.1]}
    )
    assert "training examples for a task, fewer than 200" in refused(train, "er", examples=200)


@pytest.fixture
def stop(monkeypatch):
    """stop() -> the next training is stopped by a signal at its fifth step."""

    def call():
        program, count = population.program, {"done": 0}

        def killing(*arguments, **options):
            step = program(*arguments, **options)

            def run(*inputs):
                count["done"] += 1
                if count["done"] == 5:
                    os.kill(os.getpid(), signal.SIGTERM)
                return step(*inputs)

            return run

        monkeypatch.setattr(population, "program", killing)

    return call


def test_a_checkpoint_of_other_settings_is_set_aside(train, stop, capsys, tmp_path):
    undisturbed = train("a", "er", draws=1, evaluations=[7.0])
    stop()
    with pytest.raises(Stopped):
        train("b", "er", draws=1, evaluations=[7.0], memory=20)
    assert same(train("b", "er", draws=1, evaluations=[7.0]), undisturbed)
    assert "is of other settings or code: set aside" in capsys.readouterr().out
    assert not [path for path in (tmp_path / "b").iterdir() if path.name.startswith(".")]


def test_a_checkpoint_of_a_compiled_population_is_set_aside_where_nothing_is_compiled(train, stop, monkeypatch, capsys):
    """A run that was begun in one way and ended in the other would have bytes of its own."""
    settings = {"draws": 1, "evaluations": [7.0], "compile": "always"}
    monkeypatch.setattr(programs, "has_compiler", lambda: False)
    undisturbed = train("a", "er", **settings)
    monkeypatch.setattr(programs, "has_compiler", lambda: True)
    program = population.program
    monkeypatch.setattr(population, "program", lambda *given: program(*given[:3], False, *given[4:]))
    stop()
    with pytest.raises(Stopped):
        train("b", "er", **settings)
    monkeypatch.setattr(programs, "has_compiler", lambda: False)
    assert same(train("b", "er", **settings), undisturbed)
    assert "is of other settings or code: set aside" in capsys.readouterr().out


@pytest.mark.skipif(not programs.has_compiler(), reason="needs a C++ compiler")
def test_a_compiled_population_is_the_eager_one_to_rounding_and_itself_exactly(train):
    eager = train("a", "online_sgd", draws=1)
    compiled, again = (train(folder, "online_sgd", draws=1, compile="always") for folder in ("b", "c"))
    assert same(compiled, again)
    found, expected = load_file(compiled[0]), load_file(eager[0])
    assert all(torch.allclose(found[name], expected[name], atol=1e-5) for name in expected)
