"""What a run on episodes learns from: in each step a batch of episodes, or as many examples of all classes."""

from collections.abc import Sequence

import torch
from torch import Tensor

from robustpath.core import randomness
from robustpath.engine.plan import Stage
from robustpath.engine.source import BLOCK, Data, Dealt, Source, examples
from robustpath.methods.episode_sizes import TOGETHER
from robustpath.protocols.episodes import deals
from robustpath.protocols.episodes.classes import Part

JOINT = "joint"  # the order of methods that learn all classes together; every other meets episodes


def batch_size(ways: int, shots: int) -> int:
    """Examples of a batch: of every episode a support set and a query set of the same size."""
    return TOGETHER * 2 * shots * ways


def dealing(
    data: Data, trained: Sequence[Part], seeds: Sequence[int], row: Tensor, ways: int, shots: int, dataset: str
) -> Source:
    """The source of runs with so many `shots`; trained: the part for training of each seed; seeds: by which batches are
    drawn for each; row: the place of each member's seed, int64 [M].

    Examples of an episode lie together, its support set first; positions are 2 e for the support set of episode e of
    the batch and 2 e + 1 for its query set. What is dealt depends on (data set, shots, seed, step) alone.
    """
    device, images, drawn = data.inputs.device, len(data.inputs) // deals.TURNS, {}
    whose = torch.arange(2 * TOGETHER).repeat_interleave(shots * ways).to(device)

    def block(order: str, start: int) -> deals.Drawn:
        """The batches of a block of steps for each seed: [S, BLOCK, b] each."""
        if drawn.get("block") != (order, start):
            rows = [of_seed(order, part, seed, start) for part, seed in zip(trained, seeds, strict=True)]
            places, labels = (torch.stack(each) for each in zip(*rows, strict=True))
            drawn.update(block=(order, start), found=deals.Drawn(places, labels))
        return drawn["found"]

    def of_seed(order: str, part: Part, seed: int, start: int) -> deals.Drawn:
        stream = randomness.generator("episodes", dataset, seed, order == JOINT, shots, start)
        if order == JOINT:
            return deals.examples(part, BLOCK, batch_size(ways, shots), ways, images, stream)
        found = deals.episodes(part, BLOCK * TOGETHER, ways, 2 * shots, images, stream)
        return deals.Drawn(*(each.reshape(BLOCK, -1) for each in found))

    def next_(state: tuple, params: dict[str, Tensor], stage: Stage, step: int) -> tuple[tuple, Dealt]:
        places, labels = (each[row, step % BLOCK].to(device) for each in block(stage.order, step - step % BLOCK))
        fields = {"inputs": examples(data, places)["inputs"], "labels": labels}
        if stage.order != JOINT:
            fields["positions"] = whose.expand(len(row), -1)
        return state, Dealt(fields, {})

    return Source(tuple, next_)
