"""The population engine: one method's kernel, written for one model, trains many members at once.

Every member has its own parameters, state, hyperparameters, batches and noise; nothing is shared but the data in
memory, so a member's result does not depend on its mates. In eager mode that holds bit for bit; compiled, the same
population gives the same bytes.
"""

from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import Any, NamedTuple

import torch
from torch import Tensor
from torch.utils._pytree import tree_map

from robustpath.engine.plan import Moment, Stage, phases
from robustpath.methods.base import Batch, Context, Loss, Params, Spec, build

BLOCK = 50  # steps whose batches are drawn together


class Data(NamedTuple):
    """The examples of a data set on the device: inputs [N, …], labels [N]; or, where members learn from different
    labels of the same examples, labels [R, N] and the row of each member, int64 [M]."""

    inputs: Tensor
    labels: Tensor
    row: Tensor | None = None


class Streams(NamedTuple):
    """What members draw in a stage; rows are members. `batches(stage, start, stop)` -> positions in the data, int64
    [stop - start, M, b]; `noise(stage, start, stop)` -> [stop - start, M, numbers]; `probe(stage)` and `holdout(stage)`
    -> positions, int64 [M, as many as the stage asks for]. Steps are counted from the start of training."""

    batches: Callable[[Stage, int, int], Tensor]
    noise: Callable[[Stage, int, int], Tensor] | None = None
    probe: Callable[[Stage], Tensor] | None = None
    holdout: Callable[[Stage], Tensor] | None = None


class Snapshot(NamedTuple):
    """Where a population stands: stage, steps done in it, parameters, state, who has diverged, the sums of info, and
    the parameters kept on the way, named `{number of the moment}/{parameter}`."""

    stage: int
    step: int
    params: Params
    state: Any
    diverged: Tensor
    sums: dict[str, Tensor]
    path: dict[str, Tensor]


Program = Callable[..., tuple[Params, Any, Tensor, dict[str, Tensor]]]


def stack(trees: Iterable[Params]) -> Params:
    """Members' parameters one above the other: each tensor gets a first axis of members."""
    rows = list(trees)
    return {name: torch.stack([row[name] for row in rows]) for name in rows[0]}


def examples(data: Data, positions: Tensor) -> Batch:
    """The examples at `positions` [M, b] as each member sees them: inputs [M, b, …], labels [M, b]."""
    labels = data.labels[positions] if data.row is None else data.labels[data.row[:, None], positions]
    return Batch(data.inputs[positions], labels)


def program(
    spec: Spec,
    loss: Loss,
    stage: Stage,
    compiled: bool,
    network: Callable[[Params, Tensor], Tensor] | None = None,
    graph: bool = False,
) -> Program:
    """One step of a stage for all members: (hyperparameters, params, state, diverged, data, positions, progress, noise,
    probe, holdout) -> (params, state, diverged, info).

    A member whose loss or parameters are no longer finite is marked and stands still from then on. A stage that is
    nothing but the base is the base's own program, so that the descents after different walks compile to the same code.
    Compiled for a GPU, the step is a CUDA `graph`: one launch in place of hundreds.
    """
    own = spec.base if stage.of_base else spec

    def member(hyperparameters, params, state, diverged, batch, progress, noise, probe, holdout):
        method = build(own, hyperparameters) if stage.of_base else phases(build(own, hyperparameters))[stage.index][1]
        shaped = _unflatten(noise, params, stage.noise) if stage.noise else None
        context = Context(progress, shaped, probe, holdout, network)
        after, state_after, info = method.step(loss, params, state, batch, context)
        total = torch.stack([tensor.sum() for tensor in after.values()]).sum()
        diverged = diverged | ~torch.isfinite(total + info["loss"])
        kept = tree_map(lambda old, new: torch.where(diverged, old, new), (params, state), (after, state_after))
        return *kept, diverged, info

    wishes = (0 if wish else None for wish in (stage.noise, stage.probe, stage.holdout))
    vectorised = torch.vmap(member, in_dims=(0, 0, 0, 0, 0, None, *wishes))

    def step(hyperparameters, params, state, diverged, data, positions, progress, noise, probe, holdout):
        batch = examples(data, positions)
        return vectorised(hyperparameters, params, state, diverged, batch, progress, noise, probe, holdout)

    program = step
    if compiled and graph:
        captured = torch.compile(step, fullgraph=True, dynamic=False, mode="reduce-overhead")

        def program(*arguments):  # a graph writes its results where it wrote those of the step before
            return tree_map(torch.clone, captured(*arguments))

    elif compiled:
        program = torch.compile(step, fullgraph=True, dynamic=False)
    return lambda hyperparameters, *rest: program({name: hyperparameters[name] for name in own.search}, *rest)


def begin(
    spec: Spec, stages: list[Stage], hyperparameters: dict[str, Tensor], params: Params, stage: int = 0
) -> Snapshot:
    """The population at the first step of a stage."""

    def init(values, tree):
        return phases(build(spec, values))[stages[stage].index][1].init(tree)

    members = len(next(iter(params.values())))
    device = next(iter(params.values())).device
    state = tree_map(partial(_own_copy, device), torch.vmap(init)(hyperparameters, params))
    return Snapshot(stage, 0, params, state, torch.zeros(members, dtype=torch.bool, device=device), {}, {})


