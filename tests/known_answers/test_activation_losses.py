"""Entropy, sigmoid, L1 and Hoyer on activations, and the compression of a linear latent layer: by hand."""

import math

import pytest
import torch
from torch.nn.functional import cross_entropy

from robustpath import models
from robustpath.methods.activations import Units
from robustpath.methods.base import grad
from robustpath.methods.shortcuts.activation_entropy import binary_entropy, entropies
from robustpath.methods.shortcuts.activation_l1 import sizes
from robustpath.methods.shortcuts.activation_sigmoid import variances
from robustpath.methods.shortcuts.hoyer import participation

from .activations import BATCH, LABELS, descended, forward, start, stepped
from .conftest import double

# Two units with the scales 2 and 4 on two examples; z / s = 1/2 and -3/4, then 1 and 1/4.
LAYER = Units(double([[1.0, -3.0], [2.0, 1.0]]), double([[1.0, 0.0], [2.0, 1.0]]), double([2.0, 4.0]))
ON = [1 / (1 + math.exp(-8 * (part - 0.5))) for part in (0.5, -0.75, 1.0, 0.25)]


def test_entropy_by_hand():
    """ln 2 at one half of the scale; the sum over units of a mean over two examples."""
    expected = sum(-q * math.log(q) - (1 - q) * math.log(1 - q) for q in ON) / 2
    assert entropies(LAYER).item() == pytest.approx(expected, rel=1e-12)
    found = binary_entropy(double([0.0, 1e4, -1e4]))
    assert found.tolist() == pytest.approx([math.log(2), 0.0, 0.0])
    slope = grad(lambda u: binary_entropy(u).sum())(double([0.0, 1.0, 1e4, -1e4]))
    q = 1 / (1 + math.exp(-1))
    assert slope.tolist() == pytest.approx([0.0, -q * (1 - q), 0.0, 0.0])


def test_sigmoid_by_hand():
    """1/4 at one half of the scale; ON, below and above it, is what a steepness of 8 makes."""
    assert variances(LAYER).item() == pytest.approx(sum(q * (1 - q) for q in ON) / 2, rel=1e-12)
    half = Units(double([[1.0]]), double([[1.0]]), double([2.0]))
    assert variances(half).item() == 0.25


def test_l1_by_hand():
    """(1/2 + 1) / 2 + (0 + 1/4) / 2."""
    assert sizes(LAYER).item() == 0.875


def test_hoyer_counts_units():
    """1 of m = 4 for a one-hot code, 4 for equal units, (1 + 2)² / (1 + 4) between; 0 and no slope where none is on."""
    codes = double([[0.0, 3.0, 0.0, 0.0], [2.0] * 4, [1.0, 2.0, 0.0, 0.0], [0.0] * 4])
    assert participation(codes).tolist() == [1.0, 4.0, 1.8, 0.0]
    assert participation(codes / 1000).tolist() == pytest.approx([1.0, 4.0, 1.8, 0.0], rel=1e-12)
    slope = grad(lambda h: participation(h).sum())(codes)
    assert slope[1].tolist() == pytest.approx([0.0] * 4, abs=1e-15)
    assert slope[3].tolist() == [0.0] * 4
    random = torch.rand(50, 4, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    assert ((participation(random) / 4 >= 1 / 4) & (participation(random) / 4 <= 1)).all()


def scaled(h):
    """The scales of a first batch, as constants."""
    h = h.detach()
    return (h.square().sum(0) / h.sum(0).clamp_min(1e-300)).clamp_min(1e-3)


def before(params):
    first, *_ = forward(params, BATCH.inputs)
    return first @ params["3.weight"].T + params["3.bias"]


def on(params):
    z = before(params)
    return 1 / (1 + torch.exp(-8 * (z / scaled(z.clamp_min(0)) - 0.5)))


def entropy(params):
    q = on(params)
    return (-q * q.log() - (1 - q) * (1 - q).log()).sum() / 6


def occupied(params):
    z = before(params)
    a, rate = z.clamp_min(0) / scaled(z.clamp_min(0)), on(params).mean(0)
    in_wells = torch.where(a < 1, a**2 * (1 - a) ** 2, (a - 1) ** 2).sum() / 6
    outside = torch.where(rate < 0.02, (1 - rate / 0.02) ** 2, torch.where(rate > 0.5, (2 * rate - 1) ** 2, 0.0))
    return in_wells + outside.sum()


BY_HAND = {
    "double_well_occupancy": occupied,
    "activation_entropy": entropy,
    "activation_sigmoid": lambda params: (on(params) * (1 - on(params))).sum() / 6,
    "activation_l1": lambda p: (before(p).clamp_min(0) / scaled(before(p).clamp_min(0))).sum() / 6,
    "hoyer": lambda p: sum(
        (h.sum() ** 2 / (h**2).sum()) if h.sum() > 0 else 0.0 for h in before(p).clamp_min(0)
    ) / 6,
}  # fmt: skip


@pytest.mark.parametrize("name", BY_HAND)
def test_a_step_descends_the_sum(name):
    found, _, info = stepped(name, strength=0.7)

    def objective(params):
        return cross_entropy(forward(params, BATCH.inputs)[2], LABELS) + 0.7 * BY_HAND[name](params)

    assert info["loss"].item() == pytest.approx(objective(start()).item(), rel=1e-9)
    for key, tensor in descended(objective).items():
        torch.testing.assert_close(found[key], tensor, msg=key)


def test_a_linear_latent_layer_is_compressed():
    """The mean over examples of the squares, summed over the four units of latent_mlp, which no ReLU follows."""
    model = models.network({"model": "latent_mlp", "hidden": [5, 3]}, (4,), 3)
    params = start(model)
    assert {key: tuple(tensor.shape) for key, tensor in params.items() if "weight" in key} == {
        "1.weight": (5, 4), "3.weight": (3, 5), "5.weight": (4, 3), "6.weight": (3, 4)
    }  # fmt: skip

    def objective(params):
        *_, latent = forward(params, BATCH.inputs)
        logits = latent @ params["6.weight"].T + params["6.bias"]
        return cross_entropy(logits, LABELS) + 0.7 * sum((x**2).sum() for x in latent) / 6

    found, _, info = stepped("binary_latent", params=params, model=model, strength=0.7)
    assert (forward(params, BATCH.inputs)[2] < 0).any()
    assert info["loss"].item() == pytest.approx(objective(params).item(), rel=1e-12)
    for key, tensor in descended(objective, params).items():
        torch.testing.assert_close(found[key], tensor, msg=key)


@pytest.mark.parametrize(("name", "width"), [("mlp_2", 2), ("mlp_4", 4), ("mlp_8", 8)])
def test_the_width_of_the_last_hidden_layer_alone_is_another(name, width):
    usual, found = (models.network({"model": each, "hidden": [7, 5]}, (2, 3), 4) for each in ("mlp", name))
    assert [tuple(p.shape) for p in usual.parameters()] == [(7, 6), (7,), (5, 7), (5,), (4, 5), (4,)]
    assert [tuple(p.shape) for p in found.parameters()] == [(7, 6), (7,), (width, 7), (width,), (4, width), (4,)]
    assert [type(part) for part in found] == [type(part) for part in usual]
