"""The memory of a stream: a reservoir that every example met so far is in with the same probability."""

from typing import NamedTuple

import torch
from torch import Tensor

from robustpath.core.randomness import generator
from robustpath.methods.memory import NOWHERE


class Reservoir(NamedTuple):
    """slots int64 [T, b]: the slot that each example of a batch lies in after it, or NOWHERE; held int64 [T + 1, S]:
    the example in each slot, by its place in the order, while a batch stays and after the last; stored [T + 1]: how
    many slots are filled then.

    While a batch stays the memory holds what came before it; while the first stays, that batch.
    """

    slots: Tensor
    held: Tensor
    stored: list[int]


def reservoir(batches: int, batch_size: int, size: int, *key: object) -> Reservoir:
    """The reservoir of `size` slots of a stream of so many batches (Vitter 1985, algorithm R), a function of the key.

    Of two examples of one batch that would take the same slot, the later lies in it.
    """
    stream = generator("stream", "reservoir", *key)
    seen = torch.arange(batches * batch_size, dtype=torch.float64) + 1
    drawn = (torch.rand(len(seen), generator=stream, dtype=torch.float64) * seen).long()
    places = torch.where(seen <= size, torch.arange(len(seen)), drawn)
    now, slots, held, stored = torch.zeros(size, dtype=torch.int64), [], [], []
    for number, own in enumerate(places.reshape(batches, batch_size).tolist()):
        before = now.clone()
        last = {place: row for row, place in enumerate(own) if place < size}
        slots.append([place if last.get(place) == row else NOWHERE for row, place in enumerate(own)])
        for place, row in last.items():
            now[place] = number * batch_size + row
        held.append(before if number else now.clone())
        stored.append(min(size, max(number, 1) * batch_size))
    held.append(now)
    stored.append(min(size, batches * batch_size))
    return Reservoir(torch.tensor(slots), torch.stack(held), stored)
