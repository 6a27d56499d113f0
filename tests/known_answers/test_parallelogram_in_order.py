"""The candidates in the order of their targets, without uncertainty."""

import torch
from pools import acquisition, pool, settings_of

from robustpath.core.randomness import generator
from robustpath.methods.analogy import plan


def test_the_nearest_of_every_target_is_first():
    view = pool()
    settings = settings_of("parallelogram_in_order")
    planned = plan(view, 8, generator("a"), settings)
    distances = torch.cdist(planned.targets, planned.pool)
    slow = dict.fromkeys(int(row) for rank in range(5) for row in distances.argsort(dim=1)[:, rank])
    assert planned.positions.tolist() == view.unlabelled[list(slow)[:8]].tolist()


def test_the_logits_change_nothing():
    view, acquire = pool(), acquisition("parallelogram_in_order")
    other = view._replace(logits=view.logits.flip(0))
    assert torch.equal(acquire(view, 8, generator("b")), acquire(other, 8, generator("b")))
