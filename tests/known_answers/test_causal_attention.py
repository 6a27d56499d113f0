"""Causal attention: the terms of the authors' program (Wangt-CN/CaaM at 3afe48f, 0-NICO/train_module.py) by hand."""

import math
from itertools import product

import pytest
import torch
from torch.nn import functional

from robustpath import models
from robustpath.methods.base import Batch, Context
from robustpath.methods.shortcuts.causal_attention import invariant_risk, partition, parts, slopes, variance
from robustpath.models.functional import activations, initialise, predict

from .conftest import bound, double

PLAIN = {"learning_rate": 0.1, "momentum": 0.0, "weight_decay": 0.0, "warmup": 0.0}
SHAPE = (8, 8)
MODEL = models.network({"model": "attention_cnn"}, SHAPE, 2)
DRAW = torch.Generator().manual_seed(0)
BATCH = Batch(torch.rand(8, *SHAPE, generator=DRAW, dtype=torch.float64), torch.tensor([0, 1, 1, 0, 1, 0, 0, 1]))


def start():
    params = {name: tensor.double() for name, tensor in initialise(MODEL, torch.Generator().manual_seed(1)).items()}
    params["attention.weight"] = torch.randn(1, 2, 3, 3, generator=torch.Generator().manual_seed(2)).double()
    return params


def context(progress=0.5):
    return Context(double(progress), {}, predict(MODEL), activations(MODEL))


def after_steps(progress, **hyperparameters):
    """Parameters to evaluate, those in training, the state and what is reported after a step at each progress."""
    method, params = bound("causal_attention", **PLAIN | hyperparameters), start()
    state = method.init(params)
    for value in progress:
        params, state, info = method.step(None, params, state, BATCH, context(value))
    return method.readout(params, state), params, state, info


def pooled(leaves, images):
    """c and x, means over pixels, layer by layer in PyTorch's own functions."""
    x = images[:, None]
    for number in range(3):
        x = functional.conv2d(x, leaves[f"convolution{number}.weight"], leaves[f"convolution{number}.bias"], padding=1)
        x = functional.group_norm(x, 8, leaves[f"norm{number}.weight"], leaves[f"norm{number}.bias"]).relu()
        if number < 2:
            x = functional.max_pool2d(x, 2)
    planes = torch.cat([x.max(1, keepdim=True).values, x.mean(1, keepdim=True)], 1)
    gate = functional.conv2d(planes, leaves["attention.weight"], leaves["attention.bias"], padding=1)
    return (x / (1 + (-gate).exp())).mean((2, 3)), x.mean((2, 3))


def slope_by_hand(logits, label):
    """d log(sum exp(w z)) - w z_y at w = 1."""
    weights = [math.exp(z) for z in logits]
    return sum(z * w for z, w in zip(logits, weights, strict=True)) / sum(weights) - logits[label]


def slow_loss(leaves, heads, bias, penalty):
    """The objective, example by example; the environments by the sign of the slope."""
    causal, whole = pooled(leaves, BATCH.inputs)
    left = (whole - causal).detach()
    biased = [bias["weight"] @ row + bias["bias"] for row in left]
    labels = BATCH.labels.tolist()
    environment = [int(slope_by_hand(z.tolist(), y) > 0) for z, y in zip(biased, labels, strict=True)]
    risks = []
    for e, (weight, offset) in enumerate(heads):
        own = [n for n in range(len(labels)) if environment[n] == e]
        if own:
            losses = [functional.cross_entropy(weight @ causal[n] + offset, BATCH.labels[n]) for n in own]
            risks.append(sum(losses) / len(losses))
    mean = sum(weight for weight, _ in heads) / len(heads)
    apart = [(torch.norm(w - mean + 1e-30, p=2) / torch.norm(w, p=1)) ** 2 for w, _ in heads]
    mixed = [leaves["head.weight"] @ row + leaves["head.bias"] for row in whole]
    plain = [functional.cross_entropy(z, y) for z, y in zip(mixed, BATCH.labels, strict=True)]
    of_bias = [functional.cross_entropy(z, y) for z, y in zip(biased, BATCH.labels, strict=True)]
    total = sum(risks) / len(risks) + penalty * sum(apart) / len(apart) + sum(plain) / 8 + sum(of_bias) / 8
    return total, environment


def test_steps_are_those_of_the_terms_written_out():
    """Two steps: in the second the heads differ, and the variance pulls them together."""
    penalty = 7.0
    evaluated, params, state, info = after_steps([0.3, 0.4], penalty=penalty)
    leaves = {name: tensor.clone().requires_grad_() for name, tensor in start().items()}

    def copied():
        return [leaves[name].detach().clone().requires_grad_() for name in ("head.weight", "head.bias")]

    heads, bias = [copied(), copied()], dict(zip(("weight", "bias"), copied(), strict=True))
    everything = [*leaves.values(), *heads[0], *heads[1], *bias.values()]
    for progress in (0.3, 0.4):
        loss, environment = slow_loss(leaves, heads, bias, penalty)
        assert 2 <= sum(environment) <= 6
        found = torch.autograd.grad(loss, everything)
        rate = 0.1 * 0.5 * (1 + math.cos(math.pi * progress))
        with torch.no_grad():
            for leaf, slope in zip(everything, found, strict=True):
                leaf -= rate * slope
    assert info["loss"].item() == pytest.approx(loss.item(), rel=1e-7)
    for name, leaf in leaves.items():
        torch.testing.assert_close(params[name], leaf.detach(), msg=name)
    for e, (weight, offset) in enumerate(heads):
        torch.testing.assert_close(state.environments["weight"][e], weight.detach())
        torch.testing.assert_close(state.environments["bias"][e], offset.detach())
    torch.testing.assert_close(state.bias["weight"], bias["weight"].detach())
    torch.testing.assert_close(evaluated["head.weight"], (heads[0][0] + heads[1][0]).detach() / 2)
    torch.testing.assert_close(evaluated["head.bias"], (heads[0][1] + heads[1][1]).detach() / 2)
    others = [name for name in evaluated if not name.startswith("head")]
    assert all(torch.equal(evaluated[name], params[name]) for name in others)


