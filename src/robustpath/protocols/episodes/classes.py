"""The classes of each part of a data set, which share neither labels nor families of examples with those of another.

A class is a label seen in one of four quarter turns (Santoro et al. 2016), as in the few-shot tasks on Omniglot: 26
letters give 52 classes for training, 20 for validation and 32 for the test. Their members are families of typefaces.
"""

from typing import NamedTuple

import torch
from torch import Tensor

from robustpath.core.errors import UserError
from robustpath.core.randomness import generator
from robustpath.data.prepared import Prepared
from robustpath.protocols.episodes import sizes

PARTS = ("validation", "test", "train")  # in the order in which labels and families are dealt to them
ALIKE = {"typefaces": ("AV", "CU", "EMW", "HI", "NZ")}  # letters that turned look like one another: of one part


class Part(NamedTuple):
    """labels int64 [L]: those of a part, ascending; faces int64 [L, F]: positions of their examples, the same number
    of each in random order."""

    labels: Tensor
    faces: Tensor


def parts(prepared: Prepared, dataset: str, seed: int) -> dict[str, Part]:
    """The parts of a seed by name: labels and whole families are dealt at random, each to one part.

    UserError where there are too few labels for it.
    """
    labels = labels_of_parts(int(prepared.labels.max()) + 1, dataset, seed)
    families = _families(prepared, dataset, seed)
    stream, found = generator("episodes", dataset, seed, "faces"), {}
    for name in PARTS:
        inside = torch.isin(prepared.group, families[name])
        own = [(inside & (prepared.labels == label)).nonzero().squeeze(1) for label in labels[name]]
        own = [each[torch.randperm(len(each), generator=stream)] for each in own]
        fewest = min(len(each) for each in own)
        found[name] = Part(torch.tensor(labels[name]), torch.stack([each[:fewest] for each in own]))
    return found


def labels_of_parts(count: int, dataset: str, seed: int) -> dict[str, list[int]]:
    """Which of `count` labels each part has: dealt at random, those first that look alike when turned and stay
    together."""
    together = [[ord(letter) - ord("A") for letter in word] for word in ALIKE.get(dataset, ())]
    alone = sorted(set(range(count)) - {label for unit in together for label in unit})
    units = [*together, *([label] for label in alone)]
    stream, room = generator("episodes", dataset, seed, "labels"), sizes.letters(count)
    found: dict[str, list[int]] = {name: [] for name in PARTS}
    order = torch.randperm(len(units), generator=stream).tolist()
    for unit in sorted((units[place] for place in order), key=len, reverse=True):
        left = {name: room[name] - len(found[name]) for name in PARTS}
        weights = torch.tensor([float(own if own >= len(unit) else 0) for own in left.values()])
        if not weights.any():
            raise UserError(f"{dataset} has {count} labels, too few for three parts: choose another data set")
        found[PARTS[int(torch.multinomial(weights, 1, generator=stream))]] += unit
    return {name: sorted(own) for name, own in found.items()}


def _families(prepared: Prepared, dataset: str, seed: int) -> dict[str, Tensor]:
    """The families of each part: in random order to the first part until it has its share of the examples, and on."""
    names, counts = prepared.group[prepared.group >= 0].unique(return_counts=True)
    order = torch.randperm(len(names), generator=generator("episodes", dataset, seed, "families"))
    names, reached = names[order], counts[order].cumsum(0)
    label = prepared.labels[prepared.group >= 0].unique().numel()
    share = sizes.faces(int(reached[-1]) // label, 1)
    found, first, base = {}, 0, 0
    for name in PARTS[:-1]:
        taken = int((reached - base >= share[name] * label).int().argmax()) + 1
        found[name], first, base = names[first:taken], taken, int(reached[taken - 1])
    return found | {PARTS[-1]: names[first:]}


def turned(inputs: Tensor) -> Tensor:
    """Images [N, H, W] in every quarter turn, one turn after the other [4 N, H, W]."""
    return torch.cat([inputs.rot90(turn, (-2, -1)) for turn in range(sizes.TURNS)])
