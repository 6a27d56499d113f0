"""Splits by (data set, seed): disjoint, class-balanced, nested in size and blind to the method."""

from typing import NamedTuple

import torch
from torch import Tensor

from robustpath.core.errors import UserError
from robustpath.core.randomness import generator
from robustpath.data.prepared import Prepared


class Split(NamedTuple):
    """Positions in the prepared data, int64; any prefix of each part holds every class equally often, to one."""

    train: Tensor
    validation: Tensor
    test: Tensor


def split(data: Prepared, dataset: str, seed: int, validation: int, test: int) -> Split:
    """Deal the examples into validation (`validation` of them), test (`test`) and training (all that remain).

    The test part comes from the official test examples where there are any. Training examples beyond the rarest class
    are left out, to keep prefixes balanced. UserError if too few are there. Where the data have groups, a group lies
    whole in one part, and -1 marks examples of no part; beside official test examples it does the latter alone.
    """
    labels, official_test, group = data.labels, data.official_test, data.group
    if group is not None and not official_test.any():
        return _by_group(labels, group, dataset, seed, validation, test)
    in_pool = ~official_test if group is None else (group >= 0) & ~official_test
    pool = deal(labels, in_pool, dataset, seed, "pool")
    held = official(data, dataset, seed) if official_test.any() else pool[validation:]
    kept = pool[validation:] if official_test.any() else pool[validation + test :]
    if len(held) < test or not len(kept):
        apart = f" and {len(held)} official test examples" if official_test.any() else ""
        raise _too_few(dataset, f"{len(pool)} balanced examples{apart}", validation, test)
    return Split(kept, pool[:validation], held[:test])


def official(data: Prepared, dataset: str, seed: int) -> Tensor:
    """Positions of the official test examples in the order of a seed, classes in turn; of these a split takes a test
    part."""
    return deal(data.labels, data.official_test, dataset, seed, "official test")


def _too_few(dataset: str, there_are: str, validation: int, test: int) -> UserError:
    return UserError(
        f"{dataset} has {there_are}, too few for validation_size {validation} and test_size {test} beside a training "
        "set: lower them"
    )


def _by_group(labels: Tensor, group: Tensor, dataset: str, seed: int, validation: int, test: int) -> Split:
    """Whole groups in random order: to validation until it holds enough of every class, then to test, then training."""
    pool = group >= 0
    order, place = group[pool].unique(return_inverse=True)
    held_by = torch.zeros(len(order), int(labels.max()) + 1, dtype=torch.int64)
    held_by.index_put_((place, labels[pool]), torch.ones_like(place), accumulate=True)
    shuffled = torch.randperm(len(order), generator=generator("split", dataset, seed, "groups"))
    order, held_by = order[shuffled], held_by[shuffled]
    parts = []
    for part, size in (("validation", validation), ("test", test)):
        enough = held_by.shape[1] * held_by.cumsum(0).amin(1) >= size
        if not enough[:-1].any():
            raise _too_few(dataset, f"{int(pool.sum())} examples in groups", validation, test)
        taken = int(enough.int().argmax()) + 1
        parts.append(deal(labels, torch.isin(group, order[:taken]), dataset, seed, part)[:size])
        order, held_by = order[taken:], held_by[taken:]
    return Split(deal(labels, torch.isin(group, order), dataset, seed, "train"), *parts)


def deal(labels: Tensor, mask: Tensor, *key: object) -> Tensor:
    """Positions under `mask` in rounds that hold one random example of each class, classes in one random order.

    As every round has the same class order, any window of the sequence is balanced to one example.
    """
    stream = generator("split", *key)
    positions = mask.nonzero().squeeze(1)
    classes = labels[positions].unique()
    classes = classes[torch.randperm(len(classes), generator=stream)]
    hands = [positions[labels[positions] == label] for label in classes]
    hands = [hand[torch.randperm(len(hand), generator=stream)] for hand in hands]
    rounds = min(len(hand) for hand in hands)
    return torch.stack([hand[:rounds] for hand in hands], dim=1).flatten()