def test_the_variance_of_two_heads_by_hand():
    """W_1 = (1, -1) and W_2 = (3, 1) have the mean (2, 0): squared distances 2 and 2, sums of magnitudes 2 and 4."""
    heads = double([[[1.0, -1.0]], [[3.0, 1.0]]])
    assert variance(heads).item() == pytest.approx((2 / 2**2 + 2 / 4**2) / 2)
    assert variance(5 * heads).item() == pytest.approx(variance(heads).item())  # it has no scale
    assert variance(double([[[1.0, -2.0]]] * 2)).item() == 0
    slope = torch.func.grad(variance)(double([[[1.0, -2.0]]] * 2))
    assert slope.abs().max() == 0


def test_the_slope_is_that_of_the_loss_along_the_scale():
    logits, labels = torch.randn(6, 3, generator=DRAW, dtype=torch.float64), torch.arange(6) % 3
    step = 1e-6
    up, down = (functional.cross_entropy(factor * logits, labels, reduction="none") for factor in (1 + step, 1 - step))
    torch.testing.assert_close(slopes(logits, labels), (up - down) / (2 * step), rtol=1e-6, atol=1e-8)
    by_hand = [slope_by_hand(z.tolist(), y) for z, y in zip(logits, labels.tolist(), strict=True)]
    torch.testing.assert_close(slopes(logits, labels), double(by_hand))


def test_a_planted_split_is_found():
    """A bias head that reads an attribute alone, which goes with the label but for examples 2 and 5."""
    labels, attribute = torch.tensor([0, 1, 0, 1, 0, 1]), torch.tensor([0, 1, 1, 1, 0, 0])
    logits = 3 * functional.one_hot(attribute, 2).double() + 0.1
    assert partition(logits, labels).tolist() == [0, 0, 1, 0, 0, 1]


def test_no_other_split_has_a_larger_objective():
    """All splits of eight examples with three classes, one by one: the sum of the squared slopes of both risks, parts
    of the batch's; the sum of the risks is the same for every split."""
    logits, labels = 2 * torch.randn(8, 3, generator=DRAW, dtype=torch.float64), torch.arange(8) % 3
    slope, loss = slopes(logits, labels).tolist(), functional.cross_entropy(logits, labels, reduction="none").tolist()

    def objective(split):
        parts = [sum(s for s, own in zip(slope, split, strict=True) if own == e) / 8 for e in (0, 1)]
        return sum(part**2 for part in parts)

    def risk(split):
        return sum(sum(value for value, own in zip(loss, split, strict=True) if own == e) / 8 for e in (0, 1))

    every = list(product((0, 1), repeat=8))
    assert objective(partition(logits, labels).tolist()) == pytest.approx(max(map(objective, every)))
    assert max(map(risk, every)) == pytest.approx(min(map(risk, every)))
    assert 2 <= partition(logits, labels).sum() <= 6


def test_the_risk_of_environments_by_hand():
    """Zero heads have the risk log 2 everywhere; one that knows the answer of its own examples nearly none; and an
    environment without examples counts for nothing."""
    features, labels = double([[1.0], [-1.0], [1.0]]), torch.tensor([1, 0, 1])
    heads = {"weight": double([[[0.0], [0.0]], [[-20.0], [20.0]]]), "bias": torch.zeros(2, 2).double()}
    both = invariant_risk(heads, features, labels, torch.tensor([0, 1, 1])).item()
    assert both == pytest.approx(math.log(2) / 2, abs=1e-9)
    assert invariant_risk(heads, features, labels, torch.tensor([0, 0, 0])).item() == pytest.approx(math.log(2))
    assert invariant_risk(heads, features, labels, torch.tensor([1, 1, 1])).item() == pytest.approx(0, abs=1e-9)


def test_the_parts_add_up_and_zero_splits_evenly():
    even = start() | {"attention.weight": torch.zeros(1, 2, 3, 3).double()}
    for params in (start(), even):
        found = parts(activations(MODEL)(params, BATCH.inputs))
        causal, whole = pooled(params, BATCH.inputs)
        torch.testing.assert_close(found.causal, causal)
        torch.testing.assert_close(found.causal + found.spurious, found.mix)
        torch.testing.assert_close(found.mix, whole)
    torch.testing.assert_close(found.causal, found.spurious)  # sigmoid(0) = 1 / 2


def test_a_penalty_holds_the_heads_together_and_none_lets_them_go():
    def distance(penalty):
        heads = after_steps([0.1] * 3, penalty=penalty)[2].environments["weight"]
        return (heads[0] - heads[1]).norm().item()

    assert 0 < distance(300.0) < 0.8 * distance(0.0)
