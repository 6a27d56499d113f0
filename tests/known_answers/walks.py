"""Walks taken step by step, and a network to take them on."""

from functools import cache

import torch

from robustpath import methods
from robustpath.core.parameters import scale, subtract, tree_map
from robustpath.methods.base import Batch, Method, build, grad
from robustpath.models.functional import initialise, mean_cross_entropy, predict
from robustpath.models.mlp import mlp

from .conftest import context_with, double


def phase(name: str, number: int = 0, **hyperparameters: float) -> Method:
    """A phase of a registered method, the first unless another is named."""
    return build(methods.load(name), {key: double(value) for key, value in hyperparameters.items()}).phases[number][1]


def normal(tree, seed, count):
    """`count` trees of normal numbers."""
    generator = torch.Generator().manual_seed(seed)
    return [tree_map(lambda x: torch.randn(x.shape, generator=generator, dtype=x.dtype), tree) for _ in range(count)]


def stacked(trees):
    """Trees one above the other: each tensor gets a first axis."""
    return {name: torch.stack([tree[name] for tree in trees]) for name in trees[0]}


def wander(method, loss, params, noises, probe=None, batch=None, **context):
    """The parameters after every step, the first and measuring one included, and what the steps report."""
    path, infos, _ = wander_on(method, loss, params, noises, probe, batch, **context)
    return path, infos


def wander_on(method, loss, params, noises, probe=None, batch=None, **context):
    """As `wander`, and the last state."""
    state, path, infos = method.init(params), [], []
    for noise in noises:
        given = context_with(double(0.5), noise, probe, **context)
        params, state, info = method.step(loss, params, state, batch, given)
        path.append(params)
        infos.append(info)
    return path, {key: torch.stack([info[key] for info in infos]) for key in infos[0]}, state


digit_network = mlp(64, [64, 64], 10)
logits = predict(digit_network)


@cache
def digit_images(first: int, last: int) -> Batch:
    """Images of digits `first` to `last`, standardised."""
    from sklearn.datasets import load_digits

    images, labels = load_digits(return_X_y=True)
    inputs = (torch.tensor(images[first:last]) - images.mean()) / images.std()
    return Batch(inputs, torch.tensor(labels[first:last]))


@cache
def half_way_down_digits():
    """A network of 64-64-64-10 units half-way down: its loss on 128 images of digits, its parameters and the images."""
    probe, loss = digit_images(0, 128), mean_cross_entropy(digit_network)
    params = tree_map(torch.Tensor.double, initialise(digit_network, torch.Generator().manual_seed(0)))
    for _ in range(60):
        params = subtract(params, scale(grad(loss)(params, probe), double(0.2)))
    return loss, params, probe
