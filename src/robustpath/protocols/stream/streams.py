"""Streams: training examples in the order in which they come, and the held-out examples of every task.

A task is a set of examples and what becomes of their inputs. A stream is a function of (kind, data set, seed) and of
its length; methods have no part in it.
"""

import math
from collections.abc import Callable
from functools import partial
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional

from robustpath.core.errors import UserError
from robustpath.core.randomness import generator
from robustpath.data.prepared import Prepared
from robustpath.data.splits import Split
from robustpath.protocols.stream import kinds


class Held(NamedTuple):
    """Held-out examples of all tasks: inputs float32 [n, ...], labels int64 [n], task int64 [n]."""

    inputs: Tensor
    labels: Tensor
    task: Tensor


class Stream(NamedTuple):
    """Training examples in their order: inputs float32 [L, ...], labels int64 [L] without noise, task int64 [L], which
    the scorer alone may read; held: the held-out examples by "validation" and "test"."""

    inputs: Tensor
    labels: Tensor
    task: Tensor
    held: dict[str, Held]


class Task(NamedTuple):
    """belongs: bool [N], which of the prepared examples are its own; change: what becomes of their inputs."""

    belongs: Tensor
    change: Callable[[Tensor], Tensor]


class Plan(NamedTuple):
    """The tasks that are learnt, in their order, and those that are scored."""

    learnt: list[Task]
    held: list[Task]


def stream(kind: str, prepared: Prepared, parts: Split, tasks: int, examples: int, dataset: str, seed: int) -> Stream:
    """The stream of one seed: `tasks` tasks with `examples` training examples each, drawn anew for every task from
    those of the split that belong to it, none twice within a task.

    UserError where the data cannot give it.
    """
    learnt, held = plan(kind, prepared, tasks, examples, dataset, seed)
    drawn = [_drawn(task, parts.train, examples, dataset, seed, number) for number, task in enumerate(learnt)]
    inputs = [task.change(prepared.inputs[own]) for task, own in zip(learnt, drawn, strict=True)]
    return Stream(
        torch.cat(inputs),
        prepared.labels[torch.cat(drawn)],
        torch.arange(tasks).repeat_interleave(examples),
        {name: _held(held, prepared, getattr(parts, name), name) for name in ("validation", "test")},
    )


def plan(kind: str, prepared: Prepared, tasks: int, examples: int, dataset: str, seed: int) -> Plan:
    """The tasks of a stream; UserError where the data cannot give them."""
    domains = 0 if prepared.attribute is None else len(prepared.attribute.unique())
    classes = len(prepared.labels.unique())
    if found := kinds.unfit(kind, tasks, dataset, prepared.inputs.dim() > 2, classes, domains):
        raise UserError(found)
    return PLANS[kind](prepared, tasks, examples, dataset, seed)


def shares(tasks: list[Task], prepared: Prepared, part: Tensor) -> list[Tensor]:
    """Positions of the examples of a part of the split that each task is scored on: those that belong to it or, where
    all belong to all tasks, an equal part of them, so that no image is scored twice."""
    if all(bool(task.belongs.all()) for task in tasks):
        return list(part.tensor_split(len(tasks)))
    return [part[task.belongs[part]] for task in tasks]


def _drawn(task: Task, train: Tensor, examples: int, dataset: str, seed: int, number: int) -> Tensor:
    """Positions of the training examples of task `number`: int64 [examples]."""
    own = train[task.belongs[train]]
    if found := kinds.too_few(dataset, examples, len(own)):
        raise UserError(found)
    return own[torch.randperm(len(own), generator=generator("stream", "examples", dataset, seed, number))[:examples]]


def _held(tasks: list[Task], prepared: Prepared, part: Tensor, name: str) -> Held:
    """The examples of a part of the split, each as the task has it that is scored on it."""
    own = shares(tasks, prepared, part)
    sizes = torch.tensor([len(positions) for positions in own])
    if not sizes.all():
        missing = int((sizes == 0).int().argmax()) + 1
        raise UserError(f"the {name} examples hold none of task {missing}: raise {name}_size")
    return Held(
        torch.cat([task.change(prepared.inputs[positions]) for task, positions in zip(tasks, own, strict=True)]),
        prepared.labels[torch.cat(own)],
        torch.arange(len(tasks)).repeat_interleave(sizes),
    )


def _permuted(prepared: Prepared, tasks: int, examples: int, dataset: str, seed: int) -> Plan:
    """A random permutation of the numbers of an input for every task, the first one too (as perm-mnist of
    aimagelab/mammoth at 0529fb3)."""
    each = [Task(_all(prepared), _permutation(prepared, dataset, seed, number)) for number in range(tasks)]
    return Plan(each, each)


