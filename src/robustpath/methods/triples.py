"""Which three labelled examples make a parallelogram: r0, and what r1 and r2 are drawn from.

Each function is (view, places [l, d] of the labelled examples, wanted, pairs, generator) -> `wanted` triples; none
where the labelled examples allow no triple. Numbers of a triple count the labelled examples from 0.
"""

from collections.abc import Sequence
from typing import NamedTuple, TypeVar

import torch
from torch import Tensor

from robustpath.methods import minorities
from robustpath.methods.acquiring import View

Option = TypeVar("Option")


class Triple(NamedTuple):
    """start: the number of r0; ones, twos: numbers [m] of what r1 and r2 may be."""

    start: int
    ones: Tensor
    twos: Tensor


def by_history(view: View, places: Tensor, wanted: int, pairs: int, generator: torch.Generator) -> list[Triple]:
    """r0 and r1 from the majorities of two classes, r2 from the minority of r1's class (minorities.by_history): with
    two attributes that go against each other, the minority of one class looks like the majority of the other."""
    minority = minorities.by_history(view)
    few = {label: members[minority[members]] for label, members in _classes(view).items()}
    most = {label: members[~minority[members]] for label, members in _classes(view).items()}
    donors = {label: [c for c in few if c != label and len(few[c]) and len(most[c])] for label in most}
    starts = [label for label, own in most.items() if len(own) and donors[label]]
    drawn = []
    for _ in range(wanted if starts else 0):
        label = _one(starts, generator)
        donor = _one(donors[label], generator)
        drawn.append(Triple(int(_one(most[label], generator)), most[donor], few[donor]))
    return drawn


def by_neighbour(view: View, places: Tensor, wanted: int, pairs: int, generator: torch.Generator) -> list[Triple]:
    """r0 any example, r2 one of its `pairs` nearest of another class, r1 one of the `pairs` of that class furthest from
    the nearest: no history is read. Never more than half of a class is near or far."""
    classes = _classes(view)
    donors = {label: [c for c in classes if c != label and len(classes[c]) > 1] for label in classes}
    starts = [label for label in classes if donors[label]]
    drawn = []
    for _ in range(wanted if starts else 0):
        label = _one(starts, generator)
        start = int(_one(classes[label], generator))
        members = classes[_one(donors[label], generator)]
        size = min(pairs, len(members) // 2)
        near = members[_distances(places, members, start).argsort(stable=True)[:size]]
        away = _distances(places, members, int(near[0])).argsort(descending=True, stable=True)
        drawn.append(Triple(start, members[away[:size]], near))
    return drawn


def by_attribute(view: View, places: Tensor, wanted: int, pairs: int, generator: torch.Generator) -> list[Triple]:
    """The same with the true attributes, so an upper bound: the target is the rarest group of r0's class among the
    labelled examples, r2 has the attribute of r0 and r1 that of the target."""
    attributes = view.attribute[view.labelled]
    classes = _classes(view)
    groups = {
        (label, attribute): members[attributes[members] == attribute]
        for label, members in classes.items()
        for attribute in attributes.unique().tolist()
    }
    options = []
    for label in classes:
        sizes = {attribute: len(own) for (c, attribute), own in groups.items() if c == label}
        rare = min(sizes, key=lambda attribute: (sizes[attribute], attribute))
        ways = [
            (groups[label, shared], groups[donor, rare], groups[donor, shared])
            for donor in classes
            for shared in sizes
            if donor != label and shared != rare
        ]
        options.append([way for way in ways if all(len(members) for members in way)])
    options = [ways for ways in options if ways]
    drawn = []
    for _ in range(wanted if options else 0):
        starts, ones, twos = _one(_one(options, generator), generator)
        drawn.append(Triple(int(_one(starts, generator)), ones, twos))
    return drawn


def at_random(view: View, places: Tensor, wanted: int, pairs: int, generator: torch.Generator) -> list[Triple]:
    """r0, r1 and r2 any labelled examples."""
    everyone = torch.arange(len(view.labels))
    return [Triple(int(_one(everyone, generator)), everyone, everyone) for _ in range(wanted)]


def within_class(view: View, places: Tensor, wanted: int, pairs: int, generator: torch.Generator) -> list[Triple]:
    """r0, which is r2 too, from the minority of a class and one r1 from its majority: all between them is in the class
    (Korakakis et al. 2024)."""
    minority = minorities.by_history(view)
    sides = [(members[minority[members]], members[~minority[members]]) for members in _classes(view).values()]
    sides = [(few, most) for few, most in sides if len(few) and len(most)]
    drawn = []
    for _ in range(wanted if sides else 0):
        few, most = _one(sides, generator)
        start, end = _one(few, generator), _one(most, generator)
        drawn.append(Triple(int(start), end[None], start[None]))
    return drawn


def _classes(view: View) -> dict[int, Tensor]:
    return {label: (view.labels == label).nonzero()[:, 0] for label in view.labels.unique().tolist()}


def _distances(places: Tensor, members: Tensor, start: int) -> Tensor:
    return (places[members] - places[start]).square().sum(1)


def _one(options: Sequence[Option], generator: torch.Generator) -> Option:
    return options[int(torch.randint(len(options), (), generator=generator))]
