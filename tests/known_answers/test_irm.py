"""IRM: the exact penalties of the paper's linear example, and the arithmetic of its program on classes."""

import pytest
import torch
from torch.nn.functional import cross_entropy

from robustpath.methods.base import Batch, Context
from robustpath.methods.descent import cosine
from robustpath.methods.shortcuts.irm import penalties, slopes

from .conftest import bound, double

SIGMAS = (0.5, 1.0, 2.0)
SIGNS = torch.cartesian_prod(*[double([-1.0, 1.0])] * 3)
PLAIN = {"momentum": 0.0, "weight_decay": 0.0, "warmup": 0.0}


def squares(outputs, targets, reduction):
    return (outputs[:, 0] - targets).square()


def environment(sigma):
    """Eight points, each twice, with the second moments of X1 ~ N(0, s²), Y = X1 + N(0, s²), X2 = Y + N(0, 1)."""
    first = sigma * SIGNS[:, 0]
    target = first + sigma * SIGNS[:, 1]
    return torch.stack([first, target + SIGNS[:, 2]], 1).repeat_interleave(2, 0), target.repeat_interleave(2)


def best(inputs, targets):
    """The least squares solution."""
    return torch.linalg.lstsq(inputs, targets[:, None]).solution[:, 0]


def penalties_at(v):
    """Of every environment, as examples of one batch."""
    parts = [environment(sigma) for sigma in SIGMAS]
    inputs, targets = (torch.cat(part) for part in zip(*parts, strict=True))
    members = torch.eye(3, dtype=torch.float64).repeat_interleave(16, 0)
    return penalties(slopes((inputs @ v)[:, None], targets, squares), members)


def test_the_best_of_one_environment_looks_at_the_effect():
    """Arjovsky et al. 2019, sec. 2, example 1, by hand: v = (1 / (s² + 1), s² / (s² + 1))."""
    for sigma in SIGMAS:
        expected = double([1 / (sigma**2 + 1), sigma**2 / (sigma**2 + 1)])
        torch.testing.assert_close(best(*environment(sigma)), expected)


def test_the_penalty_vanishes_at_the_cause_and_not_at_the_pooled_minimum():
    """By hand at v = (1, 0): 2 E[(X1 - Y) X1] = 0 in every environment; at the pooled least squares solution
    (2 E[(v X - Y) v X])² is .48, .12 and 1.08."""
    torch.testing.assert_close(penalties_at(double([1.0, 0.0])), double([0.0] * 3))
    torch.testing.assert_close(penalties_at(double([0.0, 0.0])), double([0.0] * 3))
    pooled = best(*(torch.cat(part) for part in zip(*map(environment, SIGMAS), strict=True)))
    assert penalties_at(pooled).tolist() == pytest.approx([0.48, 0.12, 1.08], abs=0.005)


def test_the_estimate_has_no_bias_and_needs_two_examples():
    """Slopes (1, 5, 3) at places 0, 1, 2: the mean of the even places times that of the odd is 2 * 5."""
    slope, all_in = double([1.0, 5.0, 3.0]), torch.ones(3, 1)
    assert penalties(slope, all_in).tolist() == [10.0]
    assert penalties(slope, double([[1.0], [0.0], [1.0]])).tolist() == [0.0]


def by_the_program(w, batch, environments, factor):
    """The loss of colored_mnist/main.py at 0db3fb2, InvariantRiskMinimization, without its weight decay."""
    risks, squared = [], []
    for rows in environments:
        scale = torch.ones((), dtype=torch.float64, requires_grad=True)
        risk = cross_entropy(batch.inputs[rows] @ w * scale, batch.labels[rows])
        risks.append(risk)
        squared.append(torch.autograd.grad(risk, [scale], create_graph=True)[0].square())
    loss = torch.stack(risks).mean() + factor * torch.stack(squared).mean()
    return loss / factor if factor > 1 else loss


@pytest.mark.parametrize(("progress", "factor"), [(0.1, 1.0), (0.9, 50.0)])
def test_a_step_is_that_of_the_authors_program(progress, factor):
    """Each example lies at an even and at an odd place, so that both halves of an environment are alike. The third of
    the attributes has no example, and is no environment then."""
    draw = torch.Generator().manual_seed(0)
    inputs = torch.randn(6, 4, generator=draw, dtype=torch.float64).repeat_interleave(2, 0)
    batch = Batch(inputs, torch.tensor([0, 1, 2, 2, 1, 0]).repeat_interleave(2))
    attribute = torch.tensor([0, 0, 0, 0, 1, 1]).repeat_interleave(2)
    start = torch.randn(4, 3, generator=draw, dtype=torch.float64)

    def network(params, inputs):
        return inputs @ params["w"]

    method, params = bound("irm", penalty=50.0, plain=0.4, learning_rate=0.1, **PLAIN), {"w": start}
    groups = Batch(torch.zeros(12, 3), batch.labels * 3 + attribute)
    context = Context(double(progress), {"groups": groups}, network)
    after, _, info = method.step(None, params, method.init(params), batch, context)

    w = start.clone().requires_grad_()
    expected = by_the_program(w, batch, [attribute == 0, attribute == 1], factor)
    expected.backward()
    rate = 0.1 * cosine(double(progress), double(0.0))
    assert info["loss"].item() == pytest.approx(expected.item())
    torch.testing.assert_close(after["w"], start - rate * w.grad)
