"""A random choice among the candidates: each is as likely as the others."""

import torch
from pools import acquisition, pool

from robustpath.core.randomness import generator
from robustpath.methods.analogy import shuffled


def test_every_candidate_is_equally_likely():
    view, found, stream = pool(), torch.tensor([7, 3, 20, 11]), generator("a")
    taken = torch.cat([shuffled(view, view.inputs, found, 2, stream) for _ in range(2000)])
    positions, counts = taken.unique(return_counts=True)
    assert positions.tolist() == sorted(view.unlabelled[found].tolist())
    assert (counts - 1000).abs().max() < 100  # five standard deviations


def test_the_logits_change_nothing():
    view, acquire = pool(), acquisition("parallelogram_shuffled")
    other = view._replace(logits=view.logits.flip(0))
    assert torch.equal(acquire(view, 8, generator("b")), acquire(other, 8, generator("b")))
