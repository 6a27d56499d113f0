"""The path of a GPU, on a CPU: parts that fit a memory, half precision, deterministic algorithms."""

from itertools import pairwise

import pytest
import torch
from cell import each_step, same
from safetensors.torch import load_file

from robustpath.core.errors import UserError
from robustpath.engine import population
from robustpath.protocols.supervised import training


def memory_for(monkeypatch, most: int, steps: list, after: int = 0) -> None:
    """A memory that holds `most` rows, at least from some step on, as if others took theirs of it."""

    def before(rows):
        if rows > most and len(steps) >= after:
            raise torch.OutOfMemoryError("simulated")
        steps.append(rows)

    each_step(monkeypatch, before)


def simulate_gpu(monkeypatch, room: int, steps: list) -> None:
    """A memory of `room` bytes in which a row takes a hundred."""

    def peak(device, trial):
        trial()
        return 100 * steps[-1]

    each_step(monkeypatch, steps.append)
    monkeypatch.setattr(training.memory, "room", lambda device: room)
    monkeypatch.setattr(training.memory, "peak", peak)


def mode() -> bool:
    return torch.are_deterministic_algorithms_enabled()


def test_out_of_memory_a_part_is_halved_and_goes_on_from_its_checkpoint(train, monkeypatch, capsys):
    undisturbed, steps = train("a"), []
    monkeypatch.setenv("ROBUSTPATH_CHECKPOINT_SECONDS", "0")
    memory_for(monkeypatch, 3, steps, after=60)
    assert same(train("b"), undisturbed)
    said = capsys.readouterr().out
    assert "runs 1 to 8 of 8: out of memory, going on with 4 at a time" in said
    assert "runs 1 to 4 of 8: out of memory, going on with 2 at a time" in said
    assert "runs 7 to 8 of 8: going on from step 50 of phase 1" in said
    assert [steps.count(rows) for rows in (8, 4, 2)] == [60, 0, 4 * 60]


def test_out_of_memory_without_a_checkpoint_a_part_begins_anew(train, monkeypatch):
    undisturbed, steps = train("a"), []
    memory_for(monkeypatch, 4, steps, after=60)
    assert same(train("b"), undisturbed)
    assert [steps.count(rows) for rows in (8, 4)] == [60, 2 * 110]


def test_a_member_that_does_not_fit_is_an_error_that_names_the_remedy(train, monkeypatch):
    memory_for(monkeypatch, 1, [])
    with pytest.raises(UserError, match=r"^sgd: one of 2 members, a model of 57 parameters on batches of 8, takes more "
                       r"than the GPU's memory; make `hidden` or `batch_size` smaller in config.yaml, or"):  # fmt: skip
        train("b")


@pytest.mark.parametrize(("room", "parts"), [(1000, [8]), (799, [4, 4]), (350, [3, 3, 2]), (200, [2, 2, 2, 2])])
def test_on_a_gpu_parts_are_as_large_as_fits(room, parts, train, monkeypatch, capsys):
    undisturbed, steps = train("a"), []
    capsys.readouterr()
    simulate_gpu(monkeypatch, room, steps)
    assert same(train("b"), undisturbed)
    ends = [int(line.split()[6]) for line in capsys.readouterr().out.splitlines()]
    assert [end - start for start, end in pairwise([0, *ends])] == parts


def test_a_gpu_that_holds_no_member_is_reported(train, monkeypatch):
    simulate_gpu(monkeypatch, 199, [])
    with pytest.raises(UserError, match=r"one of 8 members.*takes more than the 0.0 GiB that the GPU has"):
        train("b")


def test_half_precision_is_another_result_and_close(train):
    full, half = (load_file(train(folder, precision=kind)[0]) for folder, kind in (("a", "float32"), ("b", "bfloat16")))
    for name, tensor in full.items():
        assert half[name].dtype == torch.float32
        assert not torch.equal(half[name], tensor)
        assert (half[name] - tensor).norm() < 0.1 * tensor.norm()


def test_deterministic_or_not_a_cpu_gives_the_same_and_the_mode_ends_with_training(train, monkeypatch):
    seen = []
    monkeypatch.setattr(training, "in_parts", lambda *given, own=training.in_parts: seen.append(mode()) or own(*given))
    assert same(train("a"), train("b", deterministic=True))
    assert [*seen, mode()] == [False, True, False]


def test_an_operation_that_is_not_deterministic_is_an_error_that_names_the_remedy(train, monkeypatch):
    def step(*_):
        torch.zeros(3).put_(torch.tensor([0]), torch.ones(1))

    monkeypatch.setattr(population, "program", lambda *_: step)
    with pytest.raises(UserError, match=r"^sgd needs an operation that is not deterministic on this device \(put_.*"
                       r"set `deterministic: false` in config.yaml"):  # fmt: skip
        train("a", deterministic=True)
