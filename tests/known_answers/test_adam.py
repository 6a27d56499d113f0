"""Adam at a constant rate is PyTorch's."""

import torch

from .conftest import bound, by_pytorch, descend, quadratic


def test_its_iterates_are_those_of_pytorch():
    loss, start = quadratic(3), torch.linspace(-1, 2, 6)
    found = descend(bound("adam", learning_rate=0.05), loss, start, steps=20, progress=lambda step: step / 20)
    expected = by_pytorch(torch.optim.Adam, loss, start, 20, lr=0.05)
    assert torch.allclose(found.iterates, expected, rtol=1e-9, atol=1e-12)