def _recurring(prepared: Prepared, tasks: int, examples: int, dataset: str, seed: int) -> Plan:
    """The first two tasks of the permuted stream by turns: every visit is a task that is learnt, and two are scored."""
    scored = [Task(_all(prepared), _permutation(prepared, dataset, seed, number)) for number in range(2)]
    return Plan([scored[visit % 2] for visit in range(tasks)], scored)


def _rotated(prepared: Prepared, tasks: int, examples: int, dataset: str, seed: int) -> Plan:
    """An angle for every task, uniform in 0 to 180 degrees (as rot-mnist of aimagelab/mammoth at 0d727a7)."""
    each = []
    for number in range(tasks):
        drawn = torch.rand((), dtype=torch.float64, generator=generator("stream", "angle", dataset, seed, number))
        each.append(Task(_all(prepared), partial(rotated, degrees=180 * float(drawn))))
    return Plan(each, each)


def _split(prepared: Prepared, tasks: int, examples: int, dataset: str, seed: int) -> Plan:
    """The classes in a random order, divided evenly."""
    classes = prepared.labels.unique()
    order = classes[torch.randperm(len(classes), generator=generator("stream", "classes", dataset, seed))]
    each = [Task(torch.isin(prepared.labels, own), _unchanged) for own in order.chunk(tasks)]
    return Plan(each, each)


def _domains(prepared: Prepared, tasks: int, examples: int, dataset: str, seed: int) -> Plan:
    """The first values of the attribute, in their order: the data sets that were joined."""
    each = [Task(prepared.attribute == value, _unchanged) for value in prepared.attribute.unique()[:tasks]]
    return Plan(each, each)


def _gradual(prepared: Prepared, tasks: int, examples: int, dataset: str, seed: int) -> Plan:
    """A shift that grows evenly along the stream, from 0 to half the length; held-out examples of a task have that of
    its middle."""
    shifts = _shifts(prepared, tasks * examples)
    learnt = [Task(_all(prepared), partial(shifted, by=own)) for own in shifts.split(examples)]
    return Plan(learnt, _abrupt(prepared, tasks, examples, dataset, seed).held)


def _abrupt(prepared: Prepared, tasks: int, examples: int, dataset: str, seed: int) -> Plan:
    """The shift that the gradual stream has at the middle of a task, during the whole task."""
    middles = _shifts(prepared, tasks * examples)[examples // 2 :: examples]
    each = [Task(_all(prepared), partial(shifted, by=own)) for own in middles]
    return Plan(each, each)


def _shifts(prepared: Prepared, length: int) -> Tensor:
    """The shift at every place of a gradual stream: int64 [length], each of 0 to half an input equally long."""
    most = prepared.inputs.shape[-1] // 2
    return torch.arange(length) * (most + 1) // length


def shifted(inputs: Tensor, by: Tensor) -> Tensor:
    """Inputs [n, ..., W] moved to the right in a circle along their last axis: all by int64 [] places or each by its
    own of int64 [n]."""
    width = inputs.shape[-1]
    source = (torch.arange(width) - by.expand(len(inputs))[:, None]) % width
    return inputs.gather(-1, source.reshape(len(inputs), *[1] * (inputs.dim() - 2), width).expand(inputs.shape))


def rotated(inputs: Tensor, degrees: float) -> Tensor:
    """Images [n, H, W] or [n, 3, H, W] turned counter-clockwise about their centre, nearest pixel, 0 outside."""
    cosine, sine = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    planes = inputs if inputs.dim() == 4 else inputs[:, None]
    turn = torch.tensor([[cosine, -sine, 0.0], [sine, cosine, 0.0]]).expand(len(inputs), 2, 3)
    grid = functional.affine_grid(turn, list(planes.shape), align_corners=False)
    return functional.grid_sample(planes, grid, mode="nearest", align_corners=False).reshape(inputs.shape)


def _all(prepared: Prepared) -> Tensor:
    return torch.ones(len(prepared.labels), dtype=torch.bool)


def _unchanged(inputs: Tensor) -> Tensor:
    return inputs


def _permutation(prepared: Prepared, dataset: str, seed: int, number: int) -> Callable[[Tensor], Tensor]:
    """Inputs [n, ...] with all their numbers in the order of task `number`."""
    count = prepared.inputs[0].numel()
    order = torch.randperm(count, generator=generator("stream", "permutation", dataset, seed, number))
    return lambda inputs: inputs.flatten(1)[:, order].reshape(inputs.shape)


PLANS = {  # by the names of kinds.KINDS
    "permuted": _permuted,
    "rotated": _rotated,
    "split": _split,
    "domains": _domains,
    "gradual": _gradual,
    "abrupt": _abrupt,
    "recurring": _recurring,
}
