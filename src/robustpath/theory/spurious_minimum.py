"""Spurious local minima of two-layer networks (Yun, Sra & Jadbabaie 2019), and who leaves one.

The risk is ½ |W2 h(W1 x + b1) + b2 - y|², summed over the examples. Parameters are named as those of a fully connected
network: "0.weight" W1 [hidden, inputs], "0.bias" b1, "1.weight" W2 [1, hidden], "1.bias" b2.
"""

from collections.abc import Callable

import pandas as pd
import torch
from torch import Tensor

from robustpath.core.parameters import flatten, stack, unflatten
from robustpath.core.randomness import generator
from robustpath.methods.base import Batch, Params
from robustpath.theory import table
from robustpath.theory.escape import Problem, escape
from robustpath.theory.table import Row

CASE = "spurious_minimum"
SOURCE = "yun2018small"
ESCAPED, GLOBAL = 0.3, 1e-4  # risks below which a run has left the minimum at 1/3, and has reached the one at 0
LOSS_ALONE = {"weight_decay": 0.0}  # the theorems are about the risk without a penalty
Activation = Callable[[Tensor], Tensor]


def double(values) -> Tensor:
    """A float64 tensor."""
    return torch.tensor(values, dtype=torch.float64)


def two_layers(w1, b1, w2, b2) -> Params:
    """The parameters from their values."""
    return {"0.weight": double(w1), "0.bias": double(b1), "1.weight": double(w2), "1.bias": double(b2)}


def theorem_2_data() -> Batch:
    """Three points on a line with labels that no linear function fits (the data of Theorem 2): inputs [3, 2]."""
    return Batch(double([[1.0, 0.0], [0.0, 1.0], [0.5, 0.5]]), double([[0.0], [0.0], [1.0]]))


def network(activation: Activation) -> Callable[[Params, Tensor], Tensor]:
    """(params, inputs [b, d]) -> outputs [b, 1]."""

    def outputs(params, inputs):
        hidden = activation(inputs @ params["0.weight"].T + params["0.bias"])
        return hidden @ params["1.weight"].T + params["1.bias"]

    return outputs


def risk(activation: Activation) -> Callable[[Params, Batch], Tensor]:
    """Half the sum of squared errors."""
    outputs = network(activation)
    return lambda params, batch: 0.5 * (outputs(params, batch.inputs) - batch.labels).square().sum()


def relu_points() -> tuple[Params, Params]:
    """A local minimum of risk 1/3, with output 1/3 everywhere, and a global one of risk 0, for ReLU."""
    local = two_layers([[1.0, 1.0], [1.0, 1.0]], [0.0, 0.0], [[1 / 6, 1 / 6]], [0.0])
    return local, two_layers([[2.0, -1.0], [1.0, 0.0]], [0.0, 0.0], [[-2.0, 4.0]], [0.0])


def sigmoid_points() -> tuple[Params, Params]:
    """The same for the logistic function h: Theorem 2's conditions with v1 = v2 = -1, u1 = u2; and its exact fit, which
    maps the inputs to the logits of 0.5, 0.25, 0.8 and 0.4."""
    u = 1 / (6 * double(-1.0).sigmoid().item())
    local = two_layers([[-1.0, -1.0], [-1.0, -1.0]], [0.0, 0.0], [[u, u]], [0.0])
    v = torch.logit(double([0.5, 0.25, 0.8, 0.4]))
    h = torch.sigmoid
    factor = 1 / (h(v[2]) * h((v[0] + v[1]) / 2) - h(v[0]) * h((v[2] + v[3]) / 2))
    weights = [[(factor * h(v[2])).item(), (-factor * h(v[0])).item()]]
    return local, two_layers(v.reshape(2, 2).tolist(), [0.0, 0.0], weights, [0.0])


def leaky(positive: float, negative: float) -> Activation:
    """The piecewise linear function with these slopes right and left of 0."""
    return lambda z: positive * z.clamp_min(0) + negative * z.clamp_max(0)


