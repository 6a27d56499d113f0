"""Batches that are made of episodes: the examples of each lie together, its support set before its query set."""

import torch
from torch import Tensor

from robustpath.methods.base import Batch, Loss, Params
from robustpath.methods.batches.maml import halves
from robustpath.methods.episodes import TOGETHER


def tasks(batch: Batch) -> list[tuple[Batch, Batch]]:
    """(support, query) of every episode of a batch: its equal parts, each in halves. A batch of fewer examples has
    fewer episodes."""
    number = min(TOGETHER, len(batch.inputs))
    parts = [[None] * number if part is None else part.tensor_split(number) for part in batch]
    return [halves(Batch(*own)) for own in zip(*parts, strict=True)]


def mean_of_queries(loss: Loss, moved: list[Params], batch: Batch) -> Tensor:
    """The mean over the episodes of a batch of the loss on their query sets, each at its own parameters."""
    pairs = zip(moved, tasks(batch), strict=True)
    return torch.stack([loss(params, query) for params, (_, query) in pairs]).mean()
