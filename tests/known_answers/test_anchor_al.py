"""AnchorAL: distances to anchors one by one, the anchors of a class, and entropy inside the small pool only.

Official program: pietrolesci/anchoral at 494c81f, src/anchoral.py.
"""

import math

import torch
from pools import acquisition, pool, registered
from torch.nn.functional import cosine_similarity, normalize

from robustpath.core.randomness import generator
from robustpath.methods.shortcuts.anchor_al import mean_distances


def slow_distances(anchors, others, neighbours):
    found = {}
    for anchor in anchors:
        distances = 1 - cosine_similarity(anchor[None], others)
        for row in distances.argsort()[:neighbours].tolist():
            found.setdefault(row, []).append(float(distances[row]))
    return {row: sum(values) / len(values) for row, values in found.items()}


def test_an_example_has_the_mean_distance_to_the_anchors_that_find_it():
    anchors, others = (normalize(torch.randn(n, 4, generator=generator(n), dtype=torch.float64)) for n in (7, 60))
    distances, slow = mean_distances(anchors, others, 9), slow_distances(anchors, others, 9)
    assert distances.isfinite().nonzero()[:, 0].tolist() == sorted(slow)
    assert torch.allclose(distances[sorted(slow)], torch.tensor([slow[row] for row in sorted(slow)]).double())
    assert 9 < len(slow) < 60


def test_the_most_uncertain_of_the_closest_are_acquired():
    view = pool(200, 20, 2)
    points = normalize(view.representations["random_features"].double())
    slow = slow_distances(points[view.labelled], points[view.unlabelled], 25)
    inside = sorted(sorted(slow, key=slow.get)[:30])
    entropies = torch.distributions.Categorical(logits=view.logits[view.unlabelled[inside]].double()).entropy()
    known = view.unlabelled[torch.tensor(inside)[entropies.argsort(descending=True)[:6]]]
    acquire = acquisition("anchor_al", anchors=20, neighbours=25, pool=30)
    assert acquire(view, 6, generator("b")).tolist() == known.tolist()
    assert not torch.isin(acquisition("entropy")(view, 6, generator("b")), known).all()


def test_every_class_has_as_many_anchors():
    """50 labelled examples of class 0 and one of class 1, each class with its own side of the pool: with one anchor a
    class both sides are in the small pool alike."""
    view = pool(200, 51, 2)
    side = torch.arange(200) % 2
    angles = torch.rand(200, generator=generator("a")) * 0.5 + side
    zeros, ones = ((side == value).nonzero()[:, 0] for value in (0, 1))
    labelled = torch.cat([zeros[:50], ones[:1]])
    rest = torch.ones(200, dtype=torch.bool)
    rest[labelled] = False
    view = view._replace(
        representations={"random_features": torch.stack([angles.cos(), angles.sin()], 1)},
        labelled=labelled,
        labels=side[labelled],
        unlabelled=rest.nonzero()[:, 0],
    )
    taken = acquisition("anchor_al", anchors=1, neighbours=10, pool=1000)(view, 20, generator("c"))
    assert torch.bincount(side[taken]).tolist() == [10, 10]


def test_a_batch_beyond_the_small_pool_goes_on_with_the_closest():
    view = pool(60, 6, 2)
    taken = acquisition("anchor_al", anchors=5, neighbours=2, pool=4)(view, 40, generator("d"))
    points = normalize(view.representations["random_features"].double())
    slow = slow_distances(points[view.labelled], points[view.unlabelled], 2)
    found = view.unlabelled[sorted(slow, key=slow.get)].tolist()
    assert sorted(taken[:4].tolist()) == sorted(found[:4])
    assert taken[4 : len(found)].tolist() == found[4:]
    assert len(taken.unique()) == 40


def test_it_notes_how_far_its_anchors_are_and_how_small_its_pool_is():
    view = pool(200, 20, 2)
    points = normalize(view.representations["random_features"].double())
    anchors, others = points[view.labelled].tolist(), points[view.unlabelled].tolist()
    away = [min(math.dist(anchor, each) for each in others) for anchor in anchors]
    typical = sorted(sorted(math.dist(one, each) for each in others)[1] for one in others)[89]
    found = registered("anchor_al", anchors=20, neighbours=25, pool=30)(view, 6, generator("b"))
    assert math.isclose(found.notes["off_manifold"], sum(away) / 20 / typical, rel_tol=1e-9)
    assert found.notes["candidate_share"] == 30 / 180
