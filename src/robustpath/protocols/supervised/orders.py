"""Orders of exposure: in which order a run meets the examples that it would meet anyway."""

from collections.abc import Callable, Mapping
from typing import NamedTuple

import torch
from torch import Tensor


class Known(NamedTuple):
    """met: positions [S] of all examples that a run meets, in the plain order; own: those of its training set [n];
    tables: what is known of every position [N]: "groups" and "irreducible"; attributes: how many there are."""

    met: Tensor
    own: Tensor
    tables: Mapping[str, Tensor]
    attributes: int


def minority(known: Known) -> Tensor:
    """Which of the examples met [S] have not the attribute that most training examples of their label have."""
    groups = known.tables["groups"]
    counts = torch.bincount(groups[known.own], minlength=int(groups.max()) + 1)
    counts = torch.cat([counts, counts.new_zeros(-len(counts) % known.attributes)]).reshape(-1, known.attributes)
    met = groups[known.met]
    return met % known.attributes != counts.argmax(1)[met // known.attributes]


def minority_first(known: Known) -> Tensor:
    """Minority and majority by turns until one of them is used up, then the rest; each in its plain order."""
    rare = minority(known)
    turn = torch.where(rare, rare.cumsum(0), (~rare).cumsum(0)) - 1
    return torch.argsort(2 * turn + (~rare).long(), stable=True)


def minority_last(known: Known) -> Tensor:
    """`minority_first`, backwards."""
    return minority_first(known).flip(0)


def by_attribute(known: Known) -> Tensor:
    """All examples of one attribute, then those of the next; each in its plain order."""
    return torch.argsort(known.tables["groups"][known.met] % known.attributes, stable=True)


def easy_to_hard(known: Known) -> Tensor:
    """By the loss of the parent: the example of rank r, from 0 to 1, is met from the share r / 2 of training to
    (1 + r) / 2, its times in equal distances. So the first half lets in ever harder examples, and the second leaves out
    ever harder ones; in a single pass, the losses rise."""
    rank = torch.empty(len(known.tables["irreducible"]))
    rank[known.own[known.tables["irreducible"][known.own].argsort(stable=True)]] = torch.linspace(0, 1, len(known.own))
    by_example = known.met.argsort(stable=True)
    _, place, times = known.met[by_example].unique(return_inverse=True, return_counts=True)
    earlier = torch.arange(len(known.met)) - (times.cumsum(0) - times)[place]
    share = torch.empty(len(known.met))
    share[by_example] = earlier / times[place]
    return torch.argsort(rank[known.met] + share, stable=True)


ORDERS: dict[str, Callable[[Known], Tensor]] = {
    "minority_first": minority_first,
    "minority_last": minority_last,
    "attribute_blocks": by_attribute,
    "easy_to_hard": easy_to_hard,
}
