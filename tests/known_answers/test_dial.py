"""DIAL: the mean distance between predictions at moments of training, by hand and by the authors' arithmetic."""

import itertools

import torch
from pools import acquisition, of_logits, pool

from robustpath.core.randomness import generator


def test_predictions_that_change_most_come_first_wherever_they_end():
    """Two classes, p of the first at three moments: (.5, .5, .5), (.2, .8, .2), (.5, .9, .9), (.1, .2, .3). Distances
    are sqrt(2) |p - p'|: over three pairs 0, 1.2, .8 and .4 of them."""
    first = torch.tensor([[0.5, 0.2, 0.5, 0.1], [0.5, 0.8, 0.9, 0.2], [0.5, 0.2, 0.9, 0.3]])
    earlier = torch.stack([first, 1 - first], 2).log()
    view = of_logits(earlier[-1], earlier=earlier)
    assert acquisition("dial")(view, 4, generator("a")).tolist() == [1, 2, 3, 0]


def test_it_is_the_order_of_the_authors_program():
    """The heuristic QBC with the distance Norm, as the README of the authors' program says: the mean over pairs of
    checkpoints, each pair once and each checkpoint with itself."""
    view, scores = pool(60, 16), []
    for position in view.unlabelled.tolist():
        own = [logits[position].double().softmax(0) for logits in view.earlier]
        pairs = itertools.combinations_with_replacement(own, 2)
        distances = [torch.linalg.norm(one - other).item() for one, other in pairs]
        scores.append(sum(distances) / len(distances))
    known = view.unlabelled[torch.tensor(scores).argsort(descending=True)[:10]]
    assert acquisition("dial")(view, 10, generator("b")).tolist() == known.tolist()


def test_one_moment_has_no_pairs_and_the_first_are_chosen():
    view = of_logits(torch.randn(5, 3), earlier=torch.randn(1, 5, 3))
    assert acquisition("dial")(view, 2, generator("c")).tolist() == [0, 1]
