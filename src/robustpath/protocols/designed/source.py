"""What a run on a designed training set learns from, and how its reliance on each factor grows on the way."""

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import NamedTuple

import torch
from torch import Tensor

from robustpath.core.randomness import generator
from robustpath.core.types import Params
from robustpath.engine.plan import Network, Stage
from robustpath.engine.source import BLOCK, Data, Dealt, Source, examples
from robustpath.protocols.designed.reliance import Swaps, reliance

MOMENTS = 20  # at most, of a training at which its reliance is taken


class Learner(NamedTuple):
    """What decides which examples a run meets, and when: where its pool begins in the data, which examples of the pool
    it holds, bool [U], and the seed of their order."""

    first: int
    held: Tensor
    order: int


class History(NamedTuple):
    """Reliance on the core and on the attribute at each moment: float64 [M, K]."""

    core: Tensor
    attribute: Tensor


def moments(steps: int) -> list[int]:
    """After how many steps the reliance is taken: at the start, then at equal ratios, the last at the end."""
    return sorted({0} | {round(steps ** (number / (MOMENTS - 2))) for number in range(MOMENTS - 1)})


def learned(history: Tensor, steps: Sequence[int], cost: float) -> Tensor:
    """Gradient evaluations at which a reliance [M, K] first exceeds half of its last value, float64 [M]; all of them
    where that is 0."""
    beyond = history > history[:, -1:] / 2
    first = torch.where(beyond.any(1), beyond.int().argmax(1), len(steps) - 1)
    return torch.tensor(steps, dtype=torch.float64)[first] * cost


@lru_cache(maxsize=4096)
def _pass(count: int, order: int, number: int) -> Tensor:
    return torch.randperm(count, generator=generator("designed", "order", order, number))


def batches(learner: Learner, batch_size: int, start: int, stop: int) -> Tensor:
    """Positions in the data of batches start to stop - 1, int64 [stop - start, batch_size].

    One shuffled pass over the pool follows another, and a run leaves out what its set does not hold: with an example
    more or less, the others keep their order.
    """
    count = int(learner.held.sum())
    first, last = start * batch_size, stop * batch_size
    numbers = range(first // count, -(-last // count))
    orders = [_pass(len(learner.held), learner.order, number) for number in numbers]
    places = torch.cat([order[learner.held[order]] for order in orders])
    offset = numbers.start * count
    return learner.first + places[first - offset : last - offset].reshape(stop - start, batch_size)


def dealing(
    data: Data, learners: Sequence[Learner], batch_size: int, steps: int, given: Swaps, network: Network
) -> tuple[Source, Callable[[History, Callable[[], Params], int], History]]:
    """The source of runs, and its `look`, which is to be called once more after the last step."""
    device, drawn = data.inputs.device, {}
    asked = {step: number for number, step in enumerate(moments(steps))}

    def init() -> History:
        return History(*(torch.zeros(2, len(learners), len(asked), dtype=torch.float64, device=device)))

    def look(state: History, read: Callable[[], Params], step: int) -> History:
        if step not in asked:
            return state
        found = reliance(network, read(), given)
        changed = [whole.clone() for whole in state]
        for whole, part in zip(changed, found, strict=False):
            whole[:, asked[step]] = part
        return History(*changed)

    def next_(state: History, params: Params, stage: Stage, step: int) -> tuple[History, Dealt]:
        start = step - step % BLOCK
        if drawn.get("start") != start:
            rows = [batches(learner, batch_size, start, start + BLOCK) for learner in learners]
            drawn.update(start=start, positions=torch.stack(rows, 1).to(device))
        return state, Dealt(examples(data, drawn["positions"][step - start]), {})

    return Source(init, next_, look), look
