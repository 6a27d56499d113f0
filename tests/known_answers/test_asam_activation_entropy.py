"""ASAM on the sum of both losses: a step by hand, and the two methods that it is made of, bit for bit."""

import pytest
import torch
from torch.nn.functional import cross_entropy

from robustpath.models.functional import activations, mean_cross_entropy, predict

from .activations import BATCH, LABELS, MODEL, PLAIN, descended, forward, start
from .conftest import bound, context_with, double
from .test_activation_losses import entropy

PROGRESS = (0.1, 0.3, 0.5, 0.7)  # before the loss on activations counts, while it rises, and after
DESCENT = {**PLAIN, "momentum": 0.9, "weight_decay": 0.01}


def steps(name, **hyperparameters):
    """Parameters and reported loss after each step from one start."""
    method, params, found = bound(name, **DESCENT | hyperparameters), start(), []
    state = method.init(params)
    for value in PROGRESS:
        context = context_with(double(value), network=predict(MODEL), activations=activations(MODEL))
        params, state, info = method.step(mean_cross_entropy(MODEL), params, state, BATCH, context)
        found.append((params, info["loss"]))
    return found


def identical(one, other):
    return all(
        torch.equal(loss, again) and all(torch.equal(params[key], then[key]) for key in params)
        for (params, loss), (then, again) in zip(one, other, strict=True)
    )


@pytest.mark.parametrize(
    ("part", "hyperparameters", "off"),
    [("asam", {"radius": 0.5}, {"strength": 0.0}), ("activation_entropy", {"strength": 0.7}, {"radius": 0.0})],
)
def test_without_one_of_its_parts_it_is_the_other_bit_by_bit(part, hyperparameters, off):
    whole = steps("asam_activation_entropy", **hyperparameters, **off)
    assert identical(whole, steps(part, **hyperparameters))
    assert not identical(whole, steps("asam_activation_entropy", **{"strength": 0.7, "radius": 0.5}))


def test_a_step_descends_the_sum_from_the_top_of_the_climb():
    """Kwon et al. 2021, alg. 1 on CE + 0.7 E[H]: T = |w| + 0.01 for weights, 1 for biases; by PyTorch's derivative."""

    def objective(params):
        return cross_entropy(forward(params, BATCH.inputs)[2], LABELS) + 0.7 * entropy(params)

    leaves = {name: tensor.clone().requires_grad_() for name, tensor in start().items()}
    objective(leaves).backward()
    measure = {name: w.detach().abs() + 0.01 if "weight" in name else torch.ones_like(w) for name, w in leaves.items()}
    length = sum(((measure[name] * w.grad) ** 2).sum() for name, w in leaves.items()) ** 0.5
    climb = {name: 0.5 * measure[name] ** 2 * w.grad / length for name, w in leaves.items()}
    expected = descended(lambda p: objective({name: p[name] + climb[name] for name in p}))

    method, params = bound("asam_activation_entropy", **PLAIN, strength=0.7, radius=0.5), start()
    context = context_with(double(0.5), network=predict(MODEL), activations=activations(MODEL))
    found, _, info = method.step(None, params, method.init(params), BATCH, context)
    assert info["loss"].item() == pytest.approx(objective(start()).item(), rel=1e-9)
    for key, tensor in expected.items():
        torch.testing.assert_close(found[key], tensor, msg=key)


def test_the_scales_that_are_kept_are_those_at_the_parameters():
    """s = sum h² / sum h of the first batch, the activations before the climb."""
    method, params = bound("asam_activation_entropy", **PLAIN, strength=0.7, radius=2.0), start()
    context = context_with(double(0.5), network=predict(MODEL), activations=activations(MODEL))
    _, state, _ = method.step(None, params, method.init(params), BATCH, context)
    h = forward(params, BATCH.inputs)[1]
    torch.testing.assert_close(state.scales[0], h.square().sum(0) / h.sum(0).clamp_min(1e-300))
