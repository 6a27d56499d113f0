"""AdamW against PyTorch's own, and by hand on a constant slope."""

import pytest
import torch

from .conftest import bound, by_pytorch, descend, double, quadratic


@pytest.mark.parametrize(("beta1", "beta2", "weight_decay"), [(0.9, 0.999, 0.01), (0.8, 0.99, 0.5)])
def test_it_is_pytorchs_adamw(beta1, beta2, weight_decay):
    """torch.optim.AdamW; the schedule is out of play (progress 0, no warm-up)."""
    loss, start = quadratic(1), torch.arange(6.0)
    options = {"weight_decay": weight_decay}
    ours = bound("adamw", learning_rate=0.05, beta1=beta1, beta2=beta2, warmup=0.0, **options)
    theirs = by_pytorch(torch.optim.AdamW, loss, start, 50, lr=0.05, betas=(beta1, beta2), eps=1e-8, **options)
    torch.testing.assert_close(descend(ours, loss, start, steps=50).iterates, theirs, rtol=0, atol=1e-8)


def test_a_step_is_as_long_as_the_schedule_says():
    """By hand: on a constant slope, however steep, the corrected mean over the root of the corrected square is 1."""
    points = (0.05, 0.1, 0.55)
    found = descend(
        bound("adamw", learning_rate=0.5, weight_decay=0.0, warmup=0.1),
        lambda w, _: (w * double([1.0, 100.0])).sum(),
        double([0.0, 0.0]),
        steps=3,
        progress=lambda step: points[step],
    )
    expected = double([-0.25, -0.75, -1.0])[:, None].expand(3, 2)
    torch.testing.assert_close(found.iterates, expected, rtol=0, atol=1e-7)


def test_the_decay_does_not_pass_through_the_moments():
    """Loshchilov & Hutter 2019, algorithm 2: where the loss is flat, w shrinks by 1 - lr d a step."""
    found = descend(
        bound("adamw", learning_rate=0.1, weight_decay=0.5, warmup=0.0),
        lambda w, _: 0 * w.sum(),
        double([1.0]),
        steps=3,
    )
    torch.testing.assert_close(found.iterates[:, 0], double([0.95, 0.95**2, 0.95**3]))
