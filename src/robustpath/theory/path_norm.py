"""The path norm, and descent by Path-SGD, do not change when ReLU units are rescaled (Neyshabur et al. 2015, 2017).

Networks here have no biases: a list of weights [out, in], first layer first.
"""

import math
from itertools import pairwise

import pandas as pd
import torch
from torch import Tensor

from robustpath.core.derivatives import grad
from robustpath.core.randomness import generator
from robustpath.theory import table
from robustpath.theory.table import Row

CASE = "path_norm"
NORMS, PATH_SGD, PLAIN = "neyshabur2017exploring", "neyshabur2015pathsgd, Theorem 4.1", "neyshabur2015pathsgd"
DIFFERENT = 1e-3  # of outputs of order 1: far above rounding
WIDTHS, EXAMPLES = (5, 8, 6, 3), 20
RATE = 0.1
Weights = list[Tensor]


def outputs(weights: Weights, inputs: Tensor) -> Tensor:
    """Outputs [m, out] of the ReLU network at inputs [m, in]."""
    for weight in weights[:-1]:
        inputs = torch.relu(inputs @ weight.T)
    return inputs @ weights[-1].T


def path_norm(weights: Weights) -> Tensor:
    """The square of the l2 path norm: over all paths from an input to an output, the sum of their squared products."""
    return _paths([weight.square() for weight in weights])


def path_scales(weights: Weights) -> Weights:
    """For every weight, the sum over the paths through it of the squared products of their other weights."""
    return list(grad(_paths)([weight.square() for weight in weights]))


def _paths(squares: Weights) -> Tensor:
    through = torch.ones_like(squares[0][0])
    for square in squares:
        through = square @ through
    return through.sum()


def rescale(weights: Weights, factors: list[Tensor]) -> Weights:
    """The same function: what enters each hidden unit times its factor, what leaves it divided by the factor."""
    ones = [torch.ones_like(weights[0][0]), *factors, torch.ones_like(weights[-1][:, 0])]
    return [after[:, None] * weight / before for weight, (before, after) in zip(weights, pairwise(ones), strict=True)]


def trajectory(weights: Weights, inputs: Tensor, targets: Tensor, steps: int, by_path: bool) -> Tensor:
    """The network's outputs at `inputs` after every step of descent on the mean squared error [steps, m, out].

    By Path-SGD a weight's gradient is divided by its path scale (Neyshabur et al. 2015, eq. 6 with p = 2).
    """

    def loss(weights):
        return (outputs(weights, inputs) - targets).square().mean()

    seen = []
    for _ in range(steps):
        slopes = grad(loss)(weights)
        scales = path_scales(weights) if by_path else [torch.ones(())] * len(weights)
        weights = [w - RATE * slope / s for w, slope, s in zip(weights, slopes, scales, strict=True)]
        seen.append(outputs(weights, inputs))
    return torch.stack(seen)


def run(settings: dict) -> pd.DataFrame:
    """What rescaling every hidden unit by a random factor changes: path norm, other norms, and the two descents.

    settings: steps (of the descents), scale (standard deviation of the factors' logarithm), seeds.
    """
    rows = []
    for seed in range(settings["seeds"]):
        stream = generator(CASE, seed)
        weights = [
            torch.randn(after, before, generator=stream, dtype=torch.float64) / before**0.5
            for before, after in pairwise(WIDTHS)
        ]
        factors = [
            (settings["scale"] * torch.randn(width, generator=stream, dtype=torch.float64)).exp()
            for width in WIDTHS[1:-1]
        ]
        inputs = torch.randn(EXAMPLES, WIDTHS[0], generator=stream, dtype=torch.float64)
        targets = torch.randn(EXAMPLES, WIDTHS[-1], generator=stream, dtype=torch.float64)
        other = rescale(weights, factors)
        pair = weights, other
        paths, products = (norm(other) / norm(weights) for norm in (path_norm, frobenius))
        place = "rescaled network"
        rows.append(Row(place, "ratio of path norms", paths.item(), 1.0, NORMS, seed=seed))
        rows.append(Row(place, "ratio of products of Frobenius norms", products.item(), seed=seed))
        gaps = {
            by_path: torch.stack([trajectory(start, inputs, targets, settings["steps"], by_path) for start in pair])
            .diff(dim=0)
            .abs()
            .nan_to_num(nan=math.inf, posinf=math.inf)  # of a descent that leaves all bounds
            .max()
            .item()
            for by_path in (True, False)
        }
        rows.append(Row("Path-SGD", "largest gap of outputs", gaps[True], 0.0, PATH_SGD, seed=seed))
        rows.append(Row("gradient descent", "largest gap of outputs", gaps[False], seed=seed))
        differ = float(gaps[False] > DIFFERENT)
        rows.append(Row("gradient descent", f"gap above {DIFFERENT:g}", differ, 1.0, PLAIN, seed=seed))
    return table.frame(CASE, rows)


def frobenius(weights: Weights) -> Tensor:
    """The product of the layers' squared Frobenius norms."""
    return torch.stack([weight.square().sum() for weight in weights]).prod()
