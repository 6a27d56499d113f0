"""Interpolation with all else ours: in penultimate features as they are, it is ALVIN of the same numbers."""

import torch
from pools import acquisition, pool, settings_of

from robustpath.core.randomness import generator
from robustpath.methods.analogy import plan


def test_in_the_same_features_it_is_alvin():
    view, alvin, ours = pool(), acquisition("alvin", neighbours=5), settings_of("parallelogram_interpolated")
    settings = ours._replace(representation="penultimate", dimensions=0, pairs=1)
    assert torch.equal(plan(view, 8, generator("a"), settings).positions, alvin(view, 8, generator("a")))
