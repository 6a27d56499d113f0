"""The population engine: one method's kernel, written for one model, trains many members at once.

Every member has its own parameters, state, hyperparameters, batches and noise; nothing is shared but the data in
memory, so a member's result does not depend on the others. In eager mode that holds bit for bit; compiled, the same
population gives the same bytes.
"""

import json
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, NamedTuple

import torch
from torch import Tensor
from torch.utils._pytree import tree_map

from robustpath.core.fingerprint import fingerprint
from robustpath.core.parameters import unflatten
from robustpath.engine.plan import NOISE, Moment, Network, Stage, phases
from robustpath.engine.programs import captured, packaged
from robustpath.engine.source import NOBODY, Fields, Source
from robustpath.methods.base import Batch, Context, Loss, Method, Params, Spec, build

CODE = ("robustpath.engine.population", "robustpath.engine.device", "robustpath.models.functional")
BLOCK = 50  # steps from one look at the clock to the next


class Snapshot(NamedTuple):
    """Where a population stands: stage, steps done in it, parameters, state, who has diverged, the state of the source,
    the sums of info, and the parameters kept on the way, named `{number of the moment}/{parameter}`."""

    stage: int
    step: int
    params: Params
    state: Any
    diverged: Tensor
    source: Any
    sums: dict[str, Tensor]
    path: dict[str, Tensor]


Program = Callable[..., tuple[Params, Any, Tensor, dict[str, Tensor]]]


def program(
    spec: Spec,
    loss: Loss,
    stage: Stage,
    compiled: bool,
    network: Network | None = None,
    graph: bool = False,
    key: str = "",
    activations: Network | None = None,
) -> Program:
    """One step of a stage for all members: (hyperparameters, params, state, diverged, progress, dealt) -> (params,
    state, diverged, info); what runs as batches arrive and leave runs around it.

    A member whose loss or parameters are no longer finite is marked and stands still from then on. A stage that is
    nothing but the base is the base's own program, so that the descents after different walks are the same code.
    Compiled for a CPU, the step is a package of the cache, where `key` names its code; batches are gathered outside, so
    that it serves every data set of these shapes. Compiled for a GPU, it is a CUDA `graph`: one launch in place of
    hundreds.
    """
    own = spec.base if stage.of_base else spec

    def method_of(hyperparameters: dict[str, Tensor]) -> Method:
        return build(own, hyperparameters) if stage.of_base else phases(build(own, hyperparameters))[stage.index][1]

    def seen(params: Params, progress: Tensor, fields: Fields, given: dict) -> tuple[Batch, Context]:
        given = {name: _as_needed(name, part, params, stage.needs[name]) for name, part in given.items()}
        return Batch(**fields), Context(progress, given, network, activations)

    def arriving(hyperparameters, params, state, diverged, progress, fields, given, mask):
        after = method_of(hyperparameters).arrive(loss, params, state, *seen(params, progress, fields, given))
        return params, _where(diverged if mask is None else diverged | ~mask, state, after), diverged, {}

    def stepping(hyperparameters, params, state, diverged, progress, fields, given, mask):
        after = method_of(hyperparameters).step(loss, params, state, *seen(params, progress, fields, given))
        marked = diverged | ~torch.isfinite(_total(after[0]) + after[2]["loss"])
        return *_where(marked, (params, state), after[:2]), marked, after[2]

    def leaving(hyperparameters, params, state, diverged, progress, fields, given, mask):
        after = method_of(hyperparameters).leave(loss, params, state, *seen(params, progress, fields, given))
        marked = diverged | ~torch.isfinite(_total(after[0]))
        return *_where(marked if mask is None else marked | ~mask, (params, state), after), marked, {}

    def ready(member: Callable, part: str) -> Callable:
        def together(hyperparameters, params, state, diverged, progress, fields, given, mask):
            in_dims = (0, 0, 0, 0, None, 0, 0 if given else None, None if mask is None else 0)
            return torch.vmap(member, in_dims=in_dims)(
                hyperparameters, params, state, diverged, progress, fields, given, mask
            )

        if compiled and graph:
            return captured(together)
        return packaged(together, f"{key} {part}".rstrip()) if compiled else together

    default = method_of({})
    arrive, step, leave = (
        ready(arriving, "arrive") if default.arrive else None,
        ready(stepping, ""),
        ready(leaving, "leave") if default.leave else None,
    )

    def run(hyperparameters, params, state, diverged, progress, dealt):
        bound = {name: hyperparameters[name] for name in own.search}
        about = progress, dealt.batch, dealt.given
        if arrive and dealt.arrives is not NOBODY:
            params, state, diverged, _ = arrive(bound, params, state, diverged, *about, dealt.arrives)
        params, state, diverged, info = step(bound, params, state, diverged, *about, None)
        if leave and dealt.leaves is not NOBODY:
            params, state, diverged, _ = leave(bound, params, state, diverged, *about, dealt.leaves)
        return params, state, diverged, info

    return run


