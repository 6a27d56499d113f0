"""Groups of examples: an average of each group, over the groups of a batch."""

import torch
from torch import Tensor

from robustpath.methods.base import Batch

ROOM = 128  # groups that a state has room for: it is made before the number of groups is known


def membership(groups: Batch, examples: int) -> Tensor:
    """Which group each of so many examples is in, one-hot [examples, ROOM]; groups.labels [examples] are the groups."""
    numbers = torch.arange(ROOM, device=groups.labels.device)
    return (groups.labels[:, None] == numbers).to(torch.get_default_dtype()).expand(examples, ROOM)


def attributes(groups: Batch, examples: int) -> Tensor:
    """What each example's label may be confused with, int64 [examples]: group = label * A + attribute."""
    return (groups.labels % count(groups)).expand(examples)


def count(groups: Batch) -> int:
    """The number A of attributes: groups.inputs [examples, A] has a column for each."""
    return groups.inputs.shape[-1]


def averages(values: Tensor, members: Tensor) -> Tensor:
    """The mean of `values` [b] over each column of `members` [b, groups], 0 where a group has no example."""
    members = members.to(values)
    return (values @ members) / members.sum(0).clamp_min(1)
