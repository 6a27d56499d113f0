"""How a budget of gradient evaluations becomes steps: the phases of a method, and what each of their steps costs."""

from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor

from robustpath.core.errors import UserError
from robustpath.methods.base import Batch, Context, Loss, Method, Params, Spec, bind, build

FORWARD_SHARE = 1 / 3  # of a gradient evaluation: the backward pass costs about twice the forward pass


class Stage(NamedTuple):
    """A phase as it is run: its place in the method, its steps, the cost of one, what its steps ask for, and whether it
    is nothing but the method's base."""

    index: int
    steps: int
    cost: float
    noise: int
    probe: int
    holdout: int = 0
    order: str = "batches"
    of_base: bool = False


class Moment(NamedTuple):
    """A point of training: so many steps into a stage, after so many gradient evaluations in all."""

    stage: int
    step: int
    spent: float


def phases(method: Method) -> tuple[tuple[float, Method], ...]:
    """(share of the budget, method) of every phase; a method without phases is one phase."""
    return method.phases or ((1.0, method),)


def step_cost(
    method: Method, loss: Loss, params: Params, batch: Batch, network: Callable[[Params, Tensor], Tensor] | None = None
) -> float:
    """Gradient evaluations of one step, counted on the losses (and passes of the network) that the step calls.

    One gradient evaluation is a forward and a backward pass over one batch; a pass over more or fewer examples counts
    in proportion, and a forward pass alone counts a third.
    """
    tally = 0.0

    def count(p: Params, examples: int) -> None:
        nonlocal tally
        layers = [_transformations(tensor) for tensor in p.values()]
        passes = 1.0 if any(differentiated for differentiated, _ in layers) else FORWARD_SHARE
        tally += passes * max(models for _, models in layers) * examples / len(batch.labels)

    def counted_loss(p: Params, b: Batch) -> Tensor:
        count(p, len(b.labels))
        return loss(p, b)

    def counted_network(p: Params, inputs: Tensor) -> Tensor:
        count(p, len(inputs))
        return network(p, inputs)

    copies = (method.noise,) if method.noise > 1 else ()
    noise = {name: torch.ones(copies + tensor.shape, dtype=tensor.dtype) for name, tensor in params.items()}
    context = Context(
        torch.tensor(0.5),
        noise if method.noise else None,
        _first_examples(batch, method.probe) if method.probe else None,
        _first_examples(batch, method.holdout) if method.holdout else None,
        counted_network if network else None,
    )
    method.step(counted_loss, params, method.init(params), batch, context)
    return tally


def plan(
    spec: Spec,
    loss: Loss,
    params: Params,
    batch: Batch,
    budget: int,
    network: Callable[[Params, Tensor], Tensor] | None = None,
) -> list[Stage]:
    """The stages that spend `budget` gradient evaluations; each phase takes whole steps, the last takes what is left.

    Raises UserError where a phase's share of the budget is less than one of its steps, or the model has more parameters
    than the method is meant for.
    """
    size = sum(tensor.numel() for tensor in params.values())
    if spec.largest and size > spec.largest:
        raise UserError(
            f"{spec.name} is meant for at most {spec.largest} parameters and the network has {size}; take it off the "
            "list of the experiment's methods in config.yaml."
        )
    stages, spent = [], 0.0
    base = build(spec.base, {}) if spec.base else None
    sequence = phases(bind(spec, base, {name: torch.tensor(space.default) for name, space in spec.search.items()}))
    for index, (share, method) in enumerate(sequence):
        cost = step_cost(method, loss, params, batch, network)
        allowance = budget - spent if index == len(sequence) - 1 else budget * share
        steps = int(allowance / cost + 1e-9)
        if steps < 1:
            raise UserError(
                f"a budget of {budget} gradient evaluations is too small for {spec.name}: phase {index + 1} has "
                f"{allowance:g} of them and one step costs {cost:g}; raise `budget` in config.yaml."
            )
        wishes = method.noise, method.probe, method.holdout, method.order
        stages.append(Stage(index, steps, cost, *wishes, of_base=len(sequence) > 1 and method is base))
        spent += steps * cost
    return stages


def moments(stages: list[Stage], points: int) -> list[Moment]:
    """The points of training whose parameters are kept: the ends of all stages but the last and, where `points` is not
    0, so many (at least two) at equal distances in gradient evaluations, from the start to the end."""
    spent = [0.0]
    for stage in stages:
        spent.append(spent[-1] + stage.steps * stage.cost)
    kept = {Moment(i, stage.steps, spent[i + 1]) for i, stage in enumerate(stages[:-1])}
    for position in range(points):
        target = spent[-1] * position / (points - 1)
        stage = max(i for i in range(len(stages)) if spent[i] <= target or i == 0)
        step = min(round((target - spent[stage]) / stages[stage].cost), stages[stage].steps)
        if stage and not step:
            stage, step = stage - 1, stages[stage - 1].steps
        kept.add(Moment(stage, step, spent[stage] + step * stages[stage].cost))
    return sorted(kept)


def _transformations(tensor: Tensor) -> tuple[bool, int]:
    """Whether a tensor inside a method's step is being differentiated, and how many models it stands for.

    A method may vectorise over copies of the model: the loss is called once then, and counts once a copy. PyTorch tells
    what is around a tensor by these functions alone.
    """
    functorch, differentiated, models = torch._C._functorch, tensor.requires_grad, 1
    while functorch.is_functorch_wrapped_tensor(tensor):
        inner = functorch.get_unwrapped(tensor)
        if functorch.is_batchedtensor(tensor):
            models *= inner.shape[functorch.maybe_get_bdim(tensor)]
        differentiated = differentiated or functorch.is_gradtrackingtensor(tensor)
        tensor = inner
    return differentiated or tensor.requires_grad, models


def _first_examples(batch: Batch, count: int) -> Batch:
    positions = torch.arange(count, device=batch.labels.device) % len(batch.labels)
    return Batch(batch.inputs[positions], batch.labels[positions])
