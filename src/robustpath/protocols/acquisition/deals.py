"""Which examples a run begins with, can choose from and is scored on: a function of (data set, seed, correlation).

What a run is trained on and can choose from is dealt from the training part of the split, so no part of the split meets
examples of another, whatever the method is that acquires.
"""

from bisect import bisect
from collections import Counter
from collections.abc import Iterable
from typing import NamedTuple

import torch
from torch import Tensor

from robustpath.core.errors import UserError
from robustpath.core.randomness import varied
from robustpath.data.prepared import Prepared
from robustpath.data.splits import Split, split
from robustpath.protocols.acquisition import sizes
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
    """The split of a seed, and the places within two of its parts that runs are scored on, int64: validation is as
    correlated as training, the test has equally many examples of every group."""

    parts: Split
    validation: Tensor
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

    settings: experiment, dataset, validation_size, test_size, vary and, where it is set, correlation. With a
    correlation validation is the longest beginning of the part that can have it; UserError where there is none.
    """
    groups, own = groups_of(prepared), varied("split", seed, settings["vary"])
    parts = split(prepared, settings["dataset"], own, settings["validation_size"], settings["test_size"])
    validation, correlation = parts.validation, settings.get("correlation")
    if correlation is not None:
        count = range(1, len(validation) // groups.classes + 1)
        # Numbers of rounds that the part can give come before those that it cannot.
        longest = bisect(count, False, key=lambda rounds: _rounds(groups, validation, rounds, correlation) is None)
        if not longest:
            raise UserError(
                f"{settings['dataset']} has too few validation examples of a group for correlation = {correlation:g} "
                f"in experiment {settings['experiment']}: raise validation_size, or change correlation"
            )
        validation = _rounds(groups, validation, longest, correlation)
    return Held(parts, _places(parts.validation, validation), _places(parts.test, _balanced(groups, parts.test)))


def deal_of(settings: dict, prepared: Prepared, seed: int, missing: Iterable[int]) -> Deal:
    """What the runs of a seed learn from, for each `missing` group; where the split does not vary, that of seed 0.

    settings: those of `held_of`, pool and seed_labels. The pool takes from the front of each group, in the random order
    of the split, and seed sets from the end. UserError where there are too few examples of a group, or none of a
    missing group in the pool.
    """
    groups, correlation, size = groups_of(prepared), settings.get("correlation"), settings["pool"]
    train = held_of(settings, prepared, seed).parts.train
    rounds, first_rounds = (-(-count // groups.classes) for count in (size, settings["seed_labels"]))
    pool, seed_sets = _rounds(groups, train, rounds, correlation), {}
    for group in missing:
        chosen = _rounds(groups, train.flip(0), first_rounds, correlation, group)
        if pool is None or chosen is None or torch.isin(chosen, pool).any():
            raise _too_few(settings, groups, train, group)
        if group != NONE and not (groups.number[pool[:size]] == group).any():
            raise UserError(
                f"{settings['dataset']} has no example of group {group} in the pool, so it cannot be `missing` in "
                f"experiment {settings['experiment']}: choose another group, a larger pool or another correlation"
            )
        seed_sets[group] = chosen[: settings["seed_labels"]]
    return Deal(seed_sets, pool[:size])


def _too_few(settings: dict, groups: Groups, train: Tensor, missing: int) -> UserError:
    """What to say where the pool and a seed set together need more of a group than there are for training."""
    numbers = Counter(groups.number[train].tolist())
    there = ", ".join(f"{numbers[group]} of group {group}" for group in sorted(numbers))
    without = "" if missing == NONE else f" without group {missing}"
    return UserError(
        f"{settings['dataset']} has {there} for training, too few for pool = {settings['pool']} and seed_labels = "
        f"{settings['seed_labels']}{without} in experiment {settings['experiment']}: lower them, or change correlation"
    )


def _rounds(
    groups: Groups, candidates: Tensor, rounds: int, correlation: float | None, missing: int = NONE
) -> Tensor | None:
    """So many rounds of one example of each class, of `candidates` in random order; None where they do not suffice.
    With a correlation, the attributes are those of `sizes.of_class`; no example is of the group `missing`."""
    order = list(dict.fromkeys(groups.label[candidates].tolist()))
    found = []
    for label in order:
        own = candidates[(groups.label[candidates] == label) & (groups.number[candidates] != missing)]
        if correlation is not None:
            wanted = sizes.of_class(rounds, label, groups.classes, groups.attributes, correlation, missing)
            own = _scheduled(own, groups.attribute[own], torch.tensor(wanted))
        if own is None or len(own) < rounds:
            return None
        found.append(own[:rounds])
    return torch.stack(found, 1).flatten()


def _scheduled(candidates: Tensor, attribute: Tensor, wanted: Tensor) -> Tensor | None:
    """Candidates with the attributes that are `wanted`, one after the other; None where there are too few of one."""
    found = torch.empty_like(wanted)
    for each in wanted.unique():
        places, own = wanted == each, candidates[attribute == each]
        if len(own) < places.sum():
            return None
        found[places] = own[: places.sum()]
    return found


def _balanced(groups: Groups, part: Tensor) -> Tensor:
    """As many examples of a part as there can be with equally many of every group that it has, in its order."""
    number = groups.number[part]
    present, counts = number.unique(return_counts=True)
    chosen = torch.cat([part[number == each][: counts.min()] for each in present])
    return part[torch.isin(part, chosen)]


def _places(part: Tensor, chosen: Tensor) -> Tensor:
    """Where in a part the examples `chosen` lie."""
    place = torch.full((int(part.max()) + 1,), -1)
    place[part] = torch.arange(len(part))
    return place[chosen]
