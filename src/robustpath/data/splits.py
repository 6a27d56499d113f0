"""Splits by (data set, seed): disjoint, class-balanced, nested in size and blind to the method."""

from typing import NamedTuple

import torch
from torch import Tensor

from robustpath.data.streams import generator
from robustpath.errors import UserError


class Split(NamedTuple):
    """Positions in the prepared data, int64; any prefix of each part holds every class equally often, to one."""

    train: Tensor
    validation: Tensor
    test: Tensor


def split(labels: Tensor, official_test: Tensor, dataset: str, seed: int, validation: int, test: int) -> Split:
    """Deal the examples into validation (`validation` of them), test (`test`) and training (all that remain).

    labels int64 [N], official_test bool [N]. The test part comes from the official test examples where there are any.
    Training examples beyond the rarest class are left out, to keep prefixes balanced. UserError if too few are there.
    """
    pool = _deal(labels, ~official_test, dataset, seed, "pool")
    held = _deal(labels, official_test, dataset, seed, "official test") if official_test.any() else pool[validation:]
    kept = pool[validation:] if official_test.any() else pool[validation + test :]
    if len(held) < test or not len(kept):
        raise UserError(
            f"{dataset} has {len(pool)} balanced examples{_official(official_test, held)}, too few for "
            f"validation_size {validation} and test_size {test} beside a training set: lower them"
        )
    return Split(kept, pool[:validation], held[:test])


def _official(official_test: Tensor, held: Tensor) -> str:
    return f" and {len(held)} official test examples" if official_test.any() else ""


def _deal(labels: Tensor, mask: Tensor, *key: object) -> Tensor:
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
