"""The cool-down: after the descent, along the flat field of the batch, on levels that may be nearly zero."""

import pytest
import torch

from robustpath import methods
from robustpath.core.parameters import norm, subtract
from robustpath.engine.plan import step_cost
from robustpath.methods.base import Batch, build, grad
from robustpath.methods.geometry import tangent
from robustpath.methods.minima.contour_cooldown import flattening
from robustpath.methods.walk import Place

from .conftest import context_with, double
from .walks import half_way_down_digits, phase, wander


def test_three_quarters_of_the_budget_are_the_base_and_the_walk_comes_last():
    (first, base), (second, cooling) = build(methods.load("contour_cooldown"), {}).phases
    assert (first, second) == (0.75, 0.25)
    loss, params, probe = half_way_down_digits()
    _, _, info = base.step(loss, params, base.init(params), probe, context_with(double(0.5)))
    assert info.keys() == {"loss"}
    _, _, info = cooling.step(loss, params, cooling.init(params), probe, context_with(double(0.5), None, probe))
    assert info.keys() == {"loss", "accepted", "level_error", "displacement", "step_length"}


def test_the_field_is_that_of_the_batch_and_the_tangents_those_of_the_probe():
    """On quadratics with the curvatures H_B and H of batch and probe: u = -P H_B H_B w, P orthogonal to H w."""
    generator = torch.Generator().manual_seed(0)
    factors = torch.randn(2, 6, 6, generator=generator, dtype=torch.float64)
    hessians, params = factors @ factors.mT, {"w": torch.randn(6, generator=generator).double()}

    def loss(p, batch):
        return 0.5 * p["w"] @ hessians[batch.labels[0]] @ p["w"]

    batch, probe = (Batch(None, torch.tensor([row])) for row in (0, 1))
    own = hessians[0] @ params["w"]
    expected = tangent(params, grad(loss)(params, probe), {"w": -hessians[0] @ own / own.norm()})
    here = Place(
        params, grad(loss)(params, probe), {}, params, params, loss, batch, context_with(double(0.5), probe=probe)
    )
    found = flattening(here)
    assert norm(subtract(found, expected)) < 1e-12 * norm(expected)


def test_a_step_costs_a_gradient_on_the_probe_and_the_derivative_of_one_on_the_batch():
    """As much as one and three; the gradient of the batch itself comes with its derivative."""
    loss, params, probe = half_way_down_digits()
    batch = Batch(probe.inputs[:32], probe.labels[:32])
    assert step_cost(phase("contour_cooldown", 1), loss, params, batch) == pytest.approx(128 / 32 + 3)


def test_the_walk_is_the_same_however_low_the_level():
    """L = mean exp(-m_i) of margins m = X w: with all margins greater by log s the loss is s times smaller and the walk
    the same, as its tolerance is a share of the level. In single precision."""
    generator = torch.Generator().manual_seed(0)
    inputs, start = torch.randn(64, 20, generator=generator), torch.randn(20, generator=generator)
    method = phase("contour_cooldown", 1, step_length=0.1)
    ends = []
    for shift in (0.0, 5.0, 10.0):
        _, info = wander(
            method,
            lambda p, b, shift=shift: torch.exp(-0.6 * b.inputs @ p["w"] - shift).mean(),
            {"w": start},
            [None] * 30,
            Batch(inputs, None),
            Batch(inputs[:16], None),
        )
        assert 0.5 < info["accepted"].mean() < 1
        assert (info["level_error"] <= 0.02).all()
        ends.append(info["displacement"][-1])
    assert info["loss"][0] < 1e-3
    assert ends[0] > 0.02
    assert torch.allclose(torch.stack(ends), ends[0], rtol=1e-3)
