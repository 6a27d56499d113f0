"""Tiny losses in double precision, descended through the interface that every method has."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple

import torch
from torch import Tensor

from robustpath import methods
from robustpath.methods.base import Batch, Context, Method, build

NO_BATCH = Batch(torch.zeros(1, dtype=torch.float64), torch.zeros(1, dtype=torch.int64))


class Descent(NamedTuple):
    """iterates: w after every step; evaluated: the w that is read out at the end; losses: what every step reports."""

    iterates: Tensor
    evaluated: Tensor
    losses: Tensor


def double(value: float | Sequence[float]) -> Tensor:
    return torch.tensor(value, dtype=torch.float64)


def context_with(
    progress: Tensor, noise: Any = None, probe: Batch | None = None, holdout: Batch | None = None, **other: Any
) -> Context:
    """The context of a step, with what the source would deal; None where the loss looks at no examples."""
    return Context(progress, {"noise": noise, "probe": probe, "holdout": holdout}, **other)


def bound(name: str, **hyperparameters: float) -> Method:
    """A registered method; hyperparameters that are not given take their defaults."""
    spec = methods.load(name)
    assert hyperparameters.keys() <= spec.search.keys()
    values = {key: space.default for key, space in spec.search.items()} | hyperparameters
    return build(spec, {key: double(value) for key, value in values.items()})


def descend(
    method: Method,
    loss: Callable[[Tensor, Tensor], Tensor],
    start: Tensor,
    *,
    steps: int | None = None,
    batches: Iterable[Tensor] | None = None,
    progress: Callable[[int], float] = lambda step: 0.0,
) -> Descent:
    """`loss(w, inputs)` descended from `start`. At the default progress 0, and without a warm-up, the factor of the
    learning rate is 1 in every step: the schedule is out of play."""
    params, iterates, losses = {"w": start.double()}, [], []
    state = method.init(params)
    if batches is None:
        batches = [NO_BATCH.inputs] * steps
    for number, inputs in enumerate(batches):
        batch = Batch(inputs, torch.zeros(len(inputs), dtype=torch.int64))
        context = Context(double(progress(number)))
        params, state, info = method.step(lambda p, b: loss(p["w"], b.inputs), params, state, batch, context)
        iterates.append(params["w"])
        losses.append(info["loss"])
    return Descent(torch.stack(iterates), method.readout(params, state)["w"], torch.stack(losses))


def quadratic(seed: int, size: int = 6) -> Callable[[Tensor, Tensor], Tensor]:
    """A random quadratic with curvatures from about 0.1 to 10 and its minimum away from zero; no batch enters."""
    generator = torch.Generator().manual_seed(seed)
    factor = torch.randn(size, size, generator=generator, dtype=torch.float64)
    hessian, pull = factor @ factor.T / size + 0.1 * torch.eye(size), torch.randn(size, generator=generator).double()
    return lambda w, inputs: 0.5 * w @ hessian @ w - pull @ w


def by_pytorch(optimiser: type, loss: Callable, start: Tensor, steps: int, **options) -> Tensor:
    """The iterates of one of PyTorch's own optimisers."""
    w = start.double().clone().requires_grad_()
    optimiser, iterates = optimiser([w], **options), []
    for _ in range(steps):
        optimiser.zero_grad()
        loss(w, NO_BATCH.inputs).backward()
        optimiser.step()
        iterates.append(w.detach().clone())
    return torch.stack(iterates)


def feed() -> Method:
    """A base that descends nothing: its iterates are the batches it is given."""

    def step(loss, params, state, batch, context):
        return {"w": batch.inputs}, state, {"loss": context.progress}

    return Method(lambda params: (), step)
