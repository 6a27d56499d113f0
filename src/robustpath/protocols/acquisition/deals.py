"""Which examples a run begins with, can choose from and is scored on: a function of (data set, seed, correlation).

What a run learns from and can choose from is dealt from the training part of the split, so no part of the split meets
examples of another, for every acquisition.
"""

from collections import Counter
from collections.abc import Iterable
from typing import NamedTuple

import torch
from torch import Tensor

from robustpath.core.errors import UserError
from robustpath.core.randomness import varied
from robustpath.data.group_splits import parted
from robustpath.data.prepared import Prepared
from robustpath.data.splits import Split
from robustpath.protocols.acquisition.scores import majorities
from robustpath.protocols.acquisition.sizes import NONE


class Groups(NamedTuple):
    """The groups of a data set: how many labels and attributes there are, and those of every example, int64 [N].
    Without an attribute, all examples of a label are one group."""

    classes: int
    attributes: int
    label: Tensor
    attribute: Tensor

    @property
    def number(self) -> Tensor:
        """The group of every example [N]: label x attributes + attribute."""
        return self.label * self.attributes + self.attribute


class Held(NamedTuple):
    """The split of a seed, and the places in its test part that runs are scored on, int64: equally many examples of
    every group."""

    parts: Split
    test: Tensor


class Deal(NamedTuple):
    """Positions in the prepared data, int64. seed_sets: the examples with a first label, for each missing group; pool:
    those without, the same for all. Any prefix holds every class equally often, to one."""

    seed_sets: dict[int, Tensor]
    pool: Tensor


def groups_of(prepared: Prepared) -> Groups:
    """The groups of prepared data."""
    attribute = torch.zeros_like(prepared.labels) if prepared.attribute is None else prepared.attribute
    return Groups(int(prepared.labels.max()) + 1, int(attribute.max()) + 1, prepared.labels, attribute)


def held_of(settings: dict, prepared: Prepared, seed: int) -> Held:
    """What the runs of a seed are scored on; where the split does not vary, that of seed 0.

    settings: dataset, validation_size, test_size, vary and, where it is set, correlation.
    """
    parts = parted(prepared, settings["dataset"], varied("split", seed, settings["vary"]), settings)
    number = groups_of(prepared).number[parts.test]
    present, counts = number.unique(return_counts=True)
    places = torch.cat([(number == each).nonzero().squeeze(1)[: counts.min()] for each in present])
    return Held(parts, places.sort().values)


def deal_of(settings: dict, prepared: Prepared, seed: int, missing: Iterable[int]) -> Deal:
    """What the runs of a seed learn from, for each `missing` group; where the split does not vary, that of seed 0.

    settings: those of `held_of`, experiment, pool, seed_labels and, where it is set, first_minorities. The pool is the
    beginning of the training part, and seed sets are from its end. UserError where there are too few examples, or none
    of a missing group in the pool.
    """
    groups, size = groups_of(prepared), settings["pool"]
    train = held_of(settings, prepared, seed).parts.train
    pool, rest = train[:size], train[size:].flip(0)
    rest = _ahead(settings, groups, train, rest)
    seed_sets = {}
    for group in missing:
        chosen = _in_turn(groups, rest[groups.number[rest] != group], settings["seed_labels"])
        if chosen is None:
            raise _too_few(settings, groups, train, group)
        if group != NONE and not (groups.number[pool] == group).any():
            raise UserError(
                f"{settings['dataset']} has no example of group {group} in the pool, so it cannot be `missing` in "
                f"experiment {settings['experiment']}: choose another group, a larger pool or another correlation"
            )
        seed_sets[group] = chosen
    return Deal(seed_sets, pool)


def _ahead(settings: dict, groups: Groups, train: Tensor, rest: Tensor) -> Tensor:
    """The candidates for first labels with as many of each minority as the settings ask for before all others.

    UserError where there are not so many.
    """
    wanted, number = settings.get("first_minorities", 0), groups.number[rest]
    if not wanted:
        return rest
    usual = majorities(groups.number[train], groups.attributes)
    ahead = torch.zeros_like(rest, dtype=torch.bool)
    for group in sorted({*groups.number[train].tolist()} - {*usual.tolist()}):
        places = (number == group).nonzero().squeeze(1)[:wanted]
        if len(places) < wanted:
            raise UserError(
                f"{settings['dataset']} has {len(places)} examples of group {group} beside the pool, too few for "
                f"first_minorities = {wanted} in experiment {settings['experiment']}: lower it or pool, or change "
                "correlation"
            )
        ahead[places] = True
    return torch.cat([rest[ahead], rest[~ahead]])


def _in_turn(groups: Groups, candidates: Tensor, count: int) -> Tensor | None:
    """The first `count` candidates with the classes in turn; None where there are too few of one."""
    rounds, found = -(-count // groups.classes), []
    for label in dict.fromkeys(groups.label[candidates].tolist()):
        found.append(candidates[groups.label[candidates] == label][:rounds])
    if len(found) < groups.classes or min(len(each) for each in found) < rounds:
        return None
    return torch.stack(found, 1).flatten()[:count]


def _too_few(settings: dict, groups: Groups, train: Tensor, missing: int) -> UserError:
    """What to say where the training part is too small for the pool and a seed set."""
    numbers = Counter(groups.number[train].tolist())
    there = ", ".join(f"{numbers[group]} of group {group}" for group in sorted(numbers))
    without = "" if missing == NONE else f" without group {missing}"
    return UserError(
        f"{settings['dataset']} has {there} for training, too few for pool = {settings['pool']} and seed_labels = "
        f"{settings['seed_labels']}{without} in experiment {settings['experiment']}: lower them, or change correlation"
    )
