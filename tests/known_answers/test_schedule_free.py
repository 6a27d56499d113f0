"""Schedule-free SGD: which average is evaluated, where gradients are taken, and the published recursion."""

import pytest
import torch

from robustpath.methods.base import Batch, grad

from .conftest import bound, context_with, double, quadratic

START = torch.arange(6.0, dtype=torch.float64)


def run(method, loss, start, points):
    """(y, z, x) after every step, taken at the given points of progress; and what is read out at the end."""
    params, trace = {"w": start}, []
    state = method.init(params)
    for progress in points:
        batch = Batch(double([0.0]), torch.zeros(1, dtype=torch.int64))
        params, state, _ = method.step(
            lambda p, b: loss(p["w"], b.inputs), params, state, batch, context_with(double(progress))
        )
        trace.append((params["w"], state.inner.z["w"], state.inner.x["w"]))
    return *map(torch.stack, zip(*trace, strict=True)), method.readout(params, state)["w"]


def test_at_a_constant_rate_the_mean_of_all_iterates_is_evaluated():
    """Defazio et al. 2024, eq. 5 with c = 1/t: x_t is the mean of z_1 to z_t, and the start is not among them."""
    method = bound("schedule_free", learning_rate=0.1, weight_decay=0.0, warmup=0.0)
    _, z, x, evaluated = run(method, quadratic(0), START, [step / 20 for step in range(20)])
    means = z.cumsum(0) / torch.arange(1.0, 21.0, dtype=torch.float64)[:, None]
    torch.testing.assert_close(x, means, rtol=0, atol=1e-12)
    assert torch.equal(evaluated, x[-1])
    assert (evaluated - z[-1]).abs().max() > 0.01


@pytest.mark.parametrize("beta", [0.0, 0.9, 1.0])
def test_gradients_are_taken_between_the_iterate_and_the_average(beta):
    """Defazio et al. 2024, eq. 3-4: y = (1-b) z + b x; b = 0 is Polyak's averaging, b = 1 primal averaging."""
    loss = quadratic(1)
    method = bound("schedule_free", learning_rate=0.1, beta=beta, weight_decay=0.01, warmup=0.0)
    y, z, x, _ = run(method, loss, START, [0.0] * 10)
    torch.testing.assert_close(y, (1 - beta) * z + beta * x, rtol=0, atol=1e-12)
    slopes = torch.stack([grad(loss)(point, None) + 0.01 * point for point in y[:-1]])
    torch.testing.assert_close(z[1:], z[:-1] - 0.1 * slopes, rtol=0, atol=1e-12)


def test_it_is_the_published_recursion():
    """facebookresearch/schedule_free keeps y and z only: y <- (1-c) y + c z - lr (1 - b (1-c)) g, z <- z - lr g, with
    c = lr² / (the sum of all lr²). The learning rate rises over the first half."""
    loss, beta, decay = quadratic(2), 0.9, 0.02
    points = [(step + 0.5) / 12 for step in range(12)]
    y, z, total = START, START, 0.0
    for progress in points:
        rate = 0.2 * min(progress / 0.5, 1)
        total += rate**2
        share = rate**2 / total
        slope = grad(loss)(y, None) + decay * y
        y = (1 - share) * y + share * z - rate * (1 - beta * (1 - share)) * slope
        z = z - rate * slope
    method = bound("schedule_free", learning_rate=0.2, beta=beta, weight_decay=decay, warmup=0.5)
    ours = run(method, loss, START, points)
    torch.testing.assert_close(ours[0][-1], y, rtol=0, atol=1e-12)
    torch.testing.assert_close(ours[1][-1], z, rtol=0, atol=1e-12)
    torch.testing.assert_close(ours[3], (y - (1 - beta) * z) / beta, rtol=0, atol=1e-11)
