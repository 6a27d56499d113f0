"""A tiny cell, and what can happen to it."""

from robustpath.engine import population

SETTINGS = {
    "experiment": "data_efficiency",
    "dataset": "blobs",
    "method": "sgd",
    "train_sizes": [20, 40],
    "label_noise": [0.0],
    "grid": {},
    "points": 0,
    "seeds": 2,
    "vary": ["split", "initialisation", "order"],
    "draws": 2,
    "budget": 110,
    "batch_size": 8,
    "hidden": [6],
    "validation_size": 20,
    "test_size": 20,
    "device": "cpu",
}


def same(first, second) -> bool:
    """Weights, path and table, byte for byte."""
    return all(one.read_bytes() == other.read_bytes() for one, other in zip(first[:3], second[:3], strict=True))


def each_step(monkeypatch, before) -> None:
    """Call before(rows) in front of every step of a population."""
    program = population.program

    def watched(*given):
        step = program(*given)
        return lambda *inputs: (before(len(inputs[3])), step(*inputs))[1]

    monkeypatch.setattr(population, "program", watched)
