"""BBI: its energy, its speed limit, its bounces, and two steps by hand (De Luca & Silverstein 2022)."""

import math

import pytest
import torch

from robustpath.core.parameters import norm
from robustpath.methods.minima.bbi import advanced, rescaled, total_energy

from .conftest import NO_BATCH, bound, context_with, double, quadratic


def run(loss, start, steps, *, learning_rate, of=None, noise=None):
    """The parameters, the momenta and what is reported in every step; of = the steps of the whole run."""
    method, params = bound("bbi", learning_rate=learning_rate), {"w": start.double()}
    state, path, momenta, infos = method.init(params), [], [], []
    for number in range(steps):
        progress = (number + 0.5) / of if of else 0.0
        drawn = {"w": noise[number] if noise is not None else torch.ones_like(params["w"])}
        context = context_with(double(progress), drawn)
        params, state, info = method.step(lambda p, b: loss(p["w"]), params, state, NO_BATCH, context)
        path.append(params["w"])
        momenta.append(state.momentum["w"])
        infos.append(info)
    return torch.stack(path), torch.stack(momenta), {key: torch.stack([i[key] for i in infos]) for key in infos[0]}


def test_two_steps_by_hand():
    """L = w²/2 from w = 1 with dt = 0.1: E = V = 1/2, so pi starts at 0 and V/E = 1. pi = -0.1/2 * 2 * 1 = -0.1 and
    w = 1 - 0.1 * 0.1 = 0.99. Then V = 0.49005, V/E = 0.9801, |pi|² = E²/V - V = 0.02010128... in place of 0.01."""
    path, momenta, info = run(lambda w: 0.5 * (w**2).sum(), double([1.0]), 2, learning_rate=0.1)
    assert (path[0].item(), momenta[0].item()) == pytest.approx((0.99, -0.1), abs=1e-12)
    potential, ratio = 0.49005, 0.9801
    momentum = -math.sqrt(0.25 / potential - potential) - 0.05 * (ratio + 1 / ratio) * 0.99
    assert momenta[1].item() == pytest.approx(momentum, abs=1e-12)
    assert path[1].item() == pytest.approx(0.99 + 0.1 * ratio * momentum, abs=1e-12)
    assert info["loss"].tolist() == pytest.approx([0.5, potential], abs=1e-12)


