"""SGD: its schedule, PyTorch's own optimiser, and large batches as many small ones."""

import pytest
import torch

from robustpath.methods.minima.sgd import cosine

from .conftest import bound, by_pytorch, descend, double, quadratic


@pytest.mark.parametrize(
    ("progress", "warmup", "factor"),
    [
        (0.0, 0.1, 0.0),
        (0.05, 0.1, 0.5),
        (0.1, 0.1, 1.0),
        (0.325, 0.1, 0.8535533905932737),  # (1 + cos(pi/4)) / 2
        (0.55, 0.1, 0.5),
        (1.0, 0.1, 0.0),
        (0.0, 0.0, 1.0),
        (1.0, 0.0, 0.0),
    ],
)
def test_the_schedule_rises_in_a_line_and_falls_as_half_a_cosine(progress, warmup, factor):
    """Goyal et al. 2017, sec. 2.2, and Loshchilov & Hutter 2017, eq. 5."""
    assert cosine(double(progress), double(warmup)).item() == pytest.approx(factor, abs=1e-12)


def test_a_step_is_as_long_as_the_schedule_says():
    """By hand: on a loss of slope 1, without momentum, every step is the scheduled learning rate."""
    plain = bound("sgd", learning_rate=0.5, momentum=0.0, weight_decay=0.0, warmup=0.1)
    points = (0.05, 0.1, 0.55)
    found = descend(plain, lambda w, _: w.sum(), double([0.0]), steps=3, progress=lambda step: points[step])
    torch.testing.assert_close(found.iterates[:, 0], double([-0.25, -0.75, -1.0]))


@pytest.mark.parametrize(("momentum", "weight_decay"), [(0.0, 0.0), (0.9, 0.0), (0.9, 0.05)])
def test_it_is_pytorchs_sgd(momentum, weight_decay):
    """torch.optim.SGD with momentum and L2 decay; the schedule is out of play (progress 0, no warm-up)."""
    loss, start = quadratic(0), torch.arange(6.0)
    ours = bound("sgd", learning_rate=0.05, momentum=momentum, weight_decay=weight_decay, warmup=0.0)
    theirs = by_pytorch(torch.optim.SGD, loss, start, 50, lr=0.05, momentum=momentum, weight_decay=weight_decay)
    torch.testing.assert_close(descend(ours, loss, start, steps=50).iterates, theirs, rtol=0, atol=1e-10)


@pytest.mark.parametrize("name", ["sgd", "adamw", "radam"])
def test_small_batches_gathered_are_one_large_batch(name):
    """By the linearity of the gradient: four batches of 5 a step take the steps of one batch of 20."""
    large = torch.randn(10, 20, 3, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    small = large.reshape(40, 5, 3)
    constant = {} if name == "radam" else {"warmup": 0.0}

    def loss(w, inputs):
        return (inputs @ w - 1).square().mean()

    one = descend(bound(name, batches_per_step=1, **constant), loss, torch.ones(3), batches=large)
    gathered = descend(bound(name, batches_per_step=4, **constant), loss, torch.ones(3), batches=small)
    torch.testing.assert_close(gathered.iterates[3::4], one.iterates, rtol=0, atol=1e-12)
    assert (gathered.iterates[:3] == 1).all()
    assert not torch.equal(one.iterates[0], one.iterates[1])
