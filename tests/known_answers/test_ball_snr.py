"""The replay ball of a radius that follows the signal-to-noise ratio: the gradients of the halves, by hand."""

import pytest
import torch

from robustpath.methods.base import Batch

from .balls import LOSS, examples, stream
from .conftest import bound

RATE = {"learning_rate": 0.1}


def halves(params, number):
    """g_a g_b and 5/2 |g_a - g_b|², from the gradients of the first and the last five examples."""
    batch, gradients = examples(10, number, torch.float64), []
    for part in (slice(0, 5), slice(5, 10)):
        w = {name: tensor.clone().requires_grad_() for name, tensor in params.items()}
        value = LOSS(w, Batch(batch.inputs[part], batch.labels[part]))
        gradients.append(torch.cat([slope.flatten() for slope in torch.autograd.grad(value, list(w.values()))]))
    a, b = gradients
    return (a @ b).item(), 2.5 * (a - b).square().sum().item()


def test_the_radii_by_hand():
    """r0 s², s = S / (S + N / 10), with the averages of signal and noise that begin with the first batch."""
    found = stream(bound("ball_snr", radius=0.05, **RATE), 2, batches=3, dtype=torch.float64)
    signal = noise = None
    for number in range(3):
        new = halves(found.centres[number], number)
        signal, noise = new if signal is None else (0.9 * signal + 0.1 * new[0], 0.9 * noise + 0.1 * new[1])
        share = max(signal, 0.0) / (max(signal, 0.0) + noise / 10)
        expected = max(0.05 * share**2, 0.0005)
        assert found.infos[2 * number]["radius"].item() == pytest.approx(expected, rel=1e-6)
        assert found.infos[2 * number]["clamped"].item() == (share < 0.1)
