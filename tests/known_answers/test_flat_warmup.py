"""The flat field: where it leads on a quadratic, its closed form there, and its cost."""

import pytest
import torch

from robustpath.core.parameters import norm, subtract, tree_map
from robustpath.engine.plan import step_cost
from robustpath.methods.base import Batch, grad
from robustpath.methods.geometry import tangent
from robustpath.methods.minima.flat_warmup import flattening
from robustpath.methods.walk import Place, walk
from robustpath.models.functional import initialise

from .conftest import context_with, double
from .walks import digit_network, half_way_down_digits, phase, wander


def elongated(params, batch):
    return 0.5 * (params["v"][0] ** 2 + 10 * params["v"][1] ** 2)


def test_on_an_ellipse_it_ends_where_the_gradient_is_smallest():
    """I5: on L = (x² + 10 y²)/2 = c the field -P H ĝ has its sink at (sqrt(2c), 0), where |g|² = 2 c lambda_min = 1 for
    c = 0.5. z, on which the loss does not depend, is so large that the sphere of (x, y, z) is flat.

    Steps have a length, not a limit: a walk ends within one step d of the sink, where |g|² <= 1 + 90 d², so the steps
    are shortened three times, to d = 3e-5.
    """
    params = {"v": double([0.6, 0.064**0.5]), "z": double([1e4])}
    lengths = (3e-6, 3e-7, 3e-8, 3e-9)
    state = walk(flattening(double(0.05)), double(lengths[0])).init(params)
    for length in lengths:
        method = walk(flattening(double(0.05)), double(length), tolerance=1e-3)
        state = state._replace(step_length=double(length))
        for _ in range(40):
            params, state, info = method.step(elongated, params, state, None, context_with(double(0.5)))
            assert info["level_error"] < 1e-3
    assert elongated(params, None).item() == pytest.approx(0.5, abs=1e-8)
    assert norm(grad(elongated)(params, None)).square().item() == pytest.approx(1, abs=1e-6)
    assert params["v"][0].item() == pytest.approx(1, abs=1e-6)


def test_on_a_quadratic_the_direction_is_the_curvature_along_the_gradient():
    """grad L(w + rho ĝ) - g = rho H ĝ without an error term."""
    generator = torch.Generator().manual_seed(0)
    factor = torch.randn(8, 8, generator=generator, dtype=torch.float64)
    hessian, params = factor @ factor.T, {"w": torch.randn(8, generator=generator).double()}
    gradient = {"w": hessian @ params["w"]}
    expected = tangent(params, gradient, {"w": -0.3 * hessian @ gradient["w"] / norm(gradient)})
    place = Place(
        params, gradient, params, params, lambda p, b: 0.5 * p["w"] @ hessian @ p["w"], None, context_with(double(0.5))
    )
    found = flattening(double(0.3))(place)
    assert norm(subtract(found, expected)) < 1e-12 * norm(expected)
    assert norm(expected) > 0.1


def test_a_step_costs_two_gradients_on_the_probe():
    loss, params, probe = half_way_down_digits()
    batch = Batch(probe.inputs[:32], probe.labels[:32])
    method = phase("flat_warmup")
    assert step_cost(method, loss, params, batch) == pytest.approx(2 * 128 / 32)
    assert method.needs == {"probe": 128}


def test_from_the_initialisation_the_gradient_shrinks_at_a_level_loss():
    loss, _, probe = half_way_down_digits()
    start = tree_map(torch.Tensor.double, initialise(digit_network, torch.Generator().manual_seed(0)))
    path, info = wander(phase("flat_warmup", step_length=0.01), loss, start, [None] * 40, probe)
    losses = torch.stack([loss(p, probe) for p in path])
    steepness = [norm(grad(loss)(p, probe)) for p in (path[0], path[-1])]
    assert ((losses - losses[0]).abs() <= 0.05 * losses[0]).all()
    assert max(abs(norm(p) / norm(start) - 1) for p in path) < 1e-12
    assert steepness[1] < 0.2 * steepness[0]
    assert info.keys() == {"loss", "accepted", "level_error", "displacement", "step_length"}
