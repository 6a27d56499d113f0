"""Small streams for the balls: a perceptron, batches, replayed examples, and some steps on each batch."""

from collections.abc import Callable
from typing import Any, NamedTuple

import torch
from torch import Tensor

from robustpath.methods.base import Batch, Context, Method, Params
from robustpath.models.functional import activations, initialise, mean_cross_entropy, predict
from robustpath.models.mlp import mlp

MODEL = mlp(6, [8, 7], 4)
LOSS = mean_cross_entropy(MODEL)
NETWORK, LAYERS = predict(MODEL), activations(MODEL)


class Told(NamedTuple):
    """params: after the stream; state: of the method; infos: of every step; centres: the parameters before every
    batch, and those after the last."""

    params: Params
    state: Any
    infos: list[dict[str, Tensor]]
    centres: list[Params]


def start(dtype: torch.dtype = torch.float32) -> Params:
    """A perceptron with 6 inputs, layers of 8 and 7 units, and 4 classes."""
    params = initialise(MODEL, torch.Generator().manual_seed(1))
    return {name: (2 * tensor).to(dtype) for name, tensor in params.items()}


def examples(count: int, seed: int, dtype: torch.dtype = torch.float32) -> Batch:
    """Normal inputs [count, 6] and labels that follow from nothing."""
    source = torch.Generator().manual_seed(seed)
    inputs = torch.randn(count, 6, generator=source, dtype=dtype)
    return Batch(inputs, torch.randint(4, (count,), generator=source))


def stream(
    method: Method,
    steps: int,
    batches: int = 3,
    dtype: torch.dtype = torch.float32,
    relabel: Callable[[Tensor], Tensor] = lambda labels: labels,
    begin: Params | None = None,
) -> Told:
    """`steps` steps on each of some batches of 10, with 20 replayed examples anew in every step."""
    params, infos, centres = begin or start(dtype), [], []
    state = method.init(params)
    for number in range(batches):
        centres.append(params)
        batch = examples(10, number, dtype)
        for step in range(steps):
            replay = examples(20, 1000 * (number + 1) + step, dtype)
            given = {"replay": replay._replace(labels=relabel(replay.labels))}
            context = Context(torch.tensor(0.5), given, NETWORK, LAYERS)
            if step == 0 and method.arrive:
                state = method.arrive(LOSS, params, state, batch, context)
            params, state, info = method.step(LOSS, params, state, batch, context)
            infos.append(info)
        if method.leave:
            params, state = method.leave(LOSS, params, state, batch, context)
    return Told(params, state, infos, [*centres, params])


def last_replay(steps: int, batches: int = 3, dtype: torch.dtype = torch.float32) -> Tensor:
    """The inputs that the last step of such a stream replays."""
    return examples(20, 1000 * batches + steps - 1, dtype).inputs


def kl(params: Params, anchor: Params, inputs: Tensor) -> Tensor:
    """Mean KL(P_anchor || P) by PyTorch's own function."""
    old, new = NETWORK(anchor, inputs).log_softmax(1), NETWORK(params, inputs).log_softmax(1)
    return torch.nn.functional.kl_div(new, old, reduction="batchmean", log_target=True)


def same(a: Params, b: Params) -> bool:
    """Bit by bit."""
    return all(torch.equal(a[name], b[name]) for name in a)


__all__ = ["Told", "examples", "kl", "last_replay", "same", "start", "stream"]
