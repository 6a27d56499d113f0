"""Where uniform convergence says nothing although training generalises (Nagarajan & Kolter 2019).

A bad set S' looks like the training set S to any bound that holds uniformly over what training reaches, yet the trained
classifier is wrong on all of S': the bound then exceeds 1 minus the error it should bound.
"""

import math
from itertools import pairwise
from statistics import NormalDist

import pandas as pd
import torch
from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits

from robustpath.core.parameters import norm, subtract, tree_map
from robustpath.core.randomness import generator
from robustpath.methods.base import Params, grad
from robustpath.theory import table
from robustpath.theory.table import Row

CASE = "uniform_convergence"
SOURCE = "nagarajan2019uniform"
TEST = 2000  # examples
# The two spheres: dimension, radii, width of the hidden layer; and how the network is trained on them.
DIMENSION, RADII, WIDTH = 100, (1.0, 1.2), 500
BATCH, RATE, MARGIN, SHARE, EPOCHS = 16, 0.5, 4.0, 0.99, 400


def run(settings: dict) -> pd.DataFrame:
    """The linear example in closed form, and the network on two spheres with more and more training examples.

    settings: dimension and linear_sizes (noisy dimensions and numbers of training examples of the linear example),
    sizes (numbers of training examples on the spheres, ascending), seeds.
    """
    rows = []
    for examples in settings["linear_sizes"]:
        for seed in range(settings["seeds"]):
            rows += linear(examples, settings["dimension"], seed)
    return table.frame(CASE, rows + spheres(settings["sizes"], settings["seeds"]))


def linear(examples: int, dimension: int, seed: int) -> list[Row]:
    """The linear classifier after one step of gradient descent on -y w.x from 0 with learning rate 1 (Theorem 3.1).

    x = (2 y u, z): |u|² = 1/m and z ~ N(0, 32/D I), so w = (2 m u, sum of y z). On new data y w.x is normal around 4
    with variance 32 |w_z|²/D = 1024 m/D. S' has the training set's examples with -z for z.
    """
    stream = generator(CASE, "linear", examples, dimension, seed)

    def draw(count: int) -> tuple[Tensor, Tensor]:
        labels = 2.0 * torch.randint(0, 2, (count,), generator=stream) - 1
        return labels, math.sqrt(32 / dimension) * torch.randn(count, dimension, generator=stream)

    labels, noise = draw(examples)
    weights = labels @ noise
    signal = 2 * examples * 2 / examples  # w_u . 2u, as |u|² = 1/m

    def error(labels: Tensor, noise: Tensor) -> float:
        return (signal + labels * (noise @ weights) <= 0).double().mean().item()

    predicted = NormalDist().cdf(-4 / math.sqrt(1024 * examples / dimension))
    place, source = f"linear, {examples} of {dimension}", f"{SOURCE}, Theorem 3.1"
    return [
        Row(place, "training error", error(labels, noise), 0.0, source, seed=seed),
        Row(place, "error on S'", error(labels, -noise), 1.0, source, seed=seed),
        Row(place, "test error", error(*draw(TEST)), predicted, source, seed=seed),
    ]


def spheres(sizes: list[int], seeds: int) -> list[Row]:
    """The network of `train` at every size; and whether distance and test error change as the paper reports."""
    rows, measured = [], {}
    for size in sizes:
        measured[size] = train(size, seeds)
        rows += [
            Row(f"spheres, {size} examples", quantity, values[seed].item(), seed=seed)
            for quantity, values in measured[size].items()
            for seed in range(seeds)
        ]
    for quantity, claim, sign in (
        ("distance from the start", "distance grows", 1),
        ("test error", "test error falls", -1),
    ):
        means = [measured[size][quantity].mean().item() for size in sizes]
        holds = all(sign * (after - before) > 0 for before, after in pairwise(means))
        rows.append(Row("spheres, growing size", claim, float(holds), 1.0, SOURCE))
    return rows