def theorem_1(batch: Batch, positive: float, negative: float, alpha: float = 1.0) -> tuple[Params, Params]:
    """A local minimum of two hidden units that computes the least-squares line, and a point of lower risk.

    For data of one label that no linear function fits, and slopes of which `positive` is not 0. The local minimum puts
    every example on the positive side; the better point bends the line between two neighbours j and j + 1 of its
    outputs whose residuals up to j do not sum to zero, as far as is best within a quarter of their gap.
    """
    inputs, labels = batch.inputs, batch.labels[:, 0]
    extended = torch.cat([inputs, torch.ones_like(inputs[:, :1])], 1)
    fit = torch.linalg.solve(extended.T @ extended, extended.T @ labels)
    slope, intercept = fit[:-1], fit[-1]
    line = inputs @ slope + intercept
    below = min(-1.0, 2 * line.min().item())
    zero = torch.zeros_like(slope)
    local = {
        "0.weight": alpha * torch.stack([slope, zero]),
        "0.bias": alpha * torch.stack([intercept - below, double(-below)]),
        "1.weight": double([[1 / (alpha * positive), 0.0]]),
        "1.bias": double([below]),
    }
    order = line.argsort()
    gaps = line[order].diff()
    sums = (line - labels)[order].cumsum(0)[:-1]
    j = torch.where(gaps > 1e-9, sums.abs(), 0.0).argmax()
    middle, total, bend = line[order][j] + gaps[j] / 2, positive + negative, (positive - negative)
    gamma = (2 * sums[j] * total / (len(labels) * bend)).clamp(-gaps[j] / 4, gaps[j] / 4)
    better = {
        "0.weight": torch.stack([slope, -slope]),
        "0.bias": torch.stack([intercept - middle + gamma, middle - intercept + gamma]),
        "1.weight": double([[1 / total, -1 / total]]),
        "1.bias": middle[None],
    }
    return local, better


def stationarity(loss: Callable, params: Params, batch: Batch) -> tuple[Tensor, Tensor]:
    """The norm of the gradient, and the Hessian's eigenvalues in ascending order."""
    shapes = {name: tensor.shape for name, tensor in params.items()}
    point = flatten(params)

    def of_vector(vector):
        return loss(unflatten(vector, shapes), batch)

    return torch.func.grad(of_vector)(point).norm(), torch.linalg.eigvalsh(torch.func.hessian(of_vector)(point))


def run(settings: dict) -> pd.DataFrame:
    """The known points, and for every method, size of start noise and seed when it left the local minimum of ReLU.

    settings: methods (names), noise (standard deviations of what is added to the minimum), seeds, steps (gradient
    evaluations a run). Without noise a run starts where the gradient is zero but for rounding: a descent stays, and
    what a walk on the level set projects out of its first step is no direction of the risk.
    """
    return table.frame(CASE, [*known_points(), *escapes(settings)])


def known_points() -> list[Row]:
    """Risk and stationarity of the points that the theorems construct."""
    rows, data = [], theorem_2_data()
    for name, activation, points in (("ReLU", torch.relu, relu_points()), ("sigmoid", torch.sigmoid, sigmoid_points())):
        loss, (local, best) = risk(activation), points
        slope, curvatures = stationarity(loss, local, data)
        for place, quantity, value, expected in (
            ("local minimum", "risk", loss(local, data), 1 / 3),
            ("local minimum", "slope", slope, 0.0),
            ("local minimum", "least curvature", curvatures[0], 0.0),
            ("global minimum", "risk", loss(best, data), 0.0),
        ):
            rows.append(Row(f"{name}, {place}", quantity, float(value), expected, f"{SOURCE}, Theorem 2"))
    data = Batch(double([[0.0], [1.0], [2.0], [3.0]]), double([[0.0], [0.0], [1.0], [3.0]]))
    for place, point, expected in zip(
        ("local minimum", "better point"), theorem_1(data, 1.0, 0.0), (0.5, 0.375), strict=True
    ):
        found = float(risk(torch.relu)(point, data))
        rows.append(Row(f"four points, {place}", "risk", found, expected, f"{SOURCE}, Theorem 1"))
    return rows


def escapes(settings: dict) -> list[Row]:
    """Every method from ReLU's local minimum plus noise; rows of one method, size of noise and seed."""
    problem = Problem(risk(torch.relu), theorem_2_data(), network(torch.relu))
    minimum = relu_points()[0]
    members = [(size, seed) for size in settings["noise"] for seed in range(settings["seeds"])]
    starts = stack(
        {name: value + displaced(member, name, value) for name, value in minimum.items()} for member in members
    )
    rows = []
    for method in settings["methods"]:
        found = escape(
            method,
            problem,
            starts,
            [(CASE, *member) for member in members],
            (ESCAPED, GLOBAL),
            settings["steps"],
            LOSS_ALONE,
        )
        for position, (size, seed) in enumerate(members):
            final = torch.where(found.diverged, torch.inf, found.final)[position]
            for quantity, value in (
                (table.ESCAPE, found.first[0, position]),
                ("gradient evaluations to the global minimum", found.first[1, position]),
                ("final risk", final),
            ):
                rows.append(Row(f"ReLU, start noise {size:g}", quantity, value.item(), method=method, seed=seed))
    return rows


def displaced(member: tuple[float, int], name: str, like: Tensor) -> Tensor:
    """The start's noise: the same direction for every size of a seed."""
    size, seed = member
    return size * torch.randn(like.shape, generator=generator(CASE, "start", seed, name), dtype=like.dtype)
