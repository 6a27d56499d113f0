"""Pools of two classes with two attributes, of which one group may have no label."""

import torch
from pools import of_logits
from torch import Tensor

from robustpath.core.randomness import generator
from robustpath.methods.acquiring import View

GROUPS = ((0, 0), (0, 1), (1, 0), (1, 1))
HOLE = (1, 0)
CORRELATION = 0.97


def additive(sizes: dict[tuple[int, int], int], noise: float = 0.0, seed: int = 0) -> tuple[View, Tensor]:
    """A pool of 30 examples of each group at u_y + v_a + noise in six dimensions, and all its labels.

    sizes: how many of each group are labelled. The model has its minorities (attribute not the label) always wrong.
    """
    stream = generator("additive", seed)
    label, attribute = (torch.tensor(GROUPS).repeat(30, 1)[:, column] for column in (0, 1))
    parts, shifts = (torch.randn(2, 6, generator=stream, dtype=torch.float64) for _ in range(2))
    places = parts[label] + shifts[attribute] + noise * torch.randn(120, 6, generator=stream, dtype=torch.float64)
    chosen = torch.cat([members(label, attribute, group)[:size] for group, size in sizes.items()])
    right = label == attribute
    view = of_logits(
        torch.randn(120, 2, generator=stream),
        representations=dict.fromkeys(("inputs", "random_features", "penultimate"), places),
        labelled=chosen,
        labels=label[chosen],
        correct=right[chosen].expand(3, -1),
        losses=torch.rand(3, len(chosen), generator=stream),
        unlabelled=others(120, chosen),
        attribute=attribute,
    )
    return view, label


def hole(seed: int, examples: int = 3040, labelled: int = 40, minority: int = 3) -> tuple[View, Tensor]:
    """A pool, and all its labels, whose group of class 1 and attribute 0 has no label and is 1.5 % of the pool.

    x = [3 e_y / sqrt 2, 6 e_a / sqrt 2, 0] + N(0, I) in 20 dimensions, rotated; the attribute is the label with
    probability 0.97. Of the labelled examples, half of each class, `minority` are of class 0 and attribute 1. The model
    is a linear rule, by ridge regression on the labelled examples; its losses are the history.
    """
    stream = generator("hole", seed)
    label = torch.randint(2, (examples,), generator=stream)
    attribute = torch.where(torch.rand(examples, generator=stream) < CORRELATION, label, 1 - label)
    means = torch.zeros(examples, 20)
    means[torch.arange(examples), label] = 3 / 2**0.5
    means[torch.arange(examples), 2 + attribute] = 6 / 2**0.5
    rotation = torch.linalg.qr(torch.randn(20, 20, generator=stream))[0]
    inputs = (means + torch.randn(examples, 20, generator=stream)) @ rotation
    sizes = {(0, 0): labelled // 2 - minority, (0, 1): minority, (1, 1): labelled // 2}
    chosen = torch.cat([members(label, attribute, group)[:size] for group, size in sizes.items()])
    design = torch.cat([inputs, torch.ones(examples, 1)], 1)
    known = design[chosen]
    rule = torch.linalg.solve(known.T @ known + torch.eye(21), known.T @ (2.0 * label[chosen] - 1))
    logits = torch.stack([-2 * design @ rule, 2 * design @ rule], 1)
    view = of_logits(
        logits,
        representations=dict.fromkeys(("inputs", "random_features", "penultimate"), inputs),
        labelled=chosen,
        labels=label[chosen],
        correct=(logits[chosen].argmax(1) == label[chosen])[None],
        losses=torch.nn.functional.cross_entropy(logits[chosen], label[chosen], reduction="none")[None],
        unlabelled=others(examples, chosen),
        attribute=attribute,
    )
    return view, label


def discovery(acquire, seeds: int = 8, batch: int = 20) -> float:
    """The share of the hole's group among the first batch, a mean over pools."""
    shares = []
    for seed in range(seeds):
        view, label = hole(seed)
        taken = acquire(view, batch, generator("discovery", seed))
        shares.append(float(((label[taken] == HOLE[0]) & (view.attribute[taken] == HOLE[1])).double().mean()))
    return sum(shares) / seeds


def base_rate(seeds: int = 8) -> float:
    """The share of the hole's group among the unlabelled: what a random batch finds on average."""
    pools = [hole(seed) for seed in range(seeds)]
    return sum(
        float(((label == HOLE[0]) & (view.attribute == HOLE[1]))[view.unlabelled].double().mean())
        for view, label in pools
    ) / len(pools)


def members(label: Tensor, attribute: Tensor, group: tuple[int, int]) -> Tensor:
    """Positions of a group."""
    return ((label == group[0]) & (attribute == group[1])).nonzero()[:, 0]


def others(examples: int, chosen: Tensor) -> Tensor:
    """Positions of all but the chosen."""
    rest = torch.ones(examples, dtype=torch.bool)
    rest[chosen] = False
    return rest.nonzero()[:, 0]
