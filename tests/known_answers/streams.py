"""A stream by hand: a linear network, its losses, and the calls of a method on each batch in the engine's order."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, NamedTuple

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy

from robustpath.methods.base import Batch, Context, Method, Params
from robustpath.methods.memory import NOWHERE

from .conftest import double


def network(params: Params, inputs: Tensor) -> Tensor:
    """Logits x W' + b."""
    return inputs @ params["weight"].T + params["bias"]


def activations(params: Params, inputs: Tensor) -> dict[str, Tensor]:
    """The features are the inputs, scaled; the logits are linear in them."""
    features = inputs * params["scale"]
    return {"features": features, "logits": features @ params["weight"].T + params["bias"]}


def loss(params: Params, batch: Batch) -> Tensor:
    return cross_entropy(network(params, batch.inputs), batch.labels)


def start(classes: int = 3, inputs: int = 2, seed: int = 0) -> Params:
    generator = torch.Generator().manual_seed(seed)
    return {
        "weight": torch.randn(classes, inputs, generator=generator, dtype=torch.float64),
        "bias": torch.randn(classes, generator=generator, dtype=torch.float64),
    }


def batch(inputs: Sequence[Sequence[float]], labels: Sequence[int], positions: Sequence[int] | None = None) -> Batch:
    slots = None if positions is None else torch.tensor(positions)
    return Batch(double(inputs), torch.tensor(labels), slots)


def random_batch(seed: int, positions: Sequence[int], classes: int = 3, inputs: int = 2) -> Batch:
    generator = torch.Generator().manual_seed(seed)
    values = torch.randn(len(positions), inputs, generator=generator, dtype=torch.float64)
    return Batch(values, torch.randint(classes, (len(positions),), generator=generator), torch.tensor(positions))


class Visit(NamedTuple):
    """A batch and what is dealt beside it, for each of its steps."""

    batch: Batch
    given: Sequence[dict[str, Any]]


class Trace(NamedTuple):
    """What a stream leaves: the parameters after each step, the last state, and each step's info."""

    params: list[Params]
    state: Any
    infos: list[dict[str, Tensor]]


def live(method: Method, params: Params, visits: Sequence[Visit], of: Any = network, layers: Any = None) -> Trace:
    """The stream as the engine takes a method through it: arrive, the steps, leave."""

    def of_batch(p, b):
        return cross_entropy(of(p, b.inputs), b.labels)

    state, trace, infos = method.init(params), [], []
    for visit in visits:
        for number, given in enumerate(visit.given):
            context = Context(double(0.5), given, of, layers)
            if method.arrive and number == 0:
                state = method.arrive(of_batch, params, state, visit.batch, context)
            params, state, info = method.step(of_batch, params, state, visit.batch, context)
            if method.leave and number == len(visit.given) - 1:
                params, state = method.leave(of_batch, params, state, visit.batch, context)
            trace.append(params)
            infos.append(info)
    return Trace(trace, state, infos)


def same(a: Params, b: Params) -> bool:
    """Bit by bit."""
    return a.keys() == b.keys() and all(torch.equal(a[name], b[name]) for name in a)


def close(a: Params, b: Params, tolerance: float = 1e-12) -> bool:
    return a.keys() == b.keys() and all(torch.allclose(a[name], b[name], rtol=0, atol=tolerance) for name in a)


def descended(params: Params, objective: Any, rate: float) -> Params:
    """One step of gradient descent by PyTorch's own backward pass, with no bound on the gradient."""
    leaves = {name: tensor.detach().clone().requires_grad_() for name, tensor in params.items()}
    objective(leaves).backward()
    return {name: (leaf - rate * leaf.grad).detach() for name, leaf in leaves.items()}


SLOTS = [[0, 1], [2, NOWHERE], [0, 2], [NOWHERE, 1]]  # of four batches in a memory of three: some take those of others


def crowded(steps: int) -> list[Visit]:
    """Four batches that stay for some steps; replayed are two examples and one, from the memory as it was before the
    batch (the first batch is its own memory)."""
    memory, visits = {}, []
    for number, slots in enumerate(SLOTS):
        new = random_batch(number + 10, slots)
        added = {slot: (new.inputs[i], new.labels[i]) for i, slot in enumerate(slots) if slot != NOWHERE}
        held = memory or added
        memory = memory | added
        drawn = [([step % len(held), 0], [(step + 1) % len(held)]) for step in range(steps)]
        visits.append(
            Visit(new, [{"replay": _dealt(held, one), "other_replay": _dealt(held, other)} for one, other in drawn])
        )
    return visits


def _dealt(memory: dict[int, tuple[Tensor, Tensor]], slots: list[int]) -> Batch:
    inputs, labels = (torch.stack([memory[slot][part] for slot in slots]) for part in (0, 1))
    return Batch(inputs, labels, torch.tensor(slots))


def plain(params: Params, visits: Sequence[Visit], objective: Callable[..., Tensor], rate: float) -> list[Params]:
    """The parameters after each step of a plain loop with a dictionary for a buffer, in the order of the official
    programs of DER: an example's logits are those before the first step on its batch, and a batch enters the buffer
    when it leaves. `objective(params, batch, given, logits stored of "replay" or None in the first batch)`.
    """
    buffer, trace = {}, []
    for visit in visits:
        before, known = network(params, visit.batch.inputs), bool(buffer)
        for given in visit.given:
            stored = torch.stack([buffer[int(slot)] for slot in given["replay"].positions]) if known else None
            params = descended(params, partial(objective, batch=visit.batch, given=given, stored=stored), rate)
            trace.append(params)
        buffer |= {int(slot): before[i] for i, slot in enumerate(visit.batch.positions) if slot != NOWHERE}
    return trace
