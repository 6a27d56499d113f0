"""Splits whose training and validation labels are correlated with an attribute, and whose test part has equal groups.

At a correlation of rho, a share rho of the examples of each label has the label's majority attribute, and the other
attributes share the rest alike. The order of training examples is a function of (data set, seed) and rho, so that
training sets of several sizes are nested.
"""

from collections.abc import Mapping
from typing import NamedTuple

import torch
from torch import Generator, Tensor

from robustpath.core.errors import UserError
from robustpath.core.randomness import generator
from robustpath.data.prepared import Prepared
from robustpath.data.splits import Split, split


def parted(data: Prepared, dataset: str, seed: int, settings: Mapping) -> Split:
    """The split of a seed: settings give validation_size, test_size and, where labels are to be correlated with the
    attribute, correlation."""
    sizes = settings["validation_size"], settings["test_size"]
    correlation = settings.get("correlation")
    if correlation is None:
        return split(data, dataset, seed, *sizes)
    return correlated(data, dataset, seed, correlation, *sizes)


def groups(labels: Tensor, attribute: Tensor, attributes: int) -> Tensor:
    """The number of each example's group, label * attributes + attribute: int64 [N]; -1 where it has no attribute."""
    return torch.where(attribute >= 0, labels * attributes + attribute, -1)


def correlated(data: Prepared, dataset: str, seed: int, correlation: float, validation: int, test: int) -> Split:
    """Deal `test` examples in equal groups, `validation` at the correlation, and at the same one all that is left.

    Test examples are official ones where there are any. Groups of the data that a split must not divide lie whole in
    one part. UserError where there is no attribute, or where a group has too few examples.
    """
    if data.attribute is None:
        raise UserError(f"{dataset} has no attribute that its labels could be correlated with: leave out correlation")
    classes, attributes = int(data.labels.max()) + 1, int(data.attribute.max()) + 1
    cell = groups(data.labels, data.attribute, attributes)
    deck = _shuffled(data, cell, attributes, dataset, seed)
    stream = generator("split", dataset, seed, "groups")
    turns = torch.randperm(classes * attributes, generator=stream)
    equal = turns[torch.arange(test) % len(turns)]
    words = f"{dataset} at correlation {correlation:g}"
    if data.official_test.any():
        apart = deck._replace(left=data.official_test & (cell >= 0))
        tested, _ = _taken(apart, equal, f"the test part of {words}")
    else:
        tested, deck = _taken(deck, equal, f"the test part of {words}")
    skewed = pattern(int(deck.left.sum()), classes, attributes, correlation, stream)
    checked, deck = _taken(deck, skewed[:validation], f"the validation part of {words}")
    hands = [(cell == number) & deck.left for number in range(classes * attributes)]
    enough = min(_until(skewed == number, int(hand.sum())) for number, hand in enumerate(hands))
    if enough < classes:
        raise UserError(f"nothing is left to train on of {words}: lower validation_size or test_size")
    trained, _ = _taken(deck._replace(scope=cell), skewed[:enough], f"the training part of {words}")
    return Split(trained, checked, tested)


def pattern(count: int, classes: int, attributes: int, correlation: float, stream: Generator) -> Tensor:
    """The groups of `count` examples that come one after the other: int64 [count].

    Each round holds every label once, always in one random order. The label at place k has the majority attribute in
    floor(rho m + u_k) of the first m rounds, u_k = (k + 1/2) / classes, so that over all labels it is rho times the
    examples of those rounds, rounded (Hermite's identity). Its other attributes take turns.
    """
    order = torch.randperm(classes, generator=stream)
    others = torch.randperm(max(attributes - 1, 1), generator=stream)
    place = torch.arange(count) % classes
    rounds = torch.arange(count) // classes
    start = (place.double() + 0.5) / classes
    before, after = ((correlation * many.double() + start).floor().long() for many in (rounds, rounds + 1))
    majority = order[place] % attributes
    other = (majority + 1 + others[(rounds - before + place) % len(others)]) % attributes
    return order[place] * attributes + torch.where(after > before, majority, other)


class _Deck(NamedTuple):
    """What is left to deal: a mask [N]; the group of each example, -1 outside; the place of each among all in random
    order, and that of its unit, which no part may divide; among which examples units are counted off; and how many
    values the attribute has."""

    left: Tensor
    cell: Tensor
    place: Tensor
    unit: Tensor
    scope: Tensor
    attributes: int


def _shuffled(data: Prepared, cell: Tensor, attributes: int, dataset: str, seed: int) -> _Deck:
    """All examples of the pool. Units are the data's own groups, each of one attribute, or single examples."""
    pool = ~data.official_test & (cell >= 0)
    pool = pool if data.group is None else pool & (data.group >= 0)
    stream = generator("split", dataset, seed, "correlated")
    place = torch.randperm(len(cell), generator=stream)
    single = data.group is None or len(data.group[pool].unique()) == int(pool.sum())
    if single:
        return _Deck(pool, cell, place, place, cell, attributes)
    _, own = data.group.unique(return_inverse=True)
    unit = torch.randperm(int(own.max()) + 1, generator=stream)[own]
    return _Deck(pool, cell, place, unit, data.attribute, attributes)


def _taken(deck: _Deck, sequence: Tensor, words: str) -> tuple[Tensor, _Deck]:
    """Examples of the groups of `sequence`, in its order, and the deck without the units they are of."""
    numbers, wanted = sequence.unique(return_counts=True)
    last = torch.full((int(deck.scope.max()) + 1,), -1)
    for number, many in zip(numbers.tolist(), wanted.tolist(), strict=True):
        there = deck.left & (deck.cell == number)
        units = deck.unit[there].sort().values
        if len(units) < many:
            raise UserError(
                f"{words} needs {many} examples of label {number // deck.attributes} with attribute "
                f"{number % deck.attributes}, but {len(units)} are left: lower validation_size or test_size, or choose "
                "another correlation"
            )
        scope = deck.scope[there][0]
        last[scope] = torch.maximum(last[scope], units[many - 1])
    within = deck.left & (deck.unit <= last[deck.scope.clamp_min(0)])
    dealt = torch.empty_like(sequence)
    for number, many in zip(numbers.tolist(), wanted.tolist(), strict=True):
        hand = (within & (deck.cell == number)).nonzero().squeeze(1)
        dealt[sequence == number] = hand[deck.place[hand].argsort()][:many]
    return dealt, deck._replace(left=deck.left & ~within)


def _until(asked: Tensor, many: int) -> int:
    """How many places of a sequence come before the one that asks for more than `many` of a group."""
    places = asked.nonzero().squeeze(1)
    return int(places[many]) if len(places) > many else len(asked)
