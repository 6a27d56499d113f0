"""The saddles: their derivatives, their minima, and the steps that gradient descent takes beside them."""

import math

import pytest
import torch

from robustpath.theory.landscapes import (
    LANDSCAPES,
    monkey_saddle,
    monkey_saddle_steps,
    parabola_valley,
    strict_saddle,
    strict_saddle_steps,
)
from robustpath.theory.saddles import LONGEST, RATES, first_below, gradient_descent


def double(*values):
    return torch.tensor(values, dtype=torch.float64)


def steps(title, start, longest=LONGEST):
    """Steps of gradient descent until the saddle has been left."""
    losses = gradient_descent(LANDSCAPES[title], RATES[title], start, longest)
    return first_below(losses[:, None], LANDSCAPES[title].left).item()


@pytest.mark.parametrize("title", LANDSCAPES)
def test_the_typed_slope_is_the_gradient(title):
    """Automatic differentiation is the judge."""
    for w in torch.randn(20, 2, generator=torch.Generator().manual_seed(0), dtype=torch.float64):
        expected = torch.func.grad(LANDSCAPES[title].loss)(w)
        assert torch.allclose(double(*LANDSCAPES[title].slope(*w.tolist())), expected, atol=1e-12)


@pytest.mark.parametrize(
    ("loss", "minima"),
    [
        (strict_saddle, [(0.0, 1.0), (0.0, -1.0)]),
        (monkey_saddle, [(0.0, -0.75), (0.75 * math.cos(math.pi / 6), 0.375), (-0.75 * math.cos(math.pi / 6), 0.375)]),
    ],
)
def test_minima_are_stationary_curved_upwards_and_as_low_as_stated(loss, minima):
    """By hand: r⁴ - r³ is least at r = 3/4, where it is -27/256; y⁴/4 - y²/2 at y = 1, where it is -1/4."""
    lowest = next(landscape.lowest for landscape in LANDSCAPES.values() if landscape.loss is loss)
    assert lowest == {strict_saddle: -0.25, monkey_saddle: -27 / 256}[loss]
    for point in minima:
        w = double(*point)
        assert loss(w).item() == pytest.approx(lowest, abs=1e-15)
        assert torch.func.grad(loss)(w).norm() < 1e-15
        assert torch.linalg.eigvalsh(torch.func.hessian(loss)(w))[0] > 0.5


def test_what_the_origin_is():
    """Strict: a negative curvature. Monkey: no gradient, no Hessian, third derivative 6 at most. The valley: none of
    them negative, and yet no minimum: -x⁴/4 on y = -x²/2."""
    zero = double(0.0, 0.0)
    for loss in (strict_saddle, monkey_saddle, parabola_valley):
        assert torch.equal(torch.func.grad(loss)(zero), zero)
    curvatures = [torch.linalg.eigvalsh(torch.func.hessian(f)(zero)).tolist() for f in (strict_saddle, parabola_valley)]
    assert curvatures == [[-1.0, 1.0], [0.0, 2.0]]
    assert not torch.func.hessian(monkey_saddle)(zero).any()
    third = torch.func.jacfwd(torch.func.hessian(monkey_saddle))(zero)
    u = torch.stack([torch.tensor([math.cos(t), math.sin(t)]) for t in torch.linspace(0, 2 * math.pi, 721)]).double()
    assert torch.einsum("ijk,ni,nj,nk->n", third, u, u, u).max().item() == pytest.approx(6, abs=1e-3)
    assert parabola_valley(double(0.2, -0.02)).item() == pytest.approx(-(0.2**4) / 4, abs=1e-15)


@pytest.mark.parametrize(("height", "known"), [(1e-4, 92), (1e-8, 189), (1e-12, 286)])
def test_beside_the_strict_saddle_descent_takes_logarithmically_many_steps(height, known):
    """y grows by 1.1 a step: ln(0.5412 / height) / ln 1.1 = 90.2, 186.8, 283.5 without the quartic term."""
    assert steps("strict saddle", (1.0, height)) == known
    assert math.ceil(strict_saddle_steps(height)) == known
    assert known == pytest.approx(math.log(0.5412 / height) / math.log(1.1), abs=3)


@pytest.mark.parametrize(("distance", "known"), [(1e-2, 718), (1e-3, 6741)])
def test_beside_the_monkey_saddle_the_steps_grow_as_one_over_the_distance(distance, known):
    """r' = 3 r²: 1 / (3 rate distance) = 667 and 6667 without the quartic term."""
    assert steps("monkey saddle", (0.0, -distance)) == known
    assert math.ceil(monkey_saddle_steps(distance)) == known
    assert known == pytest.approx(1 / (3 * 0.05 * distance), rel=0.08)


def test_on_the_stable_sets_descent_stays():
    """(1, 0) leads into the strict saddle, and the origin of the monkey saddle is stationary."""
    for title, landscape in LANDSCAPES.items():
        losses = gradient_descent(landscape, RATES[title], landscape.start, 10_000)
        assert steps(title, landscape.start) == math.inf
        assert losses[-1] == pytest.approx(0, abs=1e-12)
