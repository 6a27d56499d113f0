"""The population engine: one method's kernel, written for one model, trains many members at once.

Every member has its own parameters, state, hyperparameters, batches and noise; nothing is shared but the data in
memory, so a member's result does not depend on its mates. In eager mode that holds bit for bit; compiled, the same
population gives the same bytes.
"""

from collections.abc import Callable, Iterable
from functools import partial
from typing import Any, NamedTuple

import torch
from torch import Tensor
from torch.utils._pytree import tree_map

from robustpath.methods.base import Batch, Context, Loss, Params, Spec, build
from robustpath.training.plan import Stage, phases

BLOCK = 50  # steps whose batches and noise are drawn together


class Data(NamedTuple):
    """The examples of a data set on the device: inputs [N, …], labels [N]."""

    inputs: Tensor
    labels: Tensor


class Streams(NamedTuple):
    """What members draw; rows are members. `batches(start, stop)` -> positions in the data, int64 [stop - start, M, b];
    `noise(start, stop)` -> [stop - start, M, parameters]; `probe(count)` -> positions, int64 [M, count]."""

    batches: Callable[[int, int], Tensor]
    noise: Callable[[int, int], Tensor]
    probe: Callable[[int], Tensor]


class Snapshot(NamedTuple):
    """Where a population stands: stage, steps done in it, parameters, state, who has diverged, and the sums of info."""

    stage: int
    step: int
    params: Params
    state: Any
    diverged: Tensor
    sums: dict[str, Tensor]


Program = Callable[..., tuple[Params, Any, Tensor, dict[str, Tensor]]]


def stack(trees: Iterable[Params]) -> Params:
    """Members' parameters one above the other: each tensor gets a first axis of members."""
    rows = list(trees)
    return {name: torch.stack([row[name] for row in rows]) for name in rows[0]}


def program(spec: Spec, loss: Loss, stage: Stage, compiled: bool) -> Program:
    """One step of a stage for all members: (hyperparameters, params, state, diverged, data, positions, progress, noise,
    probe) -> (params, state, diverged, info).

    A member whose loss or parameters are no longer finite is marked and stands still from then on.
    """

    def member(hyperparameters, params, state, diverged, batch, progress, noise, probe):
        method = phases(build(spec, hyperparameters))[stage.index][1]
        context = Context(progress, _unflatten(noise, params) if stage.noise else None, probe)
        after, state_after, info = method.step(loss, params, state, batch, context)
        total = torch.stack([tensor.sum() for tensor in after.values()]).sum()
        diverged = diverged | ~torch.isfinite(total + info["loss"])
        kept = tree_map(lambda old, new: torch.where(diverged, old, new), (params, state), (after, state_after))
        return *kept, diverged, info

    axes = (0, 0, 0, 0, 0, None, 0 if stage.noise else None, 0 if stage.probe else None)
    vectorised = torch.vmap(member, in_dims=axes)

    def step(hyperparameters, params, state, diverged, data, positions, progress, noise, probe):
        batch = Batch(data.inputs[positions], data.labels[positions])
        return vectorised(hyperparameters, params, state, diverged, batch, progress, noise, probe)

    return torch.compile(step, fullgraph=True, dynamic=False) if compiled else step


def begin(
    spec: Spec, stages: list[Stage], hyperparameters: dict[str, Tensor], params: Params, stage: int = 0
) -> Snapshot:
    """The population at the first step of a stage."""

    def init(values, tree):
        return phases(build(spec, values))[stages[stage].index][1].init(tree)

    members = len(next(iter(params.values())))
    device = next(iter(params.values())).device
    state = tree_map(partial(_own_copy, device), torch.vmap(init)(hyperparameters, params))
    return Snapshot(stage, 0, params, state, torch.zeros(members, dtype=torch.bool, device=device), {})


def advance(
    snapshot: Snapshot,
    spec: Spec,
    stages: list[Stage],
    programs: list[Program],
    hyperparameters: dict[str, Tensor],
    data: Data,
    streams: Streams,
    after_block: Callable[[Snapshot], None] = lambda snapshot: None,
) -> Snapshot:
    """Train from `snapshot` to the end of the last stage; `after_block` sees the population every few steps.

    The sums of info are kept by stage and name, so that their means can be recorded.
    """
    device = data.labels.device
    while True:
        stage = stages[snapshot.stage]
        offset = sum(earlier.steps for earlier in stages[: snapshot.stage])
        progress = (torch.arange(stage.steps, device=device) + 0.5) / stage.steps
        probe = None
        if stage.probe:
            positions = streams.probe(stage.probe).to(device)
            probe = Batch(data.inputs[positions], data.labels[positions])
        _, step, params, state, diverged, sums = snapshot
        sums = dict(sums)
        while step < stage.steps:
            stop = min(step + BLOCK, stage.steps)
            positions = streams.batches(offset + step, offset + stop).to(device)
            noise = streams.noise(offset + step, offset + stop).to(device) if stage.noise else None
            for i in range(stop - step):
                params, state, diverged, info = programs[snapshot.stage](
                    hyperparameters, params, state, diverged, data, positions[i], progress[step + i],
                    noise[i] if stage.noise else None, probe,
                )  # fmt: skip
                for name, value in info.items():
                    key = f"{stage.index}.{name}"
                    sums[key] = sums[key] + value if key in sums else value.clone()
            step = stop
            after_block(Snapshot(snapshot.stage, step, params, state, diverged, sums))
        if snapshot.stage == len(stages) - 1:
            return Snapshot(snapshot.stage, step, params, state, diverged, sums)
        fresh = begin(spec, stages, hyperparameters, params, snapshot.stage + 1)
        snapshot = fresh._replace(diverged=diverged, sums=sums)


def readout(spec: Spec, stages: list[Stage], hyperparameters: dict[str, Tensor], snapshot: Snapshot) -> Params:
    """The parameters to evaluate, for every member."""

    def member(values, params, state):
        return phases(build(spec, values))[stages[-1].index][1].readout(params, state)

    return torch.vmap(member)(hyperparameters, snapshot.params, snapshot.state)


def _own_copy(device: torch.device, tensor: Tensor) -> Tensor:
    """vmap may return expanded views, whose strides would change after the first step and compile it anew, and a
    method's fresh scalars lie on the CPU."""
    return tensor.to(device).clone(memory_format=torch.contiguous_format)


def _unflatten(vector: Tensor, like: Params) -> Params:
    pieces = torch.split(vector, [tensor.numel() for tensor in like.values()])
    return {name: piece.reshape(like[name].shape) for name, piece in zip(like, pieces, strict=True)}
