"""Perturbed gradient descent: the published algorithm step by step, and how fast it leaves saddles."""

import math

import pytest
import torch

from robustpath.methods.minima.perturbed_gd import in_ball
from robustpath.theory.landscapes import euler_steps, monkey_saddle, monkey_slope, strict_saddle, strict_slope

from .conftest import NO_BATCH, bound, context_with, double

PLAIN = {"momentum": 0.0, "weight_decay": 0.0, "warmup": 0.0}
STRICT = {"learning_rate": 0.1, "radius": 1e-3, "gradient_threshold": 1e-4, "patience": 150, "decrease": 1e-6}
SEEDS = 200


def course(loss, start, noise, **hyperparameters):
    """All runs from `start` with noise [steps, runs, 2 vectors, 2]: points and perturbed, both [steps, runs, …]."""
    method = bound("perturbed_gd", **PLAIN, **hyperparameters)

    def member(params, state, drawn):
        context = context_with(double(0.0), {"w": drawn})
        return method.step(lambda p, b: loss(p["w"]), params, state, NO_BATCH, context)

    params = {"w": double(start).expand(noise.shape[1], 2)}
    state, points, perturbed = torch.vmap(method.init)(params), [], []
    for drawn in noise:
        params, state, info = torch.vmap(member)(params, state, drawn)
        points.append(params["w"])
        perturbed.append(info["perturbed"])
    return torch.stack(points), torch.stack(perturbed)


