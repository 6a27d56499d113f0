"""Level-set teleportation: the steepest point of a level set, reached by the gradient's own derivative.

The field u = P Hg is that of Mishkin et al. 2025; on a quadratic its end is known.
"""

import math

import pytest
import torch

from robustpath import methods
from robustpath.core.parameters import add, dot, norm, scale, subtract, tree_map, unit
from robustpath.methods.base import Batch, build, grad
from robustpath.methods.geometry import tangent
from robustpath.methods.walk import walk
from robustpath.models.functional import initialise, mean_cross_entropy
from robustpath.models.mlp import mlp

from .conftest import bound, context_with, double
from .walks import digit_network, half_way_down_digits, phase, wander


def ellipse(params, batch):
    """½ (x² + 10 y²); z, on which it does not depend, is so large that the sphere |(x, y, z)| is flat."""
    return 0.5 * (double([1.0, 10.0]) * params["v"] ** 2).sum()


def on_the_level(v):
    """The point of the ellipse L = 1/2 in the direction of v."""
    v = double(v)
    return {"v": v / (2 * ellipse({"v": v}, None)).sqrt(), "z": double([1e4])}


def climb(params, length, steps):
    """The walk by steps of `length`: the last point, and |g|² and the loss after every step."""
    method = bound("level_teleportation", step_length=length / 1e4).phases[0][1]
    state, squares, losses = method.init(params), [], []
    for _ in range(steps):
        params, state, info = method.step(ellipse, params, state, None, context_with(double(0.5)))
        squares.append(dot(state.gradient, state.gradient))
        losses.append(info["loss"])
    return params, torch.stack(squares), torch.stack(losses)


def test_the_steepest_point_of_an_ellipse():
    """I5: |g|² = x² + 100 y² is greatest on x² + 10 y² = 1 at (0, ±1/sqrt(10)), where it is 2 c 10 = 10. To 1e-6.

    From near the flattest point, where |g|² = 1: by long steps to within one of them, then by short ones. The walk's
    length does not fall of itself, so it ends by stepping over the point: |g|² = 10 - 9 x², within 9 d² for a step d.
    """
    params, squares, losses = climb(on_the_level([1.0, 0.02]), 0.03, 45)
    assert squares[0] < 1.05
    assert squares.max() > 9.98
    assert (squares.diff()[1:30] > 0).all()
    assert ((losses - 0.5).abs() < 0.01).all()
    params, squares, losses = climb(on_the_level(params["v"].tolist()), 2e-4, 60)
    assert squares[-1].item() == pytest.approx(10, abs=1e-6)
    assert losses[-1].item() == pytest.approx(0.5, abs=1e-7)
    assert params["v"].abs().tolist() == pytest.approx([0, 1 / math.sqrt(10)], abs=3e-4)


def small_network():
    generator = torch.Generator().manual_seed(0)
    model = mlp(6, [8, 5], 3)
    params = tree_map(torch.Tensor.double, initialise(model, generator))
    inputs = torch.randn(40, 6, generator=generator, dtype=torch.float64)
    return mean_cross_entropy(model), params, Batch(inputs, torch.randint(3, (40,), generator=generator))


def two_steps(name, loss, params, probe, **hyperparameters):
    """The measuring step and the first that moves; and how often each of them asked for the loss."""
    method, calls = bound(name, **hyperparameters).phases[0][1], []
    state = method.init(params)

    def counted(p, b):
        calls.append(len(b.labels))
        return loss(p, b)

    counts = []
    for _ in range(2):
        params, state, info = method.step(counted, params, state, None, context_with(double(0.5), None, probe))
        counts.append(len(calls))
    return params, info, counts


def test_a_step_goes_along_the_projected_hessian_product():
    """d |g| / dw = H ĝ, here by autograd twice; the step is its tangential part, on the sphere of the parameters."""
    loss, params, probe = small_network()
    slope = grad(loss)(params, probe)
    steepest = grad(lambda p: norm(grad(loss)(p, probe)))(params)
    after, info, counts = two_steps("level_teleportation", loss, params, probe, step_length=0.01)
    ahead = unit(tangent(params, slope, steepest))
    moved = tree_map(lambda w, u: w + 0.01 * norm(params) * u, params, ahead)
    expected = scale(moved, norm(params) / norm(moved))
    assert norm(subtract(after, expected)) < 1e-12 * norm(params)
    assert norm(grad(loss)(after, probe)) > 1.01 * norm(slope)
    assert info["level_error"] < 0.01
    assert counts == [1, 2]


def test_the_exact_product_climbs_faster_than_a_difference_of_gradients():
    """From an initialisation, by 40 steps at the same level: a difference over 0.05 sees other sides of the kinks."""
    loss, _, probe = half_way_down_digits()
    start = tree_map(torch.Tensor.double, initialise(digit_network, torch.Generator().manual_seed(0)))

    def difference(place):
        there = grad(loss)(add(place.params, scale(unit(place.gradient), double(0.05))), probe)
        return tangent(place.params, place.gradient, subtract(there, place.gradient))

    path, _ = wander(phase("level_teleportation", step_length=0.01), loss, start, [None] * 40, probe)
    other, _ = wander(walk(difference, double(0.01)), loss, start, [None] * 40, probe)
    before, exact, apart = (norm(grad(loss)(p, probe)) for p in (start, path[-1], other[-1]))
    assert exact > 25 * before
    assert exact > 1.3 * apart
    assert ((torch.stack([loss(p, probe) for p in path]) / loss(start, probe) - 1).abs() <= 0.05).all()


def test_it_is_flat_warmup_with_the_other_sign():
    loss, params, probe = small_network()
    up, down = (
        subtract(two_steps(name, loss, params, probe, step_length=1e-3)[0], params)
        for name in ("level_teleportation", "flat_warmup")
    )
    assert dot(up, down) < -0.99999 * norm(up) * norm(down)
    specs = [methods.load(name) for name in ("level_teleportation", "flat_warmup")]
    assert specs[0].search == specs[1].search


def test_a_quarter_of_the_budget_is_walked_and_the_rest_is_the_base():
    (share, walk), (rest, base) = build(methods.load("level_teleportation"), {}).phases
    assert (share, rest, walk.needs, base.needs) == (0.25, 0.75, {"probe": 128}, {})
