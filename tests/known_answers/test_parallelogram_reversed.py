"""The wrong sign: the mirror image of every target in r0, and in a hole worse than chance."""

import torch
from holes import additive, base_rate, discovery
from pools import acquisition, settings_of

from robustpath.core.randomness import generator
from robustpath.methods.analogy import plan


def test_targets_are_mirrored_in_r0():
    view, _ = additive({(0, 0): 6, (0, 1): 3, (1, 1): 1}, seed=5)  # whose mirrored targets are within reach
    onward, backward, start = (
        plan(view, 4, generator("a"), settings_of(name)).targets
        for name in ("parallelogram", "parallelogram_reversed", "parallelogram_at_start")
    )
    assert len(onward) == len(backward) == 16
    assert torch.allclose(onward + backward, 2 * start)
    assert (onward - start).norm(dim=1).min() > 0.1


def test_it_does_not_find_the_group_without_a_label():
    assert discovery(acquisition("parallelogram_reversed")) < base_rate()
