"""Registered methods on small problems, trained by the engine: the loss after every step, and the cost of a low one."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import cache
from typing import NamedTuple

import torch
from torch import Tensor

from robustpath import methods
from robustpath.core.randomness import generator
from robustpath.engine import population
from robustpath.engine.plan import NOISE, Network, Stage, plan
from robustpath.engine.source import Dealt, Source
from robustpath.methods.base import Batch, Loss, Method, Params, Spec, draw

# A stage and a step, counted from the start -> standard normal numbers [members, numbers].
Noise = Callable[[Stage, int], Tensor]


class Problem(NamedTuple):
    """A loss, the examples that every step sees (all of them, also as probe and hold-out), and the network, if any."""

    loss: Loss
    batch: Batch
    network: Network | None = None


class Course(NamedTuple):
    """losses: of what is read out after every step [steps, members]; spent: gradient evaluations until then [steps];
    diverged: whether a member had diverged by then [steps, members]; params: what is read out at the end."""

    losses: Tensor
    spent: Tensor
    diverged: Tensor
    params: Params


class Outcome(NamedTuple):
    """first: gradient evaluations until the loss was first below each bound, inf where it never was [bounds, members];
    final: the loss at the end [members]; diverged [members]."""

    first: Tensor
    final: Tensor
    diverged: Tensor


def escape(
    name: str,
    problem: Problem,
    starts: Params,
    keys: Sequence[tuple],
    bounds: Sequence[float],
    budget: int,
    hyperparameters: Mapping[str, float],
) -> Outcome:
    """Method `name`, at its defaults but for those of `hyperparameters` that it has, from `starts` (tensors
    [members, …]) for `budget` gradient evaluations.

    A member's noise depends on its key alone. A member that is no longer finite stands still where it last was.
    UserError where the budget is less than a step of every phase, or the parameters are more than the method is meant
    for.
    """
    spec = on_all_examples(methods.load(name), len(problem.batch.labels))
    own = {key: value for key, value in hyperparameters.items() if key in spec.search}
    one = {key: tensor[0] for key, tensor in starts.items()}
    stages = plan(spec, problem.loss, one, problem.batch, budget, problem.network)
    course = follow(spec, problem, stages, draw(spec, 0, 0) | own, starts, keyed_noise(one, keys, stages))
    began = torch.vmap(problem.loss, in_dims=(0, None))(starts, problem.batch)
    first = []
    for bound in bounds:
        below = (course.losses < bound) & ~course.diverged
        reached = torch.where(below.any(0), course.spent[below.int().argmax(0)], torch.inf)
        first.append(torch.where(began < bound, 0.0, reached))
    return Outcome(torch.stack(first), course.losses[-1], course.diverged[-1])


def follow(
    spec: Spec,
    problem: Problem,
    stages: list[Stage],
    values: Mapping[str, float],
    starts: Params,
    noise: Noise,
    constant: bool = False,
) -> Course:
    """The stages of a method with these hyperparameters from `starts` (tensors [members, …]); with the learning rate of
    the first moment throughout where it is to be `constant`."""
    like = next(iter(starts.values()))
    hyperparameters = {name: torch.full((len(like),), value, dtype=like.dtype) for name, value in values.items()}
    programs = [population.program(spec, problem.loss, stage, False, problem.network) for stage in stages]
    programs = [_at_progress_0(program) for program in programs] if constant else programs
    measure, losses, diverged = torch.vmap(problem.loss, in_dims=(0, None)), [], []

    def look(snapshot: population.Snapshot) -> None:
        losses.append(measure(population.readout(spec, stages, hyperparameters, snapshot), problem.batch))
        diverged.append(snapshot.diverged)

    end = population.advance(
        population.begin(spec, stages, hyperparameters, starts), spec, stages, programs, hyperparameters,
        whole_batches(problem.batch, len(like), noise), look, each_step=lambda: True,
    )  # fmt: skip
    costs = torch.cat([torch.full((stage.steps,), stage.cost, dtype=torch.float64) for stage in stages])
    params = population.readout(spec, stages, hyperparameters, end)
    return Course(torch.stack(losses), costs.cumsum(0), torch.stack(diverged), params)


def _at_progress_0(program: population.Program) -> population.Program:
    return lambda values, params, state, diverged, progress, dealt: program(
        values, params, state, diverged, torch.zeros_like(progress), dealt
    )


def on_all_examples(spec: Spec, count: int) -> Spec:
    """The method with all `count` examples of a problem for every batch that it needs beside the steps' own."""

    def sized(method: Method) -> Method:
        needs = {name: amount if name == NOISE else count for name, amount in method.needs.items()}
        return method if needs == method.needs else method.replace(needs=needs)

    def factory(*base: Method, **hyperparameters: Tensor) -> Method:
        method = spec.factory(*base, **hyperparameters)
        return sized(method).replace(phases=tuple((share, sized(phase)) for share, phase in method.phases))

    return replace(spec, factory=factory)


def whole_batches(batch: Batch, members: int, noise: Noise) -> Source:
    """The source of a problem: the same batch for all members, in every step and for every need but noise."""
    parts = {"inputs": batch.inputs, "labels": batch.labels}
    fields = {name: part.expand(members, *part.shape) for name, part in parts.items()}

    def deal(state: tuple, params: Params, stage: Stage, step: int) -> tuple[tuple, Dealt]:
        return state, Dealt(fields, {need: noise(stage, step) if need == NOISE else fields for need in stage.needs})

    return Source(tuple, deal)


def keyed_noise(one: Params, keys: Sequence[tuple], stages: list[Stage]) -> Noise:
    """The noise of members by their keys; that of a stage is drawn at once, parameter by parameter."""

    @cache
    def drawn(index: int) -> Tensor:
        steps, copies = stages[index].steps, stages[index].needs[NOISE]
        streams = [generator(*key, "noise", index) for key in keys]

        def numbers(like: Tensor) -> Tensor:
            shape = steps, copies * like.numel()
            return torch.stack([torch.randn(shape, generator=stream, dtype=like.dtype) for stream in streams], 1)

        return torch.cat([numbers(tensor) for tensor in one.values()], 2)

    before = [sum(earlier.steps for earlier in stages[:index]) for index in range(len(stages))]
    return lambda stage, step: drawn(stage.index)[step - before[stage.index]]