def on_spheres(count: int, stream: torch.Generator) -> tuple[Tensor, Tensor]:
    """Points in equal numbers on the two spheres, and which: [count, DIMENSION], [count]."""
    labels = torch.arange(count) % 2
    directions = torch.randn(count, DIMENSION, generator=stream)
    return torch.tensor(RADII)[labels][:, None] * directions / directions.norm(dim=1, keepdim=True), labels


def projected(inputs: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
    """Points moved along their radius to the other sphere, and its labels."""
    radii = torch.tensor(RADII)
    return inputs * (radii[1 - labels] / radii[labels])[..., None], 1 - labels


def logits(params: Params, inputs: Tensor) -> Tensor:
    """Two logits of a network with one hidden layer. Without biases it would give both spheres the same answer."""
    hidden = torch.relu(inputs @ params["0.weight"].T + params["0.bias"])
    return hidden @ params["1.weight"].T + params["1.bias"]


def margins(params: Params, inputs: Tensor, labels: Tensor) -> Tensor:
    """The right logit less the other one."""
    outputs = logits(params, inputs)
    return (outputs[:, 1] - outputs[:, 0]) * (2 * labels - 1)


def train(size: int, seeds: int) -> dict[str, Tensor]:
    """Quantity -> one value a seed, for networks trained on `size` points of the spheres.

    SGD on the sigmoid cross-entropy of both logits until 99 % of the training points have a margin of 4; all seeds at
    once, each stopping by itself. S' has the training points moved to the other sphere, with its label.
    """
    streams = [generator(CASE, "spheres", size, seed) for seed in range(seeds)]
    inputs, labels = (torch.stack(parts) for parts in zip(*(on_spheres(size, s) for s in streams), strict=True))
    start = {
        "0.weight": _xavier((WIDTH, DIMENSION), streams),
        "0.bias": torch.zeros(seeds, WIDTH),
        "1.weight": _xavier((2, WIDTH), streams),
        "1.bias": torch.zeros(seeds, 2),
    }
    params = start

    def loss(params: Params, inputs: Tensor, labels: Tensor) -> Tensor:
        targets = (labels[:, None] == torch.arange(2)).to(inputs.dtype)
        return binary_cross_entropy_with_logits(logits(params, inputs), targets)

    gradient, all_margins = torch.vmap(grad(loss)), torch.vmap(margins)
    step = torch.vmap(lambda params, slopes, rate: tree_map(lambda w, g: w - rate * g, params, slopes))
    row = torch.arange(seeds)[:, None]
    training = torch.ones(seeds, dtype=torch.bool)
    for _ in range(EPOCHS):
        order = torch.stack([torch.randperm(size, generator=stream) for stream in streams])
        for batch in order.split(BATCH, dim=1):
            slopes = gradient(params, inputs[row, batch], labels[row, batch])
            params = step(params, slopes, RATE * training)
        training &= (all_margins(params, inputs, labels) >= MARGIN).double().mean(1) < SHARE
        if not training.any():
            break
    fresh = [generator(CASE, "spheres", "test", seed) for seed in range(seeds)]
    test = [torch.stack(parts) for parts in zip(*(on_spheres(TEST, stream) for stream in fresh), strict=True)]
    return {
        "training error": _error(all_margins(params, inputs, labels)),
        "test error": _error(all_margins(params, *test)),
        "error on S'": _error(all_margins(params, *projected(inputs, labels))),
        "distance from the start": torch.vmap(lambda a, b: norm(subtract(a, b)))(params, start),
        "product of spectral norms": math.prod(torch.linalg.matrix_norm(params[f"{k}.weight"], 2) for k in (0, 1)),
        "reached its margin": (~training).double(),
    }


def _error(margins: Tensor) -> Tensor:
    return (margins <= 0).double().mean(1)


def _xavier(shape: tuple[int, int], streams: list[torch.Generator]) -> Tensor:
    """Weights of Glorot & Bengio's normal initialisation, one matrix a stream."""
    return math.sqrt(2 / sum(shape)) * torch.stack([torch.randn(shape, generator=stream) for stream in streams])
