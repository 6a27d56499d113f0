"""Neighbour ball against the neighbours of each example, one after the other."""

import torch

from .balls import assert_follows, over_layers


def apart(now, then):
    found = []
    for i in range(len(now)):
        others = [j for j in range(len(now)) if j != i]
        new, old = (
            (torch.nn.functional.cosine_similarity(h[i], h[others], dim=1, eps=1e-9) / 0.1).log_softmax(0)
            for h in (now, then)
        )
        found.append((old.exp() * (old - new)).sum())
    return torch.stack(found).mean()


def test_it_takes_the_steps_by_hand():
    assert_follows("neighbour_ball", over_layers(apart), 1.0)
