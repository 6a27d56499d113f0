"""Perceptrons of ReLUs far out: along a ray t v they are straight lines once t is beyond their last kink.

f(x) = a . ReLU(W x + b) + c with W [k, d]: along x = t v unit i changes at t = -b_i / (W_i . v), and nowhere else, so
that f is exactly affine in t beyond the largest of these. Xu et al. (2021) show that trained perceptrons come close to
a line soon after the training range, on any training data.
"""

import math

import torch
from torch import Tensor

from robustpath.core.randomness import generator
from robustpath.core.types import Batch, Params

INPUTS, WIDTH, EXAMPLES, RAYS, POINTS = 2, 64, 256, 16, 50
NEAR, FAR = 2.0, 10.0  # of the training range, which ends at 1: where lines are fitted


def perceptron(params: Params, inputs: Tensor) -> Tensor:
    """a . ReLU(W x + b) + c of inputs [..., d] -> [...]."""
    hidden = (inputs @ params["weights"].mT + params["biases"]).relu()
    return hidden @ params["head"] + params["head_bias"]


def loss(params: Params, batch: Batch) -> Tensor:
    """The mean squared error."""
    return (perceptron(params, batch.inputs) - batch.labels).square().mean()


def start(*key: object) -> Params:
    """Parameters, drawn as PyTorch draws those of linear layers: uniform within 1 / sqrt(inputs)."""
    stream = generator(*key)

    def uniform(inputs: int, *shape: int) -> Tensor:
        return (2 * torch.rand(shape, generator=stream) - 1) / math.sqrt(inputs)

    return {
        "weights": uniform(INPUTS, WIDTH, INPUTS), "biases": uniform(INPUTS, WIDTH),
        "head": uniform(WIDTH, WIDTH), "head_bias": uniform(WIDTH, 1),
    }  # fmt: skip


def examples(*key: object) -> Batch:
    """Points of the square |x_i| <= 1 and |x|^2, which no line is."""
    inputs = 2 * torch.rand(EXAMPLES, INPUTS, generator=generator(*key)) - 1
    return Batch(inputs, inputs.square().sum(1))


def directions() -> Tensor:
    """Unit vectors around the circle [RAYS, d]."""
    angles = 2 * math.pi * torch.arange(RAYS, dtype=torch.float64) / RAYS
    return torch.stack([angles.cos(), angles.sin()], 1)


def last_kink(params: Params, direction: Tensor) -> float:
    """The largest t at which a unit changes along t v, 0 where none does beyond the origin."""
    slopes = params["weights"] @ direction
    places = torch.where(slopes == 0, -torch.inf, -params["biases"] / slopes)
    return max(0.0, places.max().item())


def straightness(params: Params, direction: Tensor) -> float:
    """R^2 of the least-squares line through f(t v), t from NEAR to FAR."""
    places = torch.linspace(NEAR, FAR, POINTS, dtype=torch.float64)
    values = perceptron(params, places[:, None] * direction)
    centred, around = values - values.mean(), places - places.mean()
    explained = (centred @ around).square() / around.square().sum()
    return (explained / centred.square().sum()).item()


def bend(params: Params, direction: Tensor) -> float:
    """How far f(t v) beyond its last kink is from a straight line: the largest second difference over equal steps as a
    share of the largest value, 0 but for rounding."""
    begin = last_kink(params, direction)
    places = torch.linspace(begin, begin + FAR, POINTS, dtype=torch.float64)
    values = perceptron(params, places[:, None] * direction)
    return (values.diff(n=2).abs().max() / values.abs().max()).item()
