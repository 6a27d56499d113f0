"""What a method costs on a batch of a stream, in gradient evaluations: how many steps it takes follows from that."""

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterator
from typing import NamedTuple

import torch
from torch import Tensor
from torch._functorch.pyfunctorch import temporarily_clear_interpreter_stack

from robustpath.core.types import Batch, Params
from robustpath.engine.plan import DERIVATIVE, NOISE, transformations
from robustpath.methods.base import Context, Method
from robustpath.methods.memory import CAPACITY

FORWARD = 1 / DERIVATIVE  # of a gradient evaluation

Network = Callable[[Params, Tensor], Tensor | dict[str, Tensor]]


class Costs(NamedTuple):
    """K steps on a batch cost around + K each."""

    around: float
    each: float


def costs(
    method: Method, loss: Callable[[Params, Batch], Tensor], params: Params, batch_size: int, shape: tuple[int, ...],
    classes: int, network: Network, activations: Network,
) -> Costs:  # fmt: skip
    """Gradient evaluations, over a batch of inputs of a `shape`, of a step and of what a batch costs beside its steps.

    A forward pass alone counts a third, and one over more or fewer examples in proportion. While a batch stays, a
    forward pass over the same example at the same parameters counts once, for all uses of its outputs: a program
    may keep them, so methods whose parts ask for them twice (the loss and a penalty, the logits as a batch arrives and
    its first step, an anchor's outputs on the batch in every step) pay what those pay that keep them. Each gradient
    pays for its own backward pass.
    """
    spent: dict[str, float] = defaultdict(float)
    known: dict[Hashable, set[Hashable]] = defaultdict(set)
    alive, part = [], ""

    def count(p: Params, inputs: Tensor) -> None:
        changed = [transformations(tensor) for tensor in p.values()]
        order, models = max(order for order, _ in changed), max(models for _, models in changed)
        backward = DERIVATIVE ** (order - 1) - FORWARD
        pass_, examples = _origin(p), _rows(inputs)
        alive.append((p, inputs))  # so that what is made later cannot lie in the same place
        if models > 1 or len(examples) != len(inputs):
            spent[part] += models * len(inputs) * (FORWARD + backward)
            return
        taken = order, id(next(iter(p.values())))
        for example in examples:
            paid = known[pass_, example]
            spent[part] += (FORWARD if not paid else 0) + (backward if taken not in paid else 0)
            paid |= {"forward", taken}

    def counted_loss(p, batch):
        count(p, batch.inputs)
        return loss(p, batch)

    def counted(passing):
        def passed(p, inputs):
            count(p, inputs)
            return passing(p, inputs)

        return passed

    state = method.init(params)
    deal = _deals(method, params, batch_size, shape, classes)
    for _ in range(2):  # at the first batch anchors and averages are the model itself
        spent.clear()
        known.clear()
        batch, contexts = next(deal)
        about = [context._replace(network=counted(network), activations=counted(activations)) for context in contexts]
        part = "arrive"
        if method.arrive:
            state = method.arrive(counted_loss, params, state, batch, about[0])
        for number, context in enumerate(about):
            part = f"step {number}"
            params, state, _ = method.step(counted_loss, params, state, batch, context)
        part = "leave"
        if method.leave:
            params, state = method.leave(counted_loss, params, state, batch, about[-1])
    each = spent["step 1"]
    around = max(0.0, sum(spent.values()) - 2 * each)  # a first step that costs less than others counts as they do
    return Costs(around / batch_size, each / batch_size)


def _deals(
    method: Method, params: Params, size: int, shape: tuple[int, ...], classes: int
) -> Iterator[tuple[Batch, list[Context]]]:
    """Batches, and what is given in each of two steps on one: all examples differ, but for those of the memory, which
    stay with the batch."""
    generator = torch.Generator().manual_seed(0)

    def examples(count):
        labels, positions = torch.arange(count) % classes, torch.arange(count) % CAPACITY
        return Batch(torch.rand(count, *shape, generator=generator), labels, positions)

    noise = {}
    if vectors := method.needs.get(NOISE):
        first = (vectors,) if vectors > 1 else ()
        noise = {NOISE: {name: torch.ones(first + tensor.shape) for name, tensor in params.items()}}
    fresh = {name: number for name, number in method.needs.items() if name not in (NOISE, "memory")}
    while True:
        batch = examples(size)
        staying = {"memory": examples(method.needs["memory"])} if "memory" in method.needs else {}
        given = [staying | noise | {name: examples(number) for name, number in fresh.items()} for _ in range(2)]
        yield batch, [Context(torch.tensor(0.5), each) for each in given]


def _origin(params: Params) -> tuple[tuple, ...]:
    """Where parameters lie in memory: what a method has not changed lies where it lay."""
    stored = [_innermost(tensor) for tensor in params.values()]
    return tuple((tensor.data_ptr(), tensor.shape, tensor.stride()) for tensor in stored)


def _rows(inputs: Tensor) -> list[bytes]:
    """Each example as its bytes."""
    with temporarily_clear_interpreter_stack():  # inside a gradient, no tensor can be read
        return [row.tobytes() for row in _innermost(inputs).numpy()]


def _innermost(tensor: Tensor) -> Tensor:
    """The tensor without what differentiates it or vectorises over it."""
    functorch = torch._C._functorch
    while functorch.is_functorch_wrapped_tensor(tensor):
        tensor = functorch.get_unwrapped(tensor)
    return tensor
