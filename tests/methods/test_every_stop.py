"""Every registered method, stopped by a real signal in the middle of a block: what is run again ends with the same
bytes."""

import os
import signal

import pytest
from supervised_methods import SUPERVISED

from robustpath.core.errors import Stopped
from robustpath.data.prepared import save
from robustpath.engine import population
from robustpath.protocols.supervised import training

from .conftest import SETTINGS, budget, dear, hidden

SMALL = {"train_sizes": [40], "draws": 1, "points": 3}


@pytest.fixture
def train(tmp_path, blobs, reference, monkeypatch):
    """train(method, budget, folder) -> the files of a whole cell but for its seconds, with a parent that gives its
    losses."""
    monkeypatch.setattr(training.portions, "of_parent", lambda *files: lambda run: reference)
    data = tmp_path / "blobs.safetensors"
    save(blobs, data)

    def call(name, evaluations, folder):
        settings = SETTINGS | SMALL | {"method": name, "hidden": hidden(name), "budget": evaluations * dear(name)}
        settings["parent"] = {"gives": "losses"}
        out = tmp_path / folder
        files = [
            out / f"{name}{suffix}" for suffix in (".safetensors", ".path.safetensors", ".parquet", ".s.parquet", ".o")
        ]
        training.train(settings, data, *files, threads=1, parent=("weights", "runs"))
        return files[:3]

    return call


@pytest.fixture
def steps(monkeypatch):
    """The steps that are done, counted, and after which of them a signal comes: {"done": n, "signal after": {…}}."""
    count, program = {"done": 0, "signal after": set()}, population.program

    def counting(*arguments, **options):
        step = program(*arguments, **options)

        def call(*inputs):
            count["done"] += 1
            if count["done"] in count["signal after"]:
                os.kill(os.getpid(), signal.SIGTERM)
            return step(*inputs)

        return call

    monkeypatch.setattr(population, "program", counting)
    return count


def same(first, second):
    return all(one.read_bytes() == other.read_bytes() for one, other in zip(first, second, strict=True))


@pytest.mark.parametrize("name", SUPERVISED)
def test_stopped_by_a_signal_and_run_again_ends_with_the_same_bytes(name, train, steps, tmp_path):
    undisturbed = train(name, budget(name), "undisturbed")
    total = steps["done"]
    stop = max(1, 2 * total // 3)
    steps.update({"done": 0, "signal after": {stop}})
    with pytest.raises(
        Stopped, match=rf"^stopped by SIGTERM at step {stop} of {total} of {name} .*; run again to go on$"
    ):
        train(name, budget(name), "stopped")
    assert steps["done"] == stop
    assert [file.suffixes for file in (tmp_path / "stopped").iterdir()] == [[".part0", ".resume", ".safetensors"]]
    assert same(train(name, budget(name), "stopped"), undisturbed)
    assert steps["done"] == total


@pytest.mark.parametrize("name", ["contour_warmup", "perturbed_sgd"])  # one without noise, one with
def test_stopped_after_every_single_step_it_ends_with_the_same_bytes(name, train, steps):
    undisturbed = train(name, 40, "undisturbed")
    total = steps["done"]
    steps.update({"done": 0, "signal after": set(range(1, total + 1))})
    for _ in range(total):
        with pytest.raises(Stopped):
            train(name, 40, "stopped")
    assert same(train(name, 40, "stopped"), undisturbed)
    assert steps["done"] == total > 20