def normal(steps, runs, seed=0):
    return torch.randn(steps, runs, 2, 2, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def as_published(loss, slope, start, displacements, rate, threshold, patience, decrease, steps):
    """Jin et al. 2017, alg. 2, in plain numbers: the points x_t, and the t at which it perturbs; displacements[k] is
    the one for gradient evaluation k."""
    (x, y), last, before, points, times, evaluations = start, -patience - 1, None, [], [], 0
    for t in range(steps):
        if math.hypot(*slope(x, y)) <= threshold and t - last > patience:
            last, before = t, (x, y)
            dx, dy = displacements[evaluations]
            x, y = x + dx, y + dy
            times.append(t)
            evaluations += 1
        if t - last == patience and loss((x, y)) - loss(before) > -decrease:
            return [*points, before], times
        along_x, along_y = slope(x, y)
        x, y = x - rate * along_x, y - rate * along_y
        points.append((x, y))
        evaluations += 1
    return points, times


@pytest.mark.parametrize(("loss", "slope", "start"), [
    (strict_saddle, strict_slope, (1.0, 0.0)), (monkey_saddle, monkey_slope, (0.3, 0.0)),
])  # fmt: skip
def test_the_iterates_are_those_of_the_published_algorithm(loss, slope, start):
    """An independent transcription of Jin et al. 2017, alg. 2; a step that perturbs is one gradient evaluation more."""
    setting = {"learning_rate": 0.1, "radius": 0.02, "gradient_threshold": 1e-2, "patience": 15, "decrease": 1e-3}
    noise = normal(200, 1)
    found, perturbed = course(loss, start, noise, **setting)
    displacements = [in_ball({"w": drawn[0]}, double(0.02))["w"].tolist() for drawn in noise]
    points, times = as_published(loss, slope, start, displacements, 0.1, 1e-2, 15, 1e-3, 190)
    descents = found[:, 0][perturbed[:, 0] == 0]
    assert len(points) < 190, "the algorithm returns, so that this is tried too"
    assert torch.allclose(descents[: len(points)], double(points), atol=1e-12)
    assert perturbed.sum() == len(times) >= 1
    assert (found[len(points) + len(times) - 1 :, 0] == found[-1, 0]).all(), "it stands still from then on"


def test_it_leaves_the_strict_saddle_in_logarithmic_time():
    """|g| = 0.9^t falls to 1e-4 at t = 88, whence gradient descent from the height y of the displacement takes over.

    The loss is -0.24 where y² = 0.8; the flow y' = y - y³ takes the time ln(y / sqrt(1 - y²)) (`euler_steps`). From the
    edge of the disc that is 88 + 79 steps; half of the disc is above 0.404 radius: 177; all of it but one run in a
    hundred above radius / 156: 221.
    """
    found, perturbed = course(strict_saddle, (1.0, 0.0), normal(320, SEEDS), **STRICT)
    assert perturbed[:88].sum() == 0
    assert perturbed[88].all(), "every run is perturbed at t = 88"
    assert perturbed[89 : 88 + 150].sum() == 0
    height = found[88, :, 1].abs()
    # The step that perturbs evaluates a gradient of its own: iterate t of the paper is the one after t + 1 steps.
    losses = torch.vmap(torch.vmap(strict_saddle))(found)
    left = (losses <= -0.24).double().argmax(0)
    assert (losses[-1] < -0.2499).all()
    time, speed = (lambda y: math.log(y / math.sqrt(1 - y * y))), (lambda y: y - y**3)
    expected = double([88 + euler_steps(0.1, time, speed, y, math.sqrt(0.8)) for y in height.tolist()])
    assert (left - expected.ceil()).abs().max() <= 1
    assert left.min() >= 167
    assert left.median().item() == pytest.approx(177, abs=2)
    assert left[height > 1e-3 / 156].max() <= 221
    assert (height > 1e-3 / 156).double().mean() > 0.97


def test_it_leaves_the_monkey_saddle():
    """At the origin, where gradient and Hessian vanish. At radius 0.1 no run can be faster than the 94 steps from the
    best point of the disc's edge; a run that starts uphill comes back past the saddle and takes longer."""
    setting = STRICT | {"learning_rate": 0.05, "radius": 0.1, "patience": 10_000}
    found, perturbed = course(monkey_saddle, (0.0, 0.0), normal(450, 60), **setting)
    assert perturbed[0].all() and perturbed.sum() == 60
    left = torch.vmap(torch.vmap(monkey_saddle))(found) <= -0.1
    first = torch.where(left.any(0), left.double().argmax(0), torch.inf)
    assert first.min() >= 94
    assert 110 < first.median() < 200
    assert (first < torch.inf).double().mean() > 0.8


def test_where_a_perturbation_does_not_help_it_goes_back_and_stops():
    """Jin et al. 2017, alg. 2: at a minimum f has not fallen by f_thres after t_thres steps, so x~ is returned."""
    setting = STRICT | {"patience": 20, "radius": 0.1, "gradient_threshold": 1e-3}
    found, perturbed = course(lambda w: w.square().sum(), (1e-4, 0.0), normal(60, 3), **setting)
    assert perturbed[0].all() and perturbed.sum() == 3
    assert (found[20] - double([1e-4, 0.0])).abs().max() > 1e-6
    assert torch.equal(found[21:], double([1e-4, 0.0]).expand(39, 3, 2))


def test_perturbations_are_more_than_the_patience_apart():
    """Jin et al. 2017, alg. 2: t - t_noise > t_thres. Where every gradient is small the next is at t_noise + 6 for a
    patience of 5, which is seven gradient evaluations later; a negative decrease keeps it going."""
    setting = STRICT | {"patience": 5, "radius": 0.01, "gradient_threshold": 1.0, "decrease": -1.0}
    _, perturbed = course(lambda w: w.square().sum(), (0.0, 0.0), normal(30, 2), **setting)
    assert perturbed[:, 0].nonzero()[:, 0].tolist() == [0, 7, 14, 21, 28]


def test_the_displacement_is_uniform_in_the_ball():
    """In d dimensions (|xi| / r)^d is uniform on [0, 1], and every coordinate has the variance r² / (d + 2)."""
    noise = torch.randn(20_000, 2, 3, generator=torch.Generator().manual_seed(3), dtype=torch.float64)
    drawn = torch.vmap(lambda z: in_ball({"a": z[:, :1], "b": z[:, 1:]}, double(2.0)))(noise)
    points = torch.cat([drawn["a"], drawn["b"]], 1)
    share = (points.norm(dim=1) / 2) ** 3
    for level in (0.1, 0.5, 0.9):
        assert (share < level).double().mean().item() == pytest.approx(level, abs=0.012)
    assert torch.allclose(points.var(0), double([4 / 5] * 3), rtol=0.03)
    assert points.mean(0).abs().max() < 0.03
