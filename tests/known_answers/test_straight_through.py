"""Straight-through: two values forward, the identity backward, and the plain network where it is evaluated."""

import pytest
import torch
from torch.nn.functional import cross_entropy

from robustpath.methods.activations import Units
from robustpath.methods.base import grad
from robustpath.methods.shortcuts.straight_through import rounded

from .activations import BATCH, LABELS, RATE_AT_END, forward, start, stepped
from .conftest import double

UNITS = Units(double([[1.0, 3.0], [1.1, -1.0]]), double([[1.0, 3.0], [1.1, 0.0]]), double([2.0, 4.0]))


def test_the_whole_share_gives_zero_or_the_scale():
    """Not above half of the scale 2 is 1, above it 1.1; of the scale 4 it is 3. Half of the way at the share 1/2."""
    assert rounded(UNITS, double(1.0)).tolist() == [[0.0, 4.0], [2.0, 0.0]]
    torch.testing.assert_close(rounded(UNITS, double(0.5)), double([[0.5, 3.5], [1.55, 0.0]]))
    assert rounded(UNITS, double(0.0)).tolist() == UNITS.after.tolist()


@pytest.mark.parametrize("share", [0.0, 0.3, 1.0])
def test_the_gradient_is_the_identity(share):
    weights = double([[1.0, -2.0], [5.0, 7.0]])
    slope = grad(lambda h: (weights * rounded(UNITS._replace(after=h), double(share))).sum())(UNITS.after)
    assert slope.tolist() == weights.tolist()


@pytest.mark.parametrize(("strength", "share"), [(0.03, 0.3), (0.1, 1.0), (0.7, 1.0)])
def test_a_step_by_the_chain_rule(strength, share):
    """The derivative by hand, layer by layer: logits of the rounded units, all else of the graded ones."""
    params = start()
    first, second, _ = forward(params, BATCH.inputs)
    scales = [sum(h * h for h in column) / sum(column) if sum(column) else 1e-3 for column in second.T.tolist()]
    two = double([[s if h > s / 2 else 0.0 for h, s in zip(row, scales, strict=True)] for row in second.tolist()])
    seen = (1 - share) * second + share * two
    logits = seen @ params["5.weight"].T + params["5.bias"]
    at_logits = (logits.softmax(1) - torch.eye(3)[LABELS]) / 6
    at_second = (at_logits @ params["5.weight"]) * (second > 0)
    at_first = (at_second @ params["3.weight"]) * (first > 0)
    expected = {
        "1.weight": at_first.T @ BATCH.inputs, "1.bias": at_first.sum(0),
        "3.weight": at_second.T @ first, "3.bias": at_second.sum(0),
        "5.weight": at_logits.T @ seen, "5.bias": at_logits.sum(0),
    }  # fmt: skip
    found, state, info = stepped("straight_through", strength=strength)
    assert info["loss"].item() == pytest.approx(cross_entropy(logits, LABELS).item(), rel=1e-12)
    assert state.scales[0].clamp_min(1e-3).tolist() == pytest.approx(scales, rel=1e-12)
    for name, slope in expected.items():
        torch.testing.assert_close(found[name], params[name] - RATE_AT_END * slope, msg=name)


def test_what_is_evaluated_is_the_plain_network():
    """readout gives the parameters of the network and nothing that would round."""
    found, *_ = stepped("straight_through", strength=0.1)
    assert list(found) == list(start())
