"""Third-order escape: its expansion, both of its steps against what they guarantee, and the saddles it leaves."""

import math

import pytest
import torch
from torch.func import grad, hessian, jacfwd

from robustpath import methods
from robustpath.engine.plan import step_cost
from robustpath.methods.minima.third_order import Expansion, cubic_step, expand, third_order_step
from robustpath.theory.landscapes import LANDSCAPES, monkey_saddle, parabola_valley, strict_saddle
from robustpath.theory.saddles import RATES, first_below, gradient_descent

from .conftest import NO_BATCH, bound, context_with, double


def normal(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def course(loss, start, steps, seed=0, **hyperparameters):
    """The points after every step from `start`."""
    method, params, points = bound("third_order", **hyperparameters), {"w": double(start)}, []
    for drawn in normal(steps, 2, seed=seed):
        context = context_with(double(0.0), {"w": drawn})
        params, _, _ = method.step(lambda p, b: loss(p["w"]), params, (), NO_BATCH, context)
        points.append(params["w"])
    return torch.stack(points)


def quartic(w, a=normal(5, 5, seed=1), b=normal(5, 5, 5, seed=2), c=normal(5, seed=3)):  # noqa: B008
    """A polynomial of degree four in five dimensions with all kinds of terms."""
    return w @ a @ w + torch.einsum("ijk,i,j,k->", b, w, w, w) + (c @ w) ** 4 + c @ w


def expansion(loss, w):
    return expand(grad(loss), w, grad(loss)(w))


def test_the_expansion_is_that_of_automatic_differentiation():
    """Curvatures, axes, and the third derivative in the first three axes, of a quartic."""
    w = normal(5, seed=4) / 3
    found, (second, third) = expansion(quartic, w), (hessian(quartic)(w), jacfwd(hessian(quartic))(w))
    scale = second.abs().max()
    assert torch.allclose(found.curvatures, torch.linalg.eigvalsh(second), atol=1e-6 * scale)
    assert torch.allclose(found.axes @ found.curvatures.diag() @ found.axes.T, second, atol=1e-6 * scale)
    first = found.axes[:, :3]
    expected = torch.einsum("ijk,ia,jb,kc->abc", third, first, first, first)
    assert found.third.shape == (3, 3, 3)
    assert torch.allclose(found.third, expected, atol=1e-5 * expected.abs().max())


def test_the_cubic_step_by_hand():
    """<g, s> + ½ <s, Hs> + (R/6) |s|³ with R = 2: without curvature |s|² = |g|, so g = (0, -4) gives (0, 2) and the
    fall 8/6; at rest with curvatures (-1, 1) it is a unit step along the first axis, of fall 1/6."""
    nothing = torch.zeros(2, 2, 2).double()
    step, fall = cubic_step(
        Expansion(double([0.0, -4.0]), double([0.0, 0.0]), torch.eye(2).double(), nothing), double(2.0)
    )
    assert torch.allclose(step, double([0.0, 2.0]), atol=1e-12)
    assert fall.item() == pytest.approx(8 / 6)
    step, fall = cubic_step(
        Expansion(double([0.0, 0.0]), double([-1.0, 1.0]), torch.eye(2).double(), nothing), double(2.0)
    )
    assert torch.allclose(step.abs(), double([1.0, 0.0]), atol=1e-12)
    assert fall.item() == pytest.approx(1 / 6)


@pytest.mark.parametrize("seed", range(5))
def test_the_cubic_step_is_the_least_point_of_its_model(seed):
    """Nesterov & Polyak 2006: the global minimum has (H + (R|s|/2) I) s = -g with a matrix that is not negative."""
    matrix, g = normal(6, 6, seed=seed), normal(6, seed=seed + 50)
    curvatures, axes = torch.linalg.eigh(matrix + matrix.T)
    step, fall = cubic_step(Expansion(g, curvatures, axes, torch.zeros(3, 3, 3).double()), double(3.0))
    shifted = matrix + matrix.T + 1.5 * step.norm() * torch.eye(6)
    assert torch.allclose(shifted @ step, -g, atol=1e-9)
    assert torch.linalg.eigvalsh(shifted)[0] > -1e-9
    assert fall.item() == pytest.approx(step.norm().item() ** 3 / 4)


def test_both_steps_keep_what_they_guarantee():
    """On the unit disc of the monkey saddle |f'''| <= 6 + 24 and |f''''| <= 24 (r⁴ has the fourth derivative 24): with
    such R and L the loss falls by at least the promise wherever there is one."""
    promised = 0
    for w in 0.5 * normal(100, 2, seed=5).clamp(-1, 1):
        at = expansion(monkey_saddle, w)
        for step, fall in (cubic_step(at, double(30.0)), third_order_step(at, normal(2, seed=6), double(24.0))):
            if fall > 0 and (w + step).norm() < 1:
                assert monkey_saddle(w + step) <= monkey_saddle(w) - fall + 1e-7
                promised += 1
    assert promised > 120


def test_at_the_monkey_saddle_the_step_is_as_long_and_as_steep_as_can_be():
    """T(u,u,u) is 6 at most; 6 / L = 0.1 at the default L = 60. From there gradient descent takes 94 steps, after 718
    from a tenth of the distance."""
    landscape = LANDSCAPES["monkey saddle"]
    third = jacfwd(hessian(monkey_saddle))(double([0.0, 0.0]))
    for seed in range(5):
        (after,) = course(monkey_saddle, (0.0, 0.0), 1, seed=seed)
        assert after.norm().item() == pytest.approx(0.1, abs=1e-9)
        u = -after / after.norm()
        assert torch.einsum("ijk,i,j,k->", third, u, u, u).item() == pytest.approx(6, abs=1e-6)
        losses = gradient_descent(landscape, RATES["monkey saddle"], tuple(after.tolist()), 200)
        assert first_below(losses[:, None], landscape.left).item() == 94


def test_it_leaves_both_saddles_and_ends_at_a_minimum():
    """(1, 0) leads plain descent into the strict saddle; at the monkey saddle Hessian and gradient vanish."""
    for seed in range(3):
        end = course(strict_saddle, (1.0, 0.0), 25, seed=seed)[-1]
        assert strict_saddle(end).item() == pytest.approx(-0.25, abs=1e-12)
        end = course(monkey_saddle, (0.0, 0.0), 25, seed=seed)[-1]
        assert monkey_saddle(end).item() == pytest.approx(-27 / 256, abs=1e-12)


def test_without_its_third_derivative_it_stays_at_the_monkey_saddle():
    """What a second-order method certifies as a minimum: L so large that no third-order step is left."""
    assert torch.equal(course(monkey_saddle, (0.0, 0.0), 5, third_lipschitz=math.inf)[-1], double([0.0, 0.0]))


def test_at_a_third_order_minimum_it_stays():
    """x² y + y²: T(u,u,u) vanishes where the curvature does, and elsewhere the curvature undoes it."""
    for seed in range(5):
        points = course(parabola_valley, (0.0, 0.0), 10, seed=seed)
        assert torch.equal(points, torch.zeros_like(points))


def test_it_is_for_toys_and_counts_every_gradient():
    """2 d + 13 gradients in d dimensions, as the hooked loss counts them; at most 64 parameters."""
    for size in (3, 7):
        params = {"a": normal(size - 1), "b": normal(1)}
        cost = step_cost(bound("third_order"), lambda p, b: p["a"].square().sum() + p["b"].sum(), params, NO_BATCH)
        assert cost == 2 * size + 13
    assert methods.load("third_order").largest == 64
