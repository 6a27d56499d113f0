"""Repulsion in function space: the closed form of its gradient for a linear network, its cost, and what it is for."""

import pytest
import torch
from torch.nn.functional import softmax

from robustpath.core.parameters import norm, scale
from robustpath.engine.plan import step_cost
from robustpath.methods.base import Batch
from robustpath.methods.minima.repelled_warmup import from_function
from robustpath.methods.walk import Place

from .conftest import context_with, double
from .walks import digit_images, half_way_down_digits, logits, normal, phase, wander


def linear(params, inputs):
    return inputs @ params["w"].T


def place(params, start, batch):
    return Place(params, params, {}, start, params, None, batch, context_with(double(0.5), network=linear))


def test_the_gradient_of_the_divergence_of_a_linear_network():
    """By hand: grad KL(p_0 || p_w) = mean (p_w - p_0) x' for logits w x, whichever the labels."""
    generator = torch.Generator().manual_seed(0)
    start, params, inputs = (
        torch.randn(size, generator=generator, dtype=torch.float64) for size in ((3, 4), (3, 4), (20, 4))
    )
    difference = softmax(inputs @ params.T, -1) - softmax(inputs @ start.T, -1)
    expected = difference.T @ inputs
    found = from_function(place({"w": params}, {"w": start}, Batch(inputs, torch.zeros(20, dtype=torch.long))))["w"]
    assert torch.allclose(found, expected / expected.norm(), rtol=0, atol=1e-12)


def test_at_the_start_there_is_no_direction():
    """In single precision the gradient there is rounding, which a unit vector would turn into a direction."""
    inputs = torch.randn(20, 4, generator=torch.Generator().manual_seed(1))
    params = {"w": torch.randn(3, 4, generator=torch.Generator().manual_seed(2))}
    assert norm(from_function(place(params, params, Batch(inputs, None)))) == 0
    nearby = scale(params, torch.tensor(1.01))
    assert norm(from_function(place(nearby, params, Batch(inputs, None)))).item() == pytest.approx(1, abs=1e-6)


def test_a_step_costs_a_gradient_on_the_probe_one_on_the_batch_and_a_forward_pass():
    loss, params, probe = half_way_down_digits()
    batch = Batch(probe.inputs[:32], probe.labels[:32])
    assert step_cost(phase("repelled_warmup"), loss, params, batch, logits) == pytest.approx(256 / 32 + 1 + 1 / 3)


def test_it_changes_the_function_more_than_repulsion_in_weight_space():
    """Divergence from the start on images that neither walk has seen, at the same length of steps and level."""
    loss, start, probe = half_way_down_digits()
    unseen, batch = digit_images(400, 600), digit_images(128, 160)
    before = softmax(logits(start, unseen.inputs), -1)
    divergence = {}
    for name in ("repelled_warmup", "persistent_warmup"):
        method = phase(name, step_length=0.01, persistence=0.9, repulsion=0.5)
        path, _ = wander(method, loss, start, normal(start, 3, 30), probe, batch, network=logits)
        losses = torch.stack([loss(p, probe) for p in path])
        assert ((losses - losses[0]).abs() <= 0.05 * losses[0]).all()
        assert max(abs(norm(p) / norm(start) - 1) for p in path) < 1e-12
        after = softmax(logits(path[-1], unseen.inputs), -1)
        divergence[name] = (before * (before / after).log()).sum(1).mean()
    assert divergence["repelled_warmup"] > 3 * divergence["persistent_warmup"]
