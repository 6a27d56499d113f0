"""ALFA-Mix: the closed form of a linear last layer, the official arithmetic example by example, clusters and filling.

Official program: AminParvaneh/alpha_mix_active_learning at 7e48eb1, query_strategies/alpha_mix_sampling.py.
"""

import math

import torch
from pools import acquisition, pool

from robustpath.core.randomness import generator
from robustpath.methods.shortcuts.alfa_mix import inconsistent


def test_of_two_classes_those_within_reach_of_the_boundary_change():
    """With a linear head the loss rises fastest along w_other - w_predicted, and a step of cap / sqrt(d) |z* - z|
    crosses the boundary if it is longer than the margin by |w_1 - w_0|."""
    view = pool(200, 20, 2)
    features = torch.randn(200, 5, generator=generator("z"), dtype=torch.float64)
    weight = torch.randn(2, 5, generator=generator("w"), dtype=torch.float64)
    view = view._replace(head=lambda z: z @ weight.T)
    own = features[view.unlabelled]
    away = [(features[view.labelled[view.labels == label]].mean(0) - own).norm(dim=1) for label in (0, 1)]
    difference = weight[1] - weight[0]
    margin = (own @ difference).abs() / difference.norm()
    for count, cap in ((0, 0.05), (0, 0.4)):
        reached = cap
        while not (changes := reached / math.sqrt(5) * torch.maximum(*away) > margin).any():
            reached += cap
        assert torch.equal(inconsistent(view, features, count, cap), changes)
        assert 0 < changes.sum() < len(changes)


def official(view, features, count, cap):
    """One example at a time, as the official program reads."""
    changed, reached = [False] * len(view.unlabelled), 0.0
    while reached < 1.0:
        reached += cap
        for row, position in enumerate(view.unlabelled):
            z = features[position].clone().requires_grad_()
            logits = view.head(z[None])
            predicted = int(logits.argmax())
            gradient = torch.autograd.grad(-logits.log_softmax(1)[0, predicted], z)[0]
            for label in range(view.classes):
                own = [p for p, y in zip(view.labelled, view.labels, strict=True) if y == label]
                anchor = sum(features[p] for p in own or view.labelled) / len(own or view.labelled)
                away = anchor - z.detach()
                scale = reached / math.sqrt(len(z)) * away.norm() / gradient.norm()
                alpha = scale * gradient / (away + 1e-8)
                mixed = (1 - alpha) * z.detach() + alpha * anchor
                changed[row] |= int(view.head(mixed[None]).argmax()) != predicted
        if sum(changed) > count:
            break
    return changed


def test_candidates_are_those_of_the_official_program():
    """Four classes, of which the last has no label: all labelled examples are its anchor."""
    view = pool(40, 12, 4)
    kept = view.labels != 3
    view = view._replace(labelled=view.labelled[kept], labels=view.labels[kept])
    features = view.representations["penultimate"].double()
    weight = torch.randn(4, 5, generator=generator("v"), dtype=torch.float64)
    view = view._replace(head=lambda z: torch.tanh(z) @ weight.T)
    sizes = set()
    for count, cap in ((0, 0.05), (4, 0.05), (26, 0.3)):
        changes = inconsistent(view, features, count, cap)
        assert changes.tolist() == official(view, features, count, cap)
        sizes.add(int(changes.sum()))
    assert len(sizes) == 3


def test_a_batch_has_one_candidate_of_each_cluster():
    """Three directions of very different lengths: the clusters are of directions."""
    view = pool(90, 9, 3)
    directions = torch.eye(3).repeat(30, 1) + 0.01 * torch.randn(90, 3, generator=generator("d")).abs()
    features = directions * torch.linspace(1, 50, 90)[:, None]
    view = view._replace(representations={"penultimate": features}, head=lambda z: z @ torch.ones(3, 3).triu(1))
    assert inconsistent(view, features, 3, 0.2).sum() > 20
    taken = acquisition("alfa_mix")(view, 3, generator("e"))
    assert (taken % 3).sort().values.tolist() == [0, 1, 2]


def test_without_candidates_the_batch_is_random():
    view = pool()._replace(head=lambda z: torch.tensor([1.0, 0, 0]).expand(len(z), 3) + 0 * z[:, :3])
    acquire = acquisition("alfa_mix")
    batches = {tuple(acquire(view, 5, generator(seed)).tolist()) for seed in range(20)}
    assert len(batches) == 20