def key(spec: Spec, network: str, precision: str, stage: Stage) -> str:
    """What the code of a stage's step depends on beside the shapes of its tensors: the engine's, the method's and the
    network's. Descents after different walks share one, for they are the base's."""
    own = spec.base if stage.of_base else spec
    code = fingerprint(*CODE, f"robustpath.methods.{own.family}.{own.name}", f"robustpath.models.{network}")
    return json.dumps([code, own.name, 0 if stage.of_base else stage.index, network, precision])


def _as_needed(name: str, part: Tensor | Fields, params: Params, amount: int) -> Params | Batch:
    """What the source dealt, as the method sees it: all but noise as a batch; noise shaped like the parameters, with a
    first axis of copies where there are several."""
    if name != NOISE:
        return Batch(**part)
    copies = (amount,) if amount > 1 else ()
    return unflatten(part, {name: copies + tuple(tensor.shape) for name, tensor in params.items()})


def _total(params: Params) -> Tensor:
    """The sum of all parameters: not finite where one is not."""
    return torch.stack([tensor.sum() for tensor in params.values()]).sum()


def _where(mask: Tensor, old: Any, new: Any) -> Any:
    """`old` where the mask holds, `new` elsewhere; what a method hands on as it was is not copied."""
    return tree_map(lambda one, other: one if one is other else torch.where(mask, one, other), old, new)


def begin(
    spec: Spec, stages: list[Stage], hyperparameters: dict[str, Tensor], params: Params, stage: int = 0
) -> Snapshot:
    """The population at the first step of a stage."""

    def init(values, tree):
        return phases(build(spec, values))[stages[stage].index][1].init(tree)

    members = len(next(iter(params.values())))
    device = next(iter(params.values())).device
    state = tree_map(partial(_own_copy, device), torch.vmap(init)(hyperparameters, params))
    return Snapshot(stage, 0, params, state, torch.zeros(members, dtype=torch.bool, device=device), None, {}, {})


def advance(
    snapshot: Snapshot,
    spec: Spec,
    stages: list[Stage],
    programs: list[Program],
    hyperparameters: dict[str, Tensor],
    source: Source,
    after_block: Callable[[Snapshot], None] = lambda snapshot: None,
    kept: Sequence[Moment] = (),
    each_step: Callable[[], object] = lambda: False,
) -> Snapshot:
    """Train from `snapshot` to the end of the last stage; `after_block` sees the population every few steps, and after
    every single one while `each_step` holds.

    The sums of info are kept by stage and name, so that their means can be recorded, and the parameters at the moments
    `kept`. A snapshot is whole, with the state of the source: what is dealt depends on nothing else.
    """
    if snapshot.source is None:
        snapshot = snapshot._replace(source=source.init())
    if kept and (kept[0].stage, kept[0].step) == (0, 0) and (snapshot.stage, snapshot.step) == (0, 0):
        snapshot = _keep(snapshot, 0, snapshot.params)
    while True:
        snapshot = _through(snapshot, spec, stages, programs, hyperparameters, source, after_block, kept, each_step)
        ended = readout(spec, stages, hyperparameters, snapshot)
        for number, moment in enumerate(kept):
            if (moment.stage, moment.step) == (snapshot.stage, snapshot.step):
                snapshot = _keep(snapshot, number, ended)
        if snapshot.stage == len(stages) - 1:
            return snapshot
        fresh = begin(spec, stages, hyperparameters, ended, snapshot.stage + 1)
        carried = {name: getattr(snapshot, name) for name in ("diverged", "source", "sums", "path")}
        snapshot = fresh._replace(**carried)


def _through(
    snapshot: Snapshot,
    spec: Spec,
    stages: list[Stage],
    programs: list[Program],
    hyperparameters: dict[str, Tensor],
    source: Source,
    after_block: Callable[[Snapshot], None],
    kept: Sequence[Moment],
    each_step: Callable[[], object],
) -> Snapshot:
    """The population at the end of its stage."""
    stage, step_of = stages[snapshot.stage], programs[snapshot.stage]
    offset = sum(earlier.steps for earlier in stages[: snapshot.stage])
    like = next(iter(snapshot.params.values()))
    progress = (torch.arange(stage.steps, dtype=like.dtype, device=like.device) + 0.5) / stage.steps
    numbers = {moment.step: number for number, moment in enumerate(kept) if moment.stage == snapshot.stage}
    while snapshot.step < stage.steps:
        step, params, state, diverged, dealing, sums = *snapshot[1:6], dict(snapshot.sums)
        stop = min([step + BLOCK, stage.steps, *(moment for moment in numbers if moment > step)])
        while step < stop:
            if source.look:
                here = snapshot._replace(step=step, params=params, state=state, diverged=diverged)
                dealing = source.look(dealing, partial(readout, spec, stages, hyperparameters, here), offset + step)
            dealing, dealt = source.next(dealing, params, stage, offset + step)
            params, state, diverged, info = step_of(hyperparameters, params, state, diverged, progress[step], dealt)
            for name, value in info.items():
                key = f"{stage.index}.{name}"
                sums[key] = sums[key] + value if key in sums else value.clone()
            step += 1
            if each_step():
                break
        snapshot = Snapshot(snapshot.stage, step, params, state, diverged, dealing, sums, snapshot.path)
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
