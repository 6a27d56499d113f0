"""Candidates by k-centre: with all examples as candidates it is core-set in the same coordinates."""

import torch
from pools import acquisition, pool

from robustpath.core.randomness import generator


def test_with_as_many_neighbours_as_the_pool_has_it_is_the_greedy_k_centre():
    view = pool()
    inputs = view.representations["inputs"].double()
    places = (inputs - inputs.mean(0)) / inputs.std(0, correction=0)
    centres, slow = view.labelled.tolist(), []
    for _ in range(7):
        distances = torch.cdist(places[view.unlabelled], places[centres]).amin(1)
        slow.append(int(view.unlabelled[distances.argmax()]))
        centres.append(slow[-1])
    acquire = acquisition("parallelogram_far_apart", neighbours=1000, dimensions=20)
    assert acquire(view, 7, generator("a")).tolist() == slow
