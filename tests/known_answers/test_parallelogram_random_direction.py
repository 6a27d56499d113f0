"""A random direction: as far from r0 as the parallelogram, but elsewhere."""

import torch
from holes import additive
from pools import settings_of

from robustpath.core.randomness import generator
from robustpath.methods.analogy import astray, plan


def test_only_the_direction_is_another():
    stream = generator("a")
    starts, moves = torch.randn(2, 4000, 3, generator=stream, dtype=torch.float64)
    gone = torch.stack([astray(start, move, stream) - start for start, move in zip(starts, moves, strict=True)])
    assert torch.allclose(gone.norm(dim=1), moves.norm(dim=1))
    directions = gone / gone.norm(dim=1, keepdim=True)
    assert torch.allclose(directions.mean(0), torch.zeros(3, dtype=torch.float64), atol=0.04)
    assert torch.allclose(directions.T @ directions / 4000, torch.eye(3, dtype=torch.float64) / 3, atol=0.03)


def test_without_noise_it_is_as_far_from_r0_as_the_group_without_a_label():
    view, _ = additive({(0, 0): 6, (0, 1): 3, (1, 1): 1})
    ours, other, start = (
        plan(view, 4, generator("b"), settings_of(name)).targets
        for name in ("parallelogram", "parallelogram_random_direction", "parallelogram_at_start")
    )
    lengths = (other - start[0]).norm(dim=1)
    assert torch.allclose(lengths, (ours[0] - start[0]).norm().expand(len(lengths)))
    assert len(other.unique(dim=0)) == len(other) > 1
