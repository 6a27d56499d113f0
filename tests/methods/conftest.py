"""A small problem on which every registered method is tried."""

import pytest
import torch

from robustpath import methods
from robustpath.core.randomness import generator
from robustpath.data.prepared import Prepared
from robustpath.engine import population, source
from robustpath.engine.plan import phases
from robustpath.methods import selecting
from robustpath.methods.base import Batch, build, draw, grad
from robustpath.models.functional import initialise, mean_cross_entropy
from robustpath.models.mlp import mlp
from robustpath.protocols.supervised import training
from robustpath.protocols.supervised.training import Cell, Run

SETTINGS = {
    "experiment": "test",
    "dataset": "blobs",
    "train_sizes": [40, 80],
    "label_noise": [0.0],
    "grid": {},
    "points": 4,
    "seeds": 2,
    "vary": ["split", "initialisation", "order"],
    "draws": 2,
    "budget": 80,
    "batch_size": 16,
    "validation_size": 30,
    "test_size": 30,
    "device": "cpu",
}


def hidden(name: str) -> list[int]:
    """Widths of the network that a method is tried on: two units where it is meant for few parameters."""
    return [2] if methods.load(name).largest else [12, 12]


STEPS = 40  # more than two blocks
STEEP = {"flat_warmup", "level_teleportation"}  # the derivative of a gradient on the probe, at every step of a walk


def dear(name: str) -> int:
    """By how much a budget is larger for a method with dear steps: all derivatives of few parameters, or a few, or as
    many gradients as its part of the stream has batches."""
    spec = methods.load(name)
    streams = [method.needs.get("stream", 0) // SETTINGS["batch_size"] for _, method in phases(build(spec, {}))]
    return 14 if spec.largest else 3 if name in STEEP else max(1, *streams)


def budget(name: str, steps: int = 24) -> int:
    """That of so many steps of SGD, for tests that need few; the least that gives every phase of a method a first step,
    where that is more."""
    return SETTINGS["budget"] if len(phases(build(methods.load(name), {}))) > 1 else steps


MEMBERS = [Run(size, 0.0, seed, number) for size in (40, 80) for seed in (0, 1) for number in (0, 1)]


@pytest.fixture(scope="session")
def blobs():
    """Three overlapping Gaussian classes in eight dimensions; an attribute that the inputs do not tell."""
    labels = torch.arange(300) % 3
    centres = 1.5 * torch.randn(3, 8, generator=generator("blobs", "centres"))
    inputs = centres[labels] + torch.randn(300, 8, generator=generator("blobs", "noise"))
    return Prepared(inputs, labels, torch.zeros(300, dtype=torch.bool), attribute=torch.arange(300) // 3 % 2)


@pytest.fixture(scope="session")
def reference(blobs):
    """Parameters that fit the blobs, for methods that look at the losses of a parent."""
    model = mlp(8, [12, 12], 3)
    params, loss = initialise(model, generator("blobs", "reference")), mean_cross_entropy(model)
    for _ in range(100):
        slope = grad(loss)(params, Batch(blobs.inputs, blobs.labels))
        params = {name: tensor - 0.3 * slope[name] for name, tensor in params.items()}
    return params


@pytest.fixture(autouse=True)
def short_blocks(monkeypatch):
    """Blocks short enough for every method to have several in a small budget; those of batches end elsewhere. As many
    candidates as the small training sets can give without too many twice."""
    monkeypatch.setattr(population, "BLOCK", 15)
    monkeypatch.setattr(source, "BLOCK", 8)
    monkeypatch.setattr(selecting, "CANDIDATES", 72)


def fix_draws(monkeypatch, change):
    """Every member gets the default hyperparameters, changed by `change(run's draw number)`."""
    monkeypatch.setattr(training.draws, "draw", lambda spec, seed, number: draw(spec, seed, 0) | change(number))


@pytest.fixture
def make_cell(blobs, reference, monkeypatch):
    """make_cell(method, **settings) -> a Cell on the blobs, in eager mode, with a parent that gives its losses."""

    def make(name: str, **settings) -> Cell:
        spec = methods.load(name)
        chosen = SETTINGS | {"method": name, "hidden": hidden(name), "budget": budget(name, STEPS)} | settings
        chosen["budget"] *= dear(name)
        monkeypatch.setattr(training.portions, "of_parent", lambda *files: lambda run: reference)
        chosen["parent"] = {"gives": "losses"}
        return Cell(chosen, spec, blobs, torch.device("cpu"), len(MEMBERS), ("weights", "runs"))

    return make


@pytest.fixture
def train(tmp_path):
    """train(cell, members) -> what the members became; each call starts afresh."""
    count = iter(range(1000))

    def run(cell: Cell, members=MEMBERS):
        return cell.train(members, tmp_path / f"{next(count)}.safetensors", "key", "test")

    return run


@pytest.fixture(scope="session")
def trained_before():
    """What was trained undisturbed, by method and draws: all tests of a method are dealt to one process."""
    return {}


@pytest.fixture
def undisturbed(make_cell, train, trained_before):
    """undisturbed(method, defaults=False) -> what all members become when nothing happens to them, each with its own
    draw or all with the defaults; trained once and only read."""

    def call(name, defaults=False):
        if (name, defaults) not in trained_before:
            with pytest.MonkeyPatch.context() as patched:
                if defaults:
                    fix_draws(patched, lambda number: {})
                trained_before[name, defaults] = train(make_cell(name))
        return trained_before[name, defaults]

    return call
