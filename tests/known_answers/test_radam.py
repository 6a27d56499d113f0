"""RAdam: the lengths of its moving average, whole sequences, and PyTorch's own optimiser."""

import pytest
import torch

from robustpath.methods.minima.radam import rectification

from .conftest import bound, by_pytorch, descend, double, quadratic


def test_length_and_rectifier():
    """Liu et al. 2019, algorithm 2, evaluated for beta2 = 0.999."""
    rho, rectifier = rectification(double(0.999), torch.arange(1.0, 11.0))
    lengths = [1, 1.9995, 2.998666, 3.997499, 4.995998, 5.994164, 6.991996, 7.989495, 8.986660, 9.983492]
    torch.testing.assert_close(rho, double(lengths), rtol=0, atol=1e-6)
    expected = [0.02582111, 0.03273881, 0.03873828, 0.04410486, 0.04899801]
    torch.testing.assert_close(rectifier[5:], double(expected), rtol=0, atol=1e-8)
    _, late = rectification(double(0.999), torch.tensor([100.0, 1000.0, 10000.0]))
    torch.testing.assert_close(late, double([0.21533544, 0.64532565, 0.9997733]), rtol=0, atol=1e-7)


@pytest.mark.parametrize("beta2", [0.9, 0.99, 0.999])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_the_first_adapted_step_is_the_sixth(beta2, dtype):
    """Liu et al. 2019, algorithm 2, with PyTorch's threshold of 5, in numbers of any precision."""
    updates = torch.arange(1.0, 20.0)
    rho, _ = rectification(torch.tensor(beta2, dtype=dtype), updates)
    assert (rho > 5).tolist() == [False] * 5 + [True] * 14
    exact = [2 / (1 - beta2) - 1 - 2 * t * beta2**t / (1 - beta2**t) for t in updates.tolist()]
    torch.testing.assert_close(rho, double(exact), rtol=0, atol=1e-5)


SLOPE = [-0.1, -0.2, -0.3, -0.4, -0.5, -0.502582111, -0.505855992, -0.509729819, -0.514140305, -0.519040106]
PARABOLA = [
    0.9,
    0.80526316,
    0.71577005,
    0.63148663,
    0.5523642,
    0.54992098,
    0.54686295,
    0.54327817,
    0.53922534,
    0.53474759,
]


@pytest.mark.parametrize(
    ("loss", "start", "expected"),
    [(lambda w, _: w.sum(), 0.0, SLOPE), (lambda w, _: 0.5 * w.square().sum(), 1.0, PARABOLA)],
    ids=["slope", "parabola"],
)
def test_ten_steps(loss, start, expected):
    """Liu et al. 2019, algorithm 2, with PyTorch's rule, learning rate 0.1: computed apart from this code."""
    ours = bound("radam", learning_rate=0.1, weight_decay=0.0)
    found = descend(ours, loss, double([start]), steps=10)
    torch.testing.assert_close(found.iterates[:, 0], double(expected), rtol=0, atol=1e-7)


@pytest.mark.parametrize(("beta1", "beta2", "weight_decay"), [(0.9, 0.999, 0.01), (0.8, 0.99, 0.5)])
def test_it_is_pytorchs_radam(beta1, beta2, weight_decay):
    """torch.optim.RAdam with decoupled decay; the schedule is out of play (progress 0)."""
    loss, start = quadratic(2), torch.arange(6.0)
    options = {"weight_decay": weight_decay}
    ours = bound("radam", learning_rate=0.05, beta1=beta1, beta2=beta2, **options)
    theirs = by_pytorch(
        torch.optim.RAdam, loss, start, 50, lr=0.05, betas=(beta1, beta2), decoupled_weight_decay=True, **options
    )
    torch.testing.assert_close(descend(ours, loss, start, steps=50).iterates, theirs, rtol=0, atol=1e-8)


def test_the_learning_rate_falls_from_the_start():
    """By hand: the first five steps on a slope of 1 are the scheduled learning rate, a cosine without a warm-up."""
    points = (0.0, 1 / 3, 0.5, 2 / 3, 1.0)
    found = descend(
        bound("radam", learning_rate=1.0, weight_decay=0.0),
        lambda w, _: w.sum(),
        double([0.0]),
        steps=5,
        progress=lambda step: points[step],
    )
    torch.testing.assert_close(found.iterates[:, 0], double([-1, -1.75, -2.25, -2.5, -2.5]), rtol=0, atol=1e-12)
