"""How many examples of each group a run has: the check of the config and the training both read it, without torch."""

import math
from collections import Counter

from robustpath.protocols.base import ABSENT

NONE = ABSENT  # no group is missing
MOST_ROUNDS = 30  # the names of scores say after which round they were taken, and the records know all names


def majority(label: int, attributes: int) -> int:
    """The attribute that most examples of a label have where there is a correlation."""
    return label % attributes


def of_class(
    count: int, label: int, classes: int, attributes: int, correlation: float, missing: int = NONE
) -> list[int]:
    """The attributes of the first `count` examples of a label, none of them in the group `missing`.

    Of the first k, |number with the majority attribute - correlation k| < 1 for every k, and over all labels together
    at most 1/2 (Hermite's identity: the labels count from different fractions); other attributes take turns. Where the
    group `missing` would come, another attribute of the label takes its place.
    """
    first = majority(label, attributes)
    others = [(first + 1 + i) % attributes for i in range(attributes - 1)]
    minorities = [each for each in others if label * attributes + each != missing]
    none_first = label * attributes + first == missing
    found, turn, begin = [], 0, (label + 0.5) / classes
    for number in range(count):
        before, after = (math.floor(round(place * correlation + begin, 9)) for place in (number, number + 1))
        if minorities and (none_first or before == after):
            found.append(minorities[turn % len(minorities)])
            turn += 1
        else:
            found.append(first)
    return found


def of_groups(count: int, classes: int, attributes: int, correlation: float, missing: int = NONE) -> Counter:
    """How many examples of each group `count` examples may hold at most, labels in turn: {group: number}."""
    found: Counter = Counter()
    for label in range(classes):
        own = of_class(math.ceil(count / classes), label, classes, attributes, correlation, missing)
        found.update({label * attributes + each: number for each, number in Counter(own).items()})
    return found


def labels(settings: dict) -> list[int]:
    """How many labels a run has in each round, from what its settings or an experiment of a report say."""
    return [settings["seed_labels"] + settings["acquired"] * number for number in range(settings["rounds"] + 1)]
