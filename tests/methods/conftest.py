"""A small problem on which every registered method is tried."""

import pytest
import torch

from robustpath import methods
from robustpath.core.randomness import generator
from robustpath.data.prepared import Prepared
from robustpath.engine import population
from robustpath.engine.plan import phases
from robustpath.methods.base import build
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


STEEP = {"flat_warmup", "level_teleportation"}  # the derivative of a gradient on the probe, at every step of a walk


def dear(name: str) -> int:
    """By how much a budget is larger for a method with dear steps: all derivatives of few parameters, or a few, or as
    many gradients as its part of the stream has batches."""
    spec = methods.load(name)
    streams = [method.needs.get("stream", 0) // SETTINGS["batch_size"] for _, method in phases(build(spec, {}))]
    return 14 if spec.largest else 3 if name in STEEP else max(1, *streams)


def budget(name: str) -> int:
    """The least that gives every phase of a method a first step, for tests that need few steps."""
    return SETTINGS["budget"] if len(phases(build(methods.load(name), {}))) > 1 else 24


MEMBERS = [Run(size, 0.0, seed, number) for size in (40, 80) for seed in (0, 1) for number in (0, 1)]


@pytest.fixture(scope="session")
def blobs():
    """Three overlapping Gaussian classes in eight dimensions."""
    labels = torch.arange(300) % 3
    centres = 1.5 * torch.randn(3, 8, generator=generator("blobs", "centres"))
    inputs = centres[labels] + torch.randn(300, 8, generator=generator("blobs", "noise"))
    return Prepared(inputs, labels, torch.zeros(300, dtype=torch.bool))


@pytest.fixture(autouse=True)
def short_blocks(monkeypatch):
    """Blocks short enough for every method to have several in a small budget."""
    monkeypatch.setattr(population, "BLOCK", 15)


@pytest.fixture
def make_cell(blobs):
    """make_cell(method, **settings) -> a Cell on the blobs, in eager mode."""

    def make(name: str, **settings) -> Cell:
        chosen = SETTINGS | {"method": name, "hidden": hidden(name)} | settings
        chosen["budget"] *= dear(name)
        return Cell(chosen, methods.load(name), blobs, torch.device("cpu"), len(MEMBERS))

    return make


@pytest.fixture
def train(tmp_path):
    """train(cell, members) -> what the members became; each call starts afresh."""
    count = iter(range(1000))

    def run(cell: Cell, members=MEMBERS):
        return cell.train(members, tmp_path / f"{next(count)}.safetensors", "key", "test")

    return run
