"""Registered methods from given starts: how many gradient evaluations each takes to bring the loss below a bound."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import torch
from torch import Tensor
from torch.utils._pytree import tree_map as state_map

from robustpath import methods
from robustpath.core.errors import UserError
from robustpath.core.randomness import generator
from robustpath.engine.plan import phases, step_cost
from robustpath.methods.base import Batch, Context, Loss, Method, Params, Spec, build

Network = Callable[[Params, Tensor], Tensor]


class Outcome(NamedTuple):
    """first: gradient evaluations until the loss was first below each bound, inf where it never was [bounds, members];
    final: the loss at the end [members]; diverged [members]."""

    first: Tensor
    final: Tensor
    diverged: Tensor


def escape(
    name: str,
    loss: Loss,
    batch: Batch,
    starts: Params,
    keys: Sequence[tuple],
    bounds: Sequence[float],
    budget: int,
    network: Network | None = None,
    hyperparameters: dict[str, float] | None = None,
) -> Outcome:
    """Method `name`, at its defaults but for `hyperparameters`, from `starts` (tensors [members, …]) for `budget`
    gradient evaluations of the loss of the one `batch`, which is its probe and its hold-out too.

    A member's noise depends on its key alone. The loss is that of what the method reads out, looked at after every
    step. A member that is no longer finite stands still where it last was. UserError where the budget is less than a
    step of every phase, or the parameters are more than the method is meant for.
    """
    spec = methods.load(name)
    values = {key: space.default for key, space in spec.search.items()} | {
        key: value for key, value in (hyperparameters or {}).items() if key in spec.search
    }
    dtype = next(iter(starts.values())).dtype
    bound = build(spec, {key: torch.tensor(value, dtype=dtype) for key, value in values.items()})
    one = {key: tensor[0] for key, tensor in starts.items()}
    stages = _stages(spec, bound, loss, one, batch, budget, network)

    params, members = starts, len(keys)
    diverged = torch.zeros(members, dtype=torch.bool)
    first = torch.full((len(bounds), members), torch.inf, dtype=torch.float64)
    limits = torch.tensor(bounds, dtype=dtype)[:, None]
    measure = torch.vmap(lambda tree: loss(tree, batch))
    final, spent = measure(params), 0.0
    first[final < limits] = 0.0
    for index, (method, steps, cost) in enumerate(stages):
        state = torch.vmap(method.init)(params)
        noise = _noise(method.noise, steps, one, keys, index)
        program = _program(method, loss, batch, network)
        readout = torch.vmap(method.readout)
        for step in range(steps):
            progress = torch.tensor((step + 0.5) / steps, dtype=dtype)
            now = {key: tensor[:, step] for key, tensor in noise.items()} if noise else None
            params, state, diverged = program(params, state, diverged, progress, now)
            spent += cost
            evaluated = readout(params, state)
            final = measure(evaluated)
            below = (final < limits) & ~diverged & torch.isinf(first)
            first[below] = spent
        params = evaluated
    return Outcome(first, final, diverged)


def _stages(
    spec: Spec, bound: Method, loss: Loss, one: Params, batch: Batch, budget: int, network: Network | None
) -> list[tuple[Method, int, float]]:
    """(method, steps, gradient evaluations a step) of every phase; probe and hold-out are the batch."""
    size, count = sum(tensor.numel() for tensor in one.values()), len(batch.labels)
    if spec.largest and size > spec.largest:
        raise UserError(f"{spec.name} is meant for at most {spec.largest} parameters, not {size}; take it off the case")

    def sized(method: Method) -> Method:
        return method.replace(probe=count if method.probe else 0, holdout=count if method.holdout else 0)

    stages, spent = [], 0.0
    sequence = phases(bound)
    for position, (share, method) in enumerate(sequence):
        cost = step_cost(sized(method), loss, one, batch, network)
        allowance = budget - spent if position == len(sequence) - 1 else budget * share
        steps = int(allowance / cost + 1e-9)
        if steps < 1:
            raise UserError(f"{budget} gradient evaluations are too few for {spec.name}; raise `steps` in config.yaml")
        stages.append((sized(method), steps, cost))
        spent += steps * cost
    return stages


def _program(method: Method, loss: Loss, batch: Batch, network: Network | None) -> Callable:
    """One step of all members: (params, state, diverged, progress, noise) -> (params, state, diverged)."""

    def member(params, state, diverged, progress, noise):
        probe, holdout = (batch if wanted else None for wanted in (method.probe, method.holdout))
        context = Context(progress, noise, probe, holdout, network)
        after, state_after, info = method.step(loss, params, state, batch, context)
        total = torch.stack([tensor.sum() for tensor in after.values()]).sum()
        diverged = diverged | ~torch.isfinite(total + info["loss"])
        kept = state_map(lambda old, new: torch.where(diverged, old, new), (params, state), (after, state_after))
        return *kept, diverged

    return torch.vmap(member, in_dims=(0, 0, 0, None, 0 if method.noise else None))


def _noise(wanted: int, steps: int, one: Params, keys: Sequence[tuple], phase: int) -> Params:
    """Standard normal numbers [members, steps, …] shaped like the parameters; with several, an axis of them between."""
    if not wanted:
        return {}
    streams = [generator(*key, "noise", phase) for key in keys]
    several = (wanted,) if wanted > 1 else ()

    def drawn(like: Tensor) -> Tensor:
        shape = steps, *several, *like.shape
        return torch.stack([torch.randn(shape, generator=stream, dtype=like.dtype) for stream in streams])

    return {name: drawn(tensor) for name, tensor in one.items()}
