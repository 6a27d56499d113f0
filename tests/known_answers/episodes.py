"""Batches of four episodes of one support and one query example each, on a parabola of curvature 2."""

import torch

from robustpath import methods
from robustpath.methods.adapting import descent
from robustpath.methods.base import Batch, Context

from .conftest import double

CURVATURE, RATE, INNER = 2.0, 0.1, 0.25
SUPPORT, QUERY = [0.0, 1.0, 2.0, -1.0], [-1.0, 3.0, 0.0, 0.0]


def loss(params, batch):
    """The mean of h (w - x)² / 2 over the batch."""
    return CURVATURE * (params["w"] - batch.inputs).square().mean() / 2


def stepped(name: str, start: float = 1.0, **hyperparameters: float) -> tuple[float, float]:
    """w after one step on the four episodes with plain descent as the base, and the loss that the step reports."""
    spec = methods.load(name)
    base = [descent(double(RATE))] if spec.base else []
    method = spec.factory(*base, **{key: double(value) for key, value in hyperparameters.items()})
    inputs = double([value for pair in zip(SUPPORT, QUERY, strict=True) for value in pair])
    batch, params = Batch(inputs, torch.zeros(8, dtype=torch.int64)), {"w": double(start)}
    params, _, info = method.step(loss, params, method.init(params), batch, Context(double(0.5)))
    return params["w"].item(), info["loss"].item()
