"""ALVIN: anchors between the minority and the majority of a class, so never in a group without a label (C16)."""

import math

import pytest
import torch
from holes import additive, base_rate, discovery
from pools import acquisition, pool, settings_of

from robustpath.core.randomness import generator
from robustpath.methods.analogy import between, in_order, plan
from robustpath.methods.minorities import by_history


def test_with_as_many_neighbours_as_the_pool_has_it_is_uncertainty_sampling():
    view = pool()
    assert torch.equal(
        acquisition("alvin", neighbours=1000)(view, 9, generator("a")),
        acquisition("entropy")(view, 9, generator("a")),
    )


@pytest.mark.parametrize("name", ["alvin", "parallelogram_interpolated"])
def test_every_anchor_lies_between_the_minority_and_the_majority_of_a_class(name):
    view, _ = additive({(0, 0): 6, (0, 1): 3, (1, 0): 2, (1, 1): 8}, noise=0.5)
    numbers = {"dimensions": 20} if name != "alvin" else {}
    planned = plan(view, 6, generator("b"), settings_of(name, **numbers))
    places = view.representations["penultimate"]
    if name != "alvin":
        places = (places - places.mean(0)) / places.std(0, correction=0)
    own, minority, labels = places[view.labelled], by_history(view), set()
    for anchor in planned.targets:
        few, most = minority.nonzero()[:, 0], (~minority).nonzero()[:, 0]
        one, other = torch.cartesian_prod(few, most)[
            view.labels[few].repeat_interleave(len(most)) == view.labels[most].repeat(len(few))
        ].T
        length = (own[one] - own[other]).norm(dim=1)
        detour = (anchor - own[one]).norm(dim=1) + (anchor - own[other]).norm(dim=1) - length
        assert detour.min() < 1e-9
        labels.add(int(view.labels[one[detour.argmin()]]))
    assert len(planned.targets) == 24 and labels == {0, 1}


@pytest.mark.parametrize("alpha", [0.5, 2.0])
def test_the_share_of_the_minority_is_beta_distributed(alpha):
    stream = generator("c")
    one = torch.ones(1, dtype=torch.float64)
    shares = torch.stack([1 - between(0 * one, one, stream, alpha) for _ in range(3000)])
    assert math.isclose(float(shares.mean()), 0.5, abs_tol=0.025)
    assert math.isclose(float(shares.var()), 1 / (4 * (2 * alpha + 1)), rel_tol=0.08)


def test_it_does_not_find_the_group_without_a_label():
    assert discovery(acquisition("alvin")) <= 0.02
    settings = settings_of("parallelogram_interpolated")._replace(rank=in_order)
    assert discovery(lambda *view: plan(*view, settings).positions) < base_rate()
