"""How a budget of gradient evaluations becomes steps: the phases of a method, and what each of their steps costs."""

from typing import NamedTuple

import torch
from torch import Tensor

from robustpath.errors import UserError
from robustpath.methods.base import Batch, Context, Loss, Method, Params, Spec, build

FORWARD_SHARE = 1 / 3  # of a gradient evaluation: the backward pass costs about twice the forward pass


class Stage(NamedTuple):
    """A phase as it is run: its place in the method, its steps, the cost of one, and what its steps ask for."""

    index: int
    steps: int
    cost: float
    noise: bool
    probe: int


def phases(method: Method) -> tuple[tuple[float, Method], ...]:
    """(share of the budget, method) of every phase; a method without phases is one phase."""
    return method.phases or ((1.0, method),)


def step_cost(method: Method, loss: Loss, params: Params, batch: Batch) -> float:
    """Gradient evaluations of one step, counted on the losses that the step calls.

    One gradient evaluation is a forward and a backward pass over one batch; a pass over more or fewer examples counts
    in proportion, and a forward pass alone counts a third.
    """
    tally = 0.0

    def counted(p: Params, b: Batch) -> Tensor:
        nonlocal tally
        passes = 1.0 if any(tensor.requires_grad for tensor in p.values()) else FORWARD_SHARE
        tally += passes * len(b.labels) / len(batch.labels)
        return loss(p, b)

    probe = _first_examples(batch, method.probe) if method.probe else None
    context = Context(torch.tensor(0.5), {k: torch.ones_like(v) for k, v in params.items()}, probe)
    method.step(counted, params, method.init(params), batch, context)
    return tally


def plan(spec: Spec, loss: Loss, params: Params, batch: Batch, budget: int) -> list[Stage]:
    """The stages that spend `budget` gradient evaluations; each phase takes whole steps, the last takes what is left.

    Raises UserError where a phase's share of the budget is less than one of its steps.
    """
    stages, spent = [], 0.0
    sequence = phases(build(spec, {}))
    for index, (share, method) in enumerate(sequence):
        cost = step_cost(method, loss, params, batch)
        allowance = budget - spent if index == len(sequence) - 1 else budget * share
        steps = int(allowance / cost + 1e-9)
        if steps < 1:
            raise UserError(
                f"a budget of {budget} gradient evaluations is too small for {spec.name}: phase {index + 1} has "
                f"{allowance:g} of them and one step costs {cost:g}; raise `budget` in config.yaml."
            )
        stages.append(Stage(index, steps, cost, method.noise, method.probe))
        spent += steps * cost
    return stages


def _first_examples(batch: Batch, count: int) -> Batch:
    positions = torch.arange(count, device=batch.labels.device) % len(batch.labels)
    return Batch(batch.inputs[positions], batch.labels[positions])