def test_the_energy_right_after_its_rescaling_is_that_of_the_start():
    """|pi|² = V ((E/V)² - 1) solves E² = V² + V |pi|²: to 1e-8, for all losses. It bounces on the way."""
    loss = quadratic(3)
    start = torch.linspace(-2, 2, 6, dtype=torch.float64)
    noise = torch.randn(400, 6, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    lifted = lambda w: loss(w, None) + 40  # noqa: E731
    path, _, info = run(lifted, start, 400, learning_rate=0.01, of=400, noise=noise)
    assert info["bounced"].sum() >= 5
    assert info["loss"].max() - info["loss"].min() > 1
    assert (info["energy"] / lifted(start) - 1).abs().max() < 1e-8
    assert (path[-1] - start).norm() > 0.1


def drift(time, duration):
    """The largest relative change of the energy of V = |w|²/2 + 0.1 from w = (1, 1) at rest, without rescaling.

    The motion is radial, so the numbers are those of |w|, from the square root of 2: plain floats, for speed.
    """
    w, momentum, energy, worst = {"w": math.sqrt(2)}, {"w": 0.0}, 1.1, 0.0
    for _ in range(round(duration / time)):
        potential = 0.5 * w["w"] ** 2 + 0.1
        worst = max(worst, abs(math.sqrt(potential**2 + potential * momentum["w"] ** 2) / energy - 1))
        w, momentum = advanced(w, momentum, w, potential, energy, time)
    return worst


def test_without_rescaling_the_energy_drifts_by_a_percent():
    """A property of the integrator, whose order is one: 1.3 % after 20,000 steps of 0.001, and half of it at half."""
    assert drift(1e-3, 20.0) == pytest.approx(0.0136, rel=0.01)
    assert drift(5e-4, 20.0) == pytest.approx(0.0136 / 2, rel=0.05)


def test_the_speed_has_a_limit_that_falls_with_the_loss():
    """|dw/dt| = (V/E)|pi| = sqrt(V (1 - (V/E)²)) < sqrt(V), the speed of light of the Born-Infeld action."""
    energy = double(2.0)
    for potential in (double(1.9), double(1.0), double(1e-3), double(1e-8)):
        momentum = rescaled({"w": double([3.0, -4.0])}, potential, energy)
        assert total_energy(potential, momentum).item() == pytest.approx(2.0, rel=1e-12)
        moved, _ = advanced({"w": double([0.0, 0.0])}, momentum, {"w": double([0.0, 0.0])}, potential, energy, 1.0)
        speed = potential.sqrt() * (1 - (potential / energy) ** 2).sqrt()
        assert torch.allclose(moved["w"], speed * double([0.6, -0.8]), rtol=1e-12)


def test_where_the_loss_exceeds_the_energy_the_momentum_is_left():
    """No momentum has that energy: the next batch may be harder than all were worth at the start."""
    momentum = {"w": double([3.0, -4.0])}
    assert torch.equal(rescaled(momentum, double(2.1), double(2.0))["w"], momentum["w"])
    assert torch.equal(rescaled(momentum, double(2.0), double(2.0))["w"], double([0.0, 0.0]))


def test_a_bounce_turns_the_momentum_at_fixed_times_and_after_some_while_without_progress():
    """Of 223 steps on a slope: at progress 0.05, ..., 0.25, which are steps 11, 22, 33, 45 and 56. On a plain, where no
    loss is lower than the first, each tenth of the budget after that brings one more."""
    noise = torch.randn(223, 3, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    start = double([1.0, 2.0, -1.0])
    slope = lambda w: 50 + w.sum()  # noqa: E731
    path, momenta, info = run(slope, start, 223, learning_rate=1e-3, of=223, noise=noise)
    when = info["bounced"].nonzero().flatten().tolist()
    assert when[:5] == [11, 22, 33, 45, 56]
    for step in when:
        assert torch.equal(path[step], path[step - 1])
        assert torch.allclose(momenta[step] / momenta[step].norm(), noise[step] / noise[step].norm(), rtol=1e-12)
        assert momenta[step].norm().item() == pytest.approx(momenta[step - 1].norm().item(), rel=1e-12)

    _, _, info = run(lambda w: 0 * w.sum() + 1, start, 223, learning_rate=1e-3, of=223, noise=noise)
    assert info["bounced"].nonzero().flatten().tolist() == [11, 22, 33, 45, 56, 79, 102, 125, 148, 171, 194, 217]


def test_after_a_bounce_a_batch_above_the_energy_meets_the_length_of_before():
    """The authors' code rescales pi to the energy in steps alone: where the loss rises above the energy right after a
    bounce, nothing makes up for it. By hand, E = 1: pi = -0.1 at V = 1; the bounce, at V = 0.5, keeps 0.1 (and not
    sqrt(1/0.5 - 0.5) = 1.22); the step at V = 2 adds -0.1/2 (2 + 1/2) · 1 = -0.125."""
    losses = double([1.0, 0.5, 2.0])
    method, params = bound("bbi", learning_rate=0.1), {"w": double([0.0])}
    state, momenta = method.init(params), []
    for level, progress in zip(losses, (0.0, 0.06, 0.07), strict=True):
        context = context_with(double(progress), {"w": double([3.0])})

        def loss(p, b, level=level, here=params):
            return level + (p["w"] - here["w"]).sum()

        params, state, _ = method.step(loss, params, state, NO_BATCH, context)
        momenta.append(state.momentum["w"].item())
    assert momenta == pytest.approx([-0.1, 0.1, 0.1 - 0.125], abs=1e-12)


def test_at_no_loss_it_stands_still():
    """E/V is infinite there; the authors take no step below a tiny loss, and single precision needs that too."""
    method, params = bound("bbi"), {"w": torch.tensor([1e-20, 0.0])}
    state = method.init({"w": params["w"]})
    state = state._replace(energy=torch.tensor(2.0), started=torch.tensor(True), momentum={"w": torch.ones(2)})
    context = context_with(torch.tensor(0.01), {"w": torch.ones(2)})
    after, state, info = method.step(lambda p, b: norm(p) ** 2, params, state, NO_BATCH, context)
    assert torch.equal(after["w"], params["w"])
    assert all(tensor.isfinite().all() for tensor in state.momentum.values())
    assert info["loss"] < 1e-30
