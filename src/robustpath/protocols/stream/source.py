"""What a run on a stream learns from: batches in their order, each for some steps, and the memory beside them."""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import torch
from torch import Tensor

from robustpath.core import randomness
from robustpath.engine.plan import NOISE, Stage
from robustpath.engine.source import NOBODY, Data, Dealt, Fields, Source, examples
from robustpath.methods.memory import NOWHERE
from robustpath.protocols.stream.needs import DRAWN
from robustpath.protocols.stream.reservoir import Reservoir, reservoir

DROPPED = 0.1  # of the numbers of an input, where replayed inputs are changed a little


class Course(NamedTuple):
    """What the runs of a seed meet: the examples of the stream in the order in which they come, int64 [T, b], and the
    memory beside them, whose `held` are examples too."""

    order: Tensor
    memory: Reservoir


def course(order: str, length: int, batch_size: int, memory: int, *key: object) -> Course:
    """The course of a seed. "joint" is a random order of all examples; in "memory" each batch is drawn from what the
    memory holds at the end of the stream, and no slot is its examples' own; every other is that of the stream."""
    batches = length // batch_size
    kept = reservoir(batches, batch_size, memory, *key)
    own = torch.arange(length)
    if order == "joint":
        own = torch.randperm(length, generator=randomness.generator("stream", "joint", *key))
    held = own[kept.held]
    if order == "memory":
        drawn = randomness.batches(kept.stored[-1], batch_size, 0, batches, "stream", "of memory", *key)
        nowhere = torch.full_like(kept.slots, NOWHERE)
        return Course(held[-1][drawn], kept._replace(held=held, slots=nowhere))
    return Course(own.reshape(batches, batch_size), kept._replace(held=held))


def dealing(
    data: Data, courses: Sequence[Course], seeds: Sequence[int], row: Tensor, repeats: int, dimension: int,
    dataset: str, look: Callable[[Any, Callable, int], Any], init: Callable[[], Any],
) -> Source:  # fmt: skip
    """The source of runs whose batches stay for `repeats` steps.

    data: the streams of all seeds one after the other; courses: those of the seeds; seeds: by which what is dealt
    beside the batches is drawn for each; row: the place of each member's seed, int64 [M]; dimension: how many numbers a
    vector of noise has; init and look: of the scores on the way, which are the source's state. What is drawn depends on
    (data set, seed, batch, step of the batch) alone.
    """
    device, drawn = data.inputs.device, {}
    first = row * (data.inputs.shape[0] // len(seeds))

    def gathered(places: Tensor, slots: Tensor) -> Fields:
        """Examples at places [S, n] of each seed's stream as members see them, with their slots."""
        return examples(data, (places[row] + first[:, None]).to(device)) | {"positions": slots[row].to(device)}

    def arrived(stage: Stage, batch: int) -> dict:
        """All that stays while a batch does."""
        if drawn.get("batch") != batch:
            held = torch.stack([each.memory.held[batch] for each in courses])
            stored = [each.memory.stored[batch] for each in courses]
            places = torch.stack([each.order[batch] for each in courses])
            drawn.update(batch=batch, held=held, fields=gathered(places, torch.stack(_slots(courses, batch))))
            if "memory" in stage.needs:
                slots = torch.stack([torch.arange(stage.needs["memory"]) % number for number in stored])
                drawn["memory"] = gathered(held.gather(1, slots), slots)
            for name in stage.needs.keys() & set(DRAWN):
                drawn[name] = torch.stack([
                    torch.randint(number, (repeats, stage.needs[name]), generator=_generator(seed, name, batch))
                    for number, seed in zip(stored, seeds, strict=True)
                ])  # fmt: skip
        return drawn

    def _generator(seed: int, *purpose: object) -> torch.Generator:
        return randomness.generator("stream", dataset, seed, *purpose)

    def given(stage: Stage, step: int) -> dict[str, Tensor | Fields]:
        batch, repeat = divmod(step, repeats)
        now, found = arrived(stage, batch), {}
        for name in stage.needs:
            if name == NOISE:
                numbers = dimension * stage.needs[NOISE]
                rows = [torch.randn(numbers, generator=_generator(seed, NOISE, batch, repeat)) for seed in seeds]
                found[NOISE] = torch.stack(rows)[row].to(device)
            elif name == "memory":
                found[name] = now[name]
            else:
                slots = now[name][:, repeat]
                found[name] = gathered(now["held"].gather(1, slots), slots)
        if "augmented_replay" in found:
            fields = found["augmented_replay"]
            kept = [_kept(fields["inputs"].shape[1:], _generator(seed, "drop", batch, repeat)) for seed in seeds]
            fields["inputs"] = fields["inputs"] * torch.stack(kept)[row].to(device)
        return found

    def next_(state: Any, params: dict[str, Tensor], stage: Stage, step: int) -> tuple[Any, Dealt]:
        batch, repeat = divmod(step, repeats)
        fields = arrived(stage, batch)["fields"]
        arrives, leaves = (None if repeat == when else NOBODY for when in (0, repeats - 1))
        return state, Dealt(fields, given(stage, step), arrives, leaves)

    return Source(init, next_, look)


def _slots(courses: Sequence[Course], batch: int) -> list[Tensor]:
    return [each.memory.slots[batch] for each in courses]


def _kept(shape: Sequence[int], generator: torch.Generator) -> Tensor:
    """Which numbers of inputs are kept: 1.0 or 0.0, of `shape` [n, …]."""
    return (torch.rand(*shape, generator=generator) >= DROPPED).float()
