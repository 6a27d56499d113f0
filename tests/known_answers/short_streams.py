"""Methods on short streams in double precision, through the functions that an engine calls."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import torch

from robustpath import models
from robustpath.core.parameters import tree_map
from robustpath.core.types import Batch, Params
from robustpath.methods.base import Context, Method
from robustpath.models.functional import activations, initialise, mean_cross_entropy, predict


def started(name: str, inputs: int, classes: int, hidden: Sequence[int] = (), seed: int = 1) -> tuple[Any, Params]:
    """A network of the package and its parameters as they begin, in double precision."""
    network = models.network({"model": name, "hidden": list(hidden)}, (inputs,), classes)
    return network, tree_map(torch.Tensor.double, initialise(network, torch.Generator().manual_seed(seed)))


def passes(network: Any, **given: Any) -> tuple[Callable, Context]:
    """The loss of a network and the context of a step on it."""
    progress = torch.tensor(0.5, dtype=torch.float64)
    return mean_cross_entropy(network), Context(progress, given, predict(network), activations(network))


def learn(
    method: Method, network: Any, params: Params, batches: Iterable[Batch], steps: int = 1,
    given: Callable[[int], dict[str, Any]] = lambda number: {},
) -> tuple[Params, Any]:  # fmt: skip
    """Parameters and state after `steps` steps on each batch; `given(number)`: what is dealt with batch `number`."""
    state = method.init(params)
    for number, batch in enumerate(batches):
        loss, context = passes(network, **given(number))
        if method.arrive:
            state = method.arrive(loss, params, state, batch, context)
        for _ in range(steps):
            params, state, _ = method.step(loss, params, state, batch, context)
        if method.leave:
            params, state = method.leave(loss, params, state, batch, context)
    return params, state


def of_size(batch: Batch, size: int) -> list[Batch]:
    """One long batch as many of `size` examples; the last may be shorter."""
    positions = [None] * len(batch.labels) if batch.positions is None else batch.positions.split(size)
    return [Batch(*parts) for parts in zip(batch.inputs.split(size), batch.labels.split(size), positions)]  # noqa: B905


def reordered(batch: Batch, order: torch.Tensor) -> Batch:
    """The examples of a batch in another order."""
    return Batch(*(None if part is None else part[order] for part in batch))
