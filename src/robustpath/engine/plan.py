"""How a budget of gradient evaluations becomes steps: the phases of a method, and what each of their steps costs."""

from collections import defaultdict
from collections.abc import Callable, Collection, Mapping
from types import MappingProxyType
from typing import NamedTuple

import torch
from torch import Tensor

from robustpath.core.errors import UserError
from robustpath.methods.base import Batch, Context, Loss, Method, Params, Spec, bind, build

NOISE = "noise"  # the one need that is no batch
DERIVATIVE = 3  # what is differentiated costs so many times what it cost: the backward pass is about twice the forward
PARTS = ("arrive", "step", "leave")  # of what a method does with a batch

Network = Callable[[Params, Tensor], Tensor | dict[str, Tensor]]


class Stage(NamedTuple):
    """A phase as it is run: its place in the method, its steps, the cost of one, what its steps need, the order of its
    batches, and whether it is nothing but the method's base."""

    index: int
    steps: int
    cost: float
    needs: Mapping[str, int] = MappingProxyType({})
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
    method: Method, loss: Loss, params: Params, batch: Batch, network: Network | None = None,
    activations: Network | None = None, parts: Collection[str] = PARTS,
) -> float:  # fmt: skip
    """Gradient evaluations of one step; what runs as its batch arrives and leaves included, or some `parts` of it.

    One gradient evaluation is a forward and a backward pass over one batch. A forward pass alone counts a third; the
    derivative of a gradient along a vector, which takes the gradient and goes back through it, counts three.
    """
    counted = step_passes(method, loss, params, batch, network, activations, parts)
    return sum(number * DERIVATIVE ** (order - 1) for order, number in sorted(counted.items()))


def step_passes(
    method: Method, loss: Loss, params: Params, batch: Batch, network: Network | None = None,
    activations: Network | None = None, parts: Collection[str] = PARTS,
) -> dict[int, float]:  # fmt: skip
    """The passes of one step over one batch, by how often each is differentiated: 0 forward alone, 1 a gradient, 2 the
    derivative of a gradient. Counted on the losses (and passes of the network) that the step calls; one over more or
    fewer examples counts in proportion.
    """
    tally: dict[int, float] = defaultdict(float)
    part = ""

    def count(p: Params, examples: int) -> None:
        if part not in parts:
            return
        layers = [transformations(tensor) for tensor in p.values()]
        models = max(models for _, models in layers)
        tally[max(order for order, _ in layers)] += models * examples / len(batch.inputs)

    def counted_loss(p: Params, b: Batch) -> Tensor:
        count(p, len(b.inputs))
        return loss(p, b)

    def counted(passing: Network | None) -> Network | None:
        def passed(p: Params, inputs: Tensor) -> Tensor:
            count(p, len(inputs))
            return passing(p, inputs)

        return passed if passing else None

    given = {name: _first_examples(batch, size) for name, size in method.needs.items() if name != NOISE}
    if NOISE in method.needs:
        copies = (method.needs[NOISE],) if method.needs[NOISE] > 1 else ()
        given[NOISE] = {name: torch.ones(copies + tensor.shape, dtype=tensor.dtype) for name, tensor in params.items()}
    context = Context(torch.tensor(0.5), given, counted(network), counted(activations))
    state = method.init(params)
    for part in PARTS:
        function = getattr(method, part)
        result = function(counted_loss, params, state, batch, context) if function else (params, state)
        state = result if part == "arrive" and function else result[1]
        params = params if part == "arrive" else result[0]
    return dict(tally)


def plan(
    spec: Spec,
    loss: Loss,
    params: Params,
    batch: Batch,
    budget: int,
    network: Network | None = None,
    activations: Network | None = None,
    deals: Collection[str] | None = None,
    in_steps: bool = False,
) -> list[Stage]:
    """The stages that spend `budget` gradient evaluations, or so many steps where it is `in_steps`; each phase takes
    whole steps, the last takes what is left.

    Raises UserError where a phase's share of the budget is less than one of its steps, the model has more parameters
    than the method is meant for, or a step needs what the source does not deal (`deals`; None where it deals all).
    """
    size = sum(tensor.numel() for tensor in params.values())
    if spec.largest and size > spec.largest:
        raise UserError(
            f"{spec.name} is meant for at most {spec.largest} parameters and the network has {size}; take it off the "
            "list of methods in config.yaml."
        )
    stages, spent = [], 0.0
    base = build(spec.base, {}) if spec.base else None
    sequence = phases(bind(spec, base, {name: torch.tensor(space.default) for name, space in spec.search.items()}))
    for index, (share, method) in enumerate(sequence):
        unknown = [name for name in method.needs if deals is not None and name not in deals]
        if unknown:
            raise UserError(
                f"{spec.name} needs '{unknown[0]}' beside its batches, which this protocol does not deal (it deals "
                f"{', '.join(sorted(deals))}); take the method off the list of the experiment's methods in config.yaml"
            )
        cost = step_cost(method, loss, params, batch, network, activations)
        price = 1.0 if in_steps else cost
        allowance = budget - spent if index == len(sequence) - 1 else budget * share
        steps = int(allowance / price + 1e-9)
        if steps < 1:
            unit = "steps" if in_steps else "gradient evaluations"
            raise UserError(
                f"a budget of {budget} {unit} is too small for {spec.name}: phase {index + 1} has {allowance:g} of "
                f"them and one step costs {price:g}; raise `budget` (`steps` of a theory case) in config.yaml."
            )
        of_base = len(sequence) > 1 and method is base
        stages.append(Stage(index, steps, cost, dict(method.needs), method.order, of_base))
        spent += steps * price
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


def transformations(tensor: Tensor) -> tuple[int, int]:
    """How often a tensor inside a method's step is being differentiated, and how many models it stands for.

    A method may vectorise over copies of the model: the loss is called once then, and counts once a copy. PyTorch tells
    what is around a tensor by these functions alone.
    """
    functorch, order, models = torch._C._functorch, 0, 1
    while functorch.is_functorch_wrapped_tensor(tensor):
        if functorch.is_gradtrackingtensor(tensor):
            order += 1
        inner = functorch.get_unwrapped(tensor)
        if functorch.is_batchedtensor(tensor):
            models *= inner.shape[functorch.maybe_get_bdim(tensor)]
        tensor = inner
    return order + tensor.requires_grad, models


def _first_examples(batch: Batch, count: int) -> Batch:
    positions = torch.arange(count, device=batch.inputs.device) % len(batch.inputs)
    return Batch(*(None if part is None else part[positions] for part in batch))