def advance(
    snapshot: Snapshot,
    spec: Spec,
    stages: list[Stage],
    programs: list[Program],
    hyperparameters: dict[str, Tensor],
    data: Data,
    streams: Streams,
    after_block: Callable[[Snapshot], None] = lambda snapshot: None,
    kept: Sequence[Moment] = (),
    in_a_hurry: Callable[[], object] = lambda: False,
) -> Snapshot:
    """Train from `snapshot` to the end of the last stage; `after_block` sees the population every few steps, and after
    every single one while there is reason to be `in_a_hurry`.

    The sums of info are kept by stage and name, so that their means can be recorded, and the parameters at the moments
    `kept`. A snapshot is whole: what is drawn for a step depends on its number alone, wherever a block begins and ends.
    """
    if kept and (kept[0].stage, kept[0].step) == (0, 0) and (snapshot.stage, snapshot.step) == (0, 0):
        snapshot = _keep(snapshot, 0, snapshot.params)
    while True:
        snapshot = _through(snapshot, stages, programs, hyperparameters, data, streams, after_block, kept, in_a_hurry)
        ended = readout(spec, stages, hyperparameters, snapshot)
        for number, moment in enumerate(kept):
            if (moment.stage, moment.step) == (snapshot.stage, snapshot.step):
                snapshot = _keep(snapshot, number, ended)
        if snapshot.stage == len(stages) - 1:
            return snapshot
        fresh = begin(spec, stages, hyperparameters, ended, snapshot.stage + 1)
        snapshot = fresh._replace(diverged=snapshot.diverged, sums=snapshot.sums, path=snapshot.path)


def _through(
    snapshot: Snapshot,
    stages: list[Stage],
    programs: list[Program],
    hyperparameters: dict[str, Tensor],
    data: Data,
    streams: Streams,
    after_block: Callable[[Snapshot], None],
    kept: Sequence[Moment],
    in_a_hurry: Callable[[], object],
) -> Snapshot:
    """The population at the end of its stage."""
    stage, step_of = stages[snapshot.stage], programs[snapshot.stage]
    device = data.inputs.device
    offset = sum(earlier.steps for earlier in stages[: snapshot.stage])
    progress = (torch.arange(stage.steps, device=device) + 0.5) / stage.steps
    probe = examples(data, streams.probe(stage).to(device)) if stage.probe else None
    holdout = examples(data, streams.holdout(stage).to(device)) if stage.holdout else None
    numbers = {moment.step: number for number, moment in enumerate(kept) if moment.stage == snapshot.stage}
    while snapshot.step < stage.steps:
        step, params, state, diverged, sums = *snapshot[1:5], dict(snapshot.sums)
        stop = min([step + BLOCK, stage.steps, *(moment for moment in numbers if moment > step)])
        positions = streams.batches(stage, offset + step, offset + stop).to(device)
        for chosen in positions:
            now = offset + step
            noise = streams.noise(stage, now, now + 1)[0].to(device) if stage.noise else None
            params, state, diverged, info = step_of(
                hyperparameters, params, state, diverged, data, chosen, progress[step], noise, probe, holdout
            )
            for name, value in info.items():
                key = f"{stage.index}.{name}"
                sums[key] = sums[key] + value if key in sums else value.clone()
            step += 1
            if in_a_hurry():
                break
        snapshot = Snapshot(snapshot.stage, step, params, state, diverged, sums, snapshot.path)
        if step in numbers and step < stage.steps:
            snapshot = _keep(snapshot, numbers[step], params)
        after_block(snapshot)
    return snapshot


def _keep(snapshot: Snapshot, number: int, params: Params) -> Snapshot:
    """The snapshot with `params` on its path."""
    here = {f"{number:03d}/{name}": tensor.clone() for name, tensor in params.items()}
    return snapshot._replace(path=snapshot.path | here)


def readout(spec: Spec, stages: list[Stage], hyperparameters: dict[str, Tensor], snapshot: Snapshot) -> Params:
    """The parameters of every member to evaluate, or to begin the next stage with."""

    def member(values, params, state):
        return phases(build(spec, values))[stages[snapshot.stage].index][1].readout(params, state)

    return torch.vmap(member)(hyperparameters, snapshot.params, snapshot.state)


def _own_copy(device: torch.device, tensor: Tensor) -> Tensor:
    """vmap may return expanded views, whose strides would change after the first step and compile it anew, and a
    method's fresh scalars lie on the CPU."""
    return tensor.to(device).clone(memory_format=torch.contiguous_format)


def _unflatten(numbers: Tensor, like: Params, copies: int) -> Params:
    """One long vector as tensors shaped like the parameters, with a first axis of `copies` where there are several."""
    leading = (copies,) if copies > 1 else ()
    pieces = torch.split(numbers, [copies * tensor.numel() for tensor in like.values()])
    return {name: piece.reshape(leading + like[name].shape) for name, piece in zip(like, pieces, strict=True)}
