"""What a supervised run learns from: a new batch of its training set in every step, one shuffled pass after another."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from robustpath.core import randomness
from robustpath.engine.plan import NOISE, Stage
from robustpath.engine.source import STREAM, Data, Source, Streams, streamed
from robustpath.protocols.supervised.held_out import learnt

HELD_OUT = 1 / 5  # of the training examples, where a method asks for a hold-out


class Learner(NamedTuple):
    """What of a run decides which examples it meets, and when: its seed, and how many examples it learns from."""

    seed: int
    train_size: int


def dealing(
    data: Data, learners: Sequence[Learner], pools: Mapping[int, Tensor], orders: Mapping[int, int], dataset: str,
    batch_size: int, dimension: int,
) -> Source:  # fmt: skip
    """The source of some runs, in the order of `learners`.

    pools: the training examples of a seed, of which a run takes the first; orders: the seed of their order; dimension:
    how many numbers a vector of noise has.
    """
    return streamed(data, streams(learners, pools, orders, dataset, batch_size, dimension))


def streams(
    learners: Sequence[Learner], pools: Mapping[int, Tensor], orders: Mapping[int, int], dataset: str, batch_size: int,
    dimension: int,
) -> Streams:  # fmt: skip
    """Batches, noise, probes, hold-outs, stream: functions of (data set, seed, train size), drawn once for all draws.

    The seed is that of the order, but for hold-outs, which the split deals. A stage that needs a hold-out has the last
    fifth of the run's training examples for it, and batches and probes from the rest. The stream has the batches one
    after the other: k batches' worth a step are the batches k t to k t + k - 1.
    """
    keys = list(dict.fromkeys(learners))
    row = torch.tensor([keys.index(learner) for learner in learners])

    def in_batches(stage: Stage, train_size: int) -> int:
        return learnt(train_size, HELD_OUT) if "holdout" in stage.needs else train_size

    def positions(stage: Stage, count: int, start: int, stop: int, purpose: str) -> Tensor:
        chosen = []
        for seed, train_size in keys:
            key = dataset, orders[seed], purpose
            chosen.append(pools[seed][randomness.batches(in_batches(stage, train_size), count, start, stop, *key)])
        return torch.stack(chosen, dim=1)[:, row]

    def noise(stage: Stage, start: int, stop: int) -> Tensor:
        drawn = torch.empty(len(keys), stop - start, dimension * stage.needs[NOISE])
        for (seed, train_size), out in zip(keys, drawn, strict=True):
            randomness.noise(drawn.shape[-1], start, stop, dataset, orders[seed], train_size, out=out)
        return drawn.index_select(0, row).transpose(0, 1)

    def fixed(stage: Stage, name: str) -> Tensor:
        if name == "probe":
            return positions(stage, stage.needs[name], 0, 1, "probe")[0]
        cycles = []
        for seed, train_size in keys:
            first = in_batches(stage, train_size)
            cycles.append(pools[seed][torch.arange(stage.needs[name]) % (train_size - first) + first])
        return torch.stack(cycles)[row]

    def following(stage: Stage, step: int) -> Tensor:
        return positions(stage, stage.needs[STREAM], step, step + 1, stage.order)[0]

    def batches(stage: Stage, start: int, stop: int) -> Tensor:
        return positions(stage, batch_size, start, stop, stage.order)

    return Streams(batches, noise, fixed, following)
