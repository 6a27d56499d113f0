"""Batches that are made of episodes: the examples of each lie together, its support set before its query set."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from robustpath.core.parameters import tree_map
from robustpath.methods.base import Batch, Params
from robustpath.methods.batches.maml import halves
from robustpath.methods.episode_sizes import TOGETHER


def on_each(function: Callable[..., Any], params: Params, batch: Batch, *others: Any) -> Any:
    """function(params, support, query, *others) on every episode of a batch: what it gives, with a first axis of
    episodes, which the others have too.

    The episodes are the equal parts of the batch, and support and query the halves of each. A batch whose examples do
    not divide into so many is a single episode.
    """
    number = TOGETHER if len(batch.inputs) % (2 * TOGETHER) == 0 else 1
    pairs = [halves(Batch(*own)) for own in zip(batch.inputs.chunk(number), batch.labels.chunk(number), strict=True)]
    supports, queries = (
        (torch.stack([each.inputs for each in own]), torch.stack([each.labels for each in own]))
        for own in zip(*pairs, strict=True)
    )
    # Copies of the parameters, so that each pass is counted once an episode.
    copies = tree_map(lambda tensor: torch.stack([tensor] * number), params)
    return torch.vmap(lambda p, support, query, *own: function(p, Batch(*support), Batch(*query), *own))(
        copies, supports, queries, *others
    )


def mean(values: Tensor) -> Tensor:
    """The mean over the first axis, that of episodes, added in their order: a reduction may add in another order where
    a population has another number of members."""
    return sum(values.unbind()) / len(values)
