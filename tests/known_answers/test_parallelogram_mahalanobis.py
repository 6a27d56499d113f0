"""Distances scaled by the spread within classes: the same in all linear coordinates, unlike Euclidean ones."""

import torch
from holes import additive
from pools import acquisition, settings_of

from robustpath.core.randomness import generator
from robustpath.methods import analogy
from robustpath.methods.coordinates import ledoit_wolf


def test_distances_are_those_of_the_covariance_within_classes():
    view, _ = additive({(0, 0): 20, (0, 1): 3, (1, 0): 2, (1, 1): 20}, noise=1.0)
    settings = settings_of("parallelogram_mahalanobis", dimensions=20)
    places = analogy.coordinates(view, settings)
    inputs = view.representations["inputs"]
    plain = (inputs - inputs.mean(0)) / inputs.std(0, correction=0)
    own = plain[view.labelled]
    means = torch.stack([own[view.labels == label].mean(0) for label in (0, 1)])
    inverse = torch.linalg.inv(ledoit_wolf(own - means[view.labels]))
    for one, other in ((0, 1), (5, 77), (33, 100)):
        away = plain[one] - plain[other]
        assert torch.allclose((places[one] - places[other]).norm(), (away @ inverse @ away).sqrt(), rtol=1e-4)


def test_it_acquires_by_them():
    view, _ = additive({(0, 0): 20, (0, 1): 3, (1, 0): 2, (1, 1): 20}, noise=1.0)
    ours, plain = (acquisition(name) for name in ("parallelogram_mahalanobis", "parallelogram"))
    assert not torch.equal(ours(view, 8, generator("a")), plain(view, 8, generator("a")))
