"""Controllers of a radius: estimates from the halves of a batch, bounds, and what is reported."""

import pytest
import torch

from robustpath.methods import radius
from robustpath.methods.base import Batch
from robustpath.methods.watching import halves

ONE = torch.ones((), dtype=torch.float64)
NOTHING = radius.Facts(ONE, 0 * ONE, 0 * ONE, 0 * ONE, 0 * ONE, 10, 0 * ONE)
MADE = {
    "decay": lambda r: radius.decay(r, 50 * ONE, 0.5 * ONE),
    "trust": lambda r: radius.trust(r, 0.15 * ONE),
    "snr": radius.snr,
    "surprise": lambda r: radius.surprise(r, ONE),
    "surprise_snr": lambda r: radius.surprise_snr(r, ONE),
    "budget": lambda r: radius.budget(r, ONE),
}


def test_halves_estimate_signal_and_noise():
    """Gradients that are normal with mean G and covariance S: the means over 20 000 batches are |G|² and tr S within
    2%, and E |mean of the batch|² = |G|² + tr S / b."""
    source = torch.Generator().manual_seed(0)
    mean = torch.tensor([1.0, -0.5, 0.8], dtype=torch.float64)
    spread = torch.tensor([0.5, 1.0, 2.0], dtype=torch.float64)
    draws = mean + spread * torch.randn(20_000, 10, 3, generator=source, dtype=torch.float64)

    def loss(params, batch):
        return (batch.inputs @ params["w"]).mean()

    def estimates(inputs):
        return halves(loss, {"w": torch.zeros(3, dtype=torch.float64)}, Batch(inputs, torch.zeros(10)))

    signal, noise = (part.mean().item() for part in torch.vmap(estimates)(draws))
    assert signal == pytest.approx(mean.square().sum().item(), rel=0.02)
    assert noise == pytest.approx(spread.square().sum().item(), rel=0.02)
    whole = draws.mean(1).square().sum(1).mean().item()
    assert signal + noise / 10 == pytest.approx(whole, rel=0.02)


def run(controller, facts):
    """The radii and the marks of a controller on facts, batch by batch."""
    _, state = controller.begin()
    found = []
    for each in facts:
        now, clamped, state = controller.arrived(state, each)
        found.append((now.item(), clamped.item()))
    return found


def test_the_fixed_radius_stays():
    assert run(radius.fixed(0.3 * ONE), [NOTHING] * 3) == [(0.3, 0.0)] * 3


def test_decay_by_hand():
    found = run(radius.decay(2 * ONE, 3 * ONE, ONE), [NOTHING] * 4)
    assert [each for each, _ in found] == pytest.approx([2.0, 2 / (4 / 3), 2 / (5 / 3), 1.0])


@pytest.mark.parametrize(
    ("held", "own", "ratio", "factor"),
    [(0.5, 1, 1, 1.1), (0.5, 1, 0.5, 1.0), (0.3, 1, 1, 1.0), (0.1, 1, 1, 0.9), (-1, 1, 1, 0.9)],
)
def test_trust_by_hand(held, own, ratio, factor):
    """Nothing follows from the first arrival; a share above 0.4 counts only where the ball was reached."""
    facts = NOTHING._replace(held_gain=held * ONE, own_gain=own * ONE, ratio=ratio * ONE)
    found = run(radius.trust(2 * ONE, 0.15 * ONE), [NOTHING, facts, facts])
    assert [each for each, _ in found] == pytest.approx([2.0, 2 * factor, 2 * factor**2])


def test_trust_averages_gains_before_it_divides():
    """Own gains of 1 and 9, of which 1 and 0 hold: the averages give 0.9 / (0.9 + 9) < 0.15, the shares 1 and 0."""
    first = NOTHING._replace(held_gain=ONE, own_gain=ONE, ratio=ONE)
    second = NOTHING._replace(held_gain=0 * ONE, own_gain=9 * ONE, ratio=ONE)
    assert [each for each, _ in run(radius.trust(ONE, 0.15 * ONE), [NOTHING, first, second])] == pytest.approx(
        [1, 1.1, 0.99]
    )


def test_snr_by_hand():
    """Signal 1, noise 10 at batches of 10: s = 1/2; a signal below 0 counts as none, and the bound is met."""
    facts = NOTHING._replace(signal=ONE, noise=10 * ONE)
    assert run(radius.snr(4 * ONE), [facts]) == [(1.0, 0.0)]
    assert run(radius.snr(4 * ONE), [facts._replace(signal=-ONE)]) == [(0.04, 1.0)]


@pytest.mark.parametrize(("gamma", "radii"), [(1.0, [1, 4, 0.25]), (-1.0, [1, 0.25, 4])])
def test_surprise_is_cut_off(gamma, radii):
    """Losses 1, 100 and 0.01 after averages 1 and 10.9: the factors meet 4 and 1/4."""
    facts = [NOTHING._replace(loss=loss * ONE) for loss in (1.0, 100.0, 0.01)]
    assert [each for each, _ in run(radius.surprise(ONE, gamma * ONE), facts)] == pytest.approx(radii)


@pytest.mark.parametrize("name", MADE)
def test_a_controller_stays_in_its_range_and_says_so(name):
    """From facts that push it as far as they can, down and up, for 400 batches."""
    down = NOTHING._replace(loss=1e-9 * ONE, held_gain=-ONE, own_gain=ONE, signal=-ONE, noise=ONE)
    up = NOTHING._replace(loss=1e9 * ONE, held_gain=ONE, own_gain=ONE, signal=ONE, ratio=ONE)
    found = run(MADE[name](2 * ONE), [down] * 200 + [up] * 200)
    assert all(0.02 <= each <= 20 for each, _ in found)
    assert all(each in (0.02, 20.0) for each, clamped in found if clamped)
    if name in ("trust", "snr", "surprise_snr", "budget"):
        assert any(clamped for _, clamped in found)


def test_a_loss_of_zero_gives_a_finite_radius():
    found = run(radius.surprise(ONE, -ONE), [NOTHING._replace(loss=0 * ONE)] * 3)
    assert [each for each, _ in found] == [1.0, 1.0, 1.0]
