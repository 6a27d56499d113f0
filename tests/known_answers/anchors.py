"""A stream of batches, met one after the other through the interface of methods that arrive, step and leave."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

import torch

from robustpath.core.parameters import tree_map
from robustpath.core.types import Batch, Params
from robustpath.methods.base import Context, Method
from robustpath.models.functional import activations, initialise, mean_cross_entropy, predict
from robustpath.models.mlp import mlp

from .conftest import double

NETWORK = mlp(4, [6, 5], 3)
LOSS, PREDICT, ACTIVATIONS = mean_cross_entropy(NETWORK), predict(NETWORK), activations(NETWORK)


class Course(NamedTuple):
    """Of every step: the parameters and state after it, and what it reports."""

    params: list[Params]
    states: list[Any]
    infos: list[Mapping]


def normal(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def examples(count: int, seed: int = 0) -> Batch:
    return Batch(normal(count, 4, seed=seed), torch.arange(count) % 3)


def start() -> Params:
    return tree_map(torch.Tensor.double, initialise(NETWORK, torch.Generator().manual_seed(7)))


def stream(
    method: Method,
    batches: Iterable[Batch],
    steps: int,
    params: Params | None = None,
    loss: Callable = LOSS,
    given: Mapping[str, Batch] | None = None,
    network: Callable = PREDICT,
    layers: Callable = ACTIVATIONS,
) -> Course:
    """Every batch stays for so many steps."""
    params = params or start()
    course, state = Course([], [], []), method.init(params)
    context = Context(double(0.5), given or {}, network, layers)
    for batch in batches:
        if method.arrive:
            state = method.arrive(loss, params, state, batch, context)
        for number in range(steps):
            params, state, info = method.step(loss, params, state, batch, context)
            if method.leave and number == steps - 1:
                params, state = method.leave(loss, params, state, batch, context)
            for kept, now in zip(course, (params, state, info), strict=True):
                kept.append(now)
    return course


def penalty(
    method: Method,
    anchor: Params,
    params: Params,
    batch: Batch,
    given: Mapping[str, Batch] | None = None,
    network: Callable = PREDICT,
    layers: Callable = ACTIVATIONS,
) -> torch.Tensor:
    """What a method adds to a loss that is zero everywhere: the batch arrived at `anchor`, the step is at `params`."""

    def nothing(p, b):
        return 0 * next(iter(p.values())).sum()

    context = Context(double(0.5), given or {}, network, layers)
    state = method.arrive(nothing, anchor, method.init(anchor), batch, context)
    return method.step(nothing, params, state, batch, context)[2]["loss"]


def same(a: Params, b: Params) -> bool:
    """Bit for bit."""
    return all(torch.equal(a[name], b[name]) for name in a)


def apart(a: Params, b: Params) -> float:
    """The largest difference of two entries."""
    return max((a[name] - b[name]).abs().max().item() for name in a)
