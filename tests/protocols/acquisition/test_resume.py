"""A cell on acquisition that is interrupted goes on and ends with the same bytes."""

import os
import signal

import pytest
from small_pool import same

from robustpath.core.errors import Stopped
from robustpath.engine import population
from robustpath.protocols.acquisition import cell, rounds


@pytest.fixture
def killed_at(monkeypatch):
    """killed_at(n): in the n-th step from now, of all rounds together, a signal asks the job to stop."""
    program, count = population.program, {"done": 0, "at": 0}

    def killing(*arguments, **options):
        step = program(*arguments, **options)

        def call(*inputs):
            count["done"] += 1
            if count["done"] == count["at"]:
                os.kill(os.getpid(), signal.SIGTERM)
            return step(*inputs)

        return call

    monkeypatch.setattr(population, "program", killing)
    return lambda step: count.update(done=0, at=step)


@pytest.fixture
def small(train):
    """small(folder) -> the files of a cell of four runs, in rounds of five steps, that looks at all of its view."""
    changes = {"label_noise": [0.3], "budget": 5}
    return lambda folder, name="hard_classes": train(folder, name, **changes)


@pytest.mark.parametrize(
    ("step", "said"),
    [
        (3, "at step 3 of 5 of sgd on quarters with hard_classes, round 0"),
        (7, "at step 2 of 5 of sgd on quarters with hard_classes, round 1"),
        (15, "at step 5 of 5 of sgd on quarters with hard_classes, round 2"),
    ],
)
def test_stopped_in_a_round_it_goes_on_from_that_step(step, said, small, killed_at, capsys, tmp_path):
    undisturbed = small("a")
    killed_at(step)
    with pytest.raises(Stopped, match=said):
        small("b")
    capsys.readouterr()
    assert same(small("b"), undisturbed)
    out = capsys.readouterr().out
    number, done = (step - 1) // 5, (step - 1) % 5 + 1
    assert f"round {number}, runs 1 to 4 of 4: going on from step {done} of 5" in out
    assert f"round {number - 1}, " not in out  # what is complete is not trained again
    assert "set aside" not in out
    assert not [path for path in (tmp_path / "b").iterdir() if path.name.startswith(".")]


def test_stopped_between_parts_it_trains_none_again(small, killed_at, monkeypatch, capsys):
    undisturbed = small("a")
    monkeypatch.setattr(cell, "WIDTH", {"cpu": 3})
    killed_at(23)  # the second part's third step in its second round
    with pytest.raises(Stopped, match=r"step 3 of 5 of .* round 1, runs 3 to 4 of 4"):
        small("b")
    killed_at(0)
    assert same(small("b"), undisturbed)


def test_what_was_noted_before_it_stopped_is_not_lost(small, killed_at):
    undisturbed = small("a", "anchor_al")
    killed_at(12)
    with pytest.raises(Stopped, match="round 2"):
        small("b", "anchor_al")
    killed_at(0)
    assert same(small("b", "anchor_al"), undisturbed)


@pytest.mark.parametrize("fault", ["damaged", "of another code"])
def test_a_damaged_or_foreign_file_of_rounds_is_set_aside(fault, small, killed_at, monkeypatch, capsys, tmp_path):
    undisturbed = small("a")
    killed_at(8)
    with pytest.raises(Stopped):
        small("b")
    (kept,) = (tmp_path / "b").glob(".hard_classes.round.part0.resume.safetensors")
    if fault == "damaged":
        kept.write_bytes(kept.read_bytes()[:-3] + b"abc")
    else:
        monkeypatch.setattr(cell.Cell, "code", lambda self: "another")
    killed_at(0)
    assert same(small("b"), undisturbed)
    said = "is damaged" if fault == "damaged" else "is of other settings or code"
    line = f"the checkpoint {kept.name} {said}: set aside, training starts from the beginning"
    assert line in capsys.readouterr().out


def test_a_file_of_rounds_that_cannot_be_written_is_said_and_stops_nothing(small, monkeypatch, capsys):
    undisturbed, write = small("a"), rounds._write

    def full(file, *rest):
        write(file.parent / "absent" / ("x" * 300), *rest)

    monkeypatch.setattr(rounds, "_write", full)
    assert same(small("b"), undisturbed)
    assert "warning: no checkpoint at step 1" in capsys.readouterr().out
