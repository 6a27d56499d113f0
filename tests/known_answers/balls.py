"""Small streams for the balls: a perceptron, batches, replayed examples, and some steps on each batch."""

from collections.abc import Callable
from typing import Any, NamedTuple

import torch
from torch import Tensor

from robustpath.methods.base import Batch, Context, Method, Params
from robustpath.models.functional import activations, initialise, mean_cross_entropy, predict
from robustpath.models.mlp import mlp

from .conftest import bound

MODEL = mlp(6, [8, 7], 4)
LOSS = mean_cross_entropy(MODEL)
NETWORK, LAYERS = predict(MODEL), activations(MODEL)


class Course(NamedTuple):
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
) -> Course:
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
    return Course(params, state, infos, [*centres, params])


def by_hand(
    distance: Callable[[Params, Params, Tensor], Tensor], weight: float, age: float, steps: int = 3, batches: int = 3
) -> Params:
    """The parameters after such a stream in double precision, by PyTorch's own differentiation of loss + weight
    distance(params, anchor, replayed inputs), at the rate 0.1 and clipped at the norm 5."""
    params, anchor = start(torch.float64), start(torch.float64)
    for number in range(batches):
        batch = examples(10, number, torch.float64)
        for step in range(steps):
            params = {name: tensor.detach().requires_grad_() for name, tensor in params.items()}
            inputs = examples(20, 1000 * (number + 1) + step, torch.float64).inputs
            value = LOSS(params, batch) + weight * distance(params, anchor, inputs)
            slopes = torch.autograd.grad(value, list(params.values()))
            size = sum(slope.square().sum() for slope in slopes).sqrt()
            params = {
                name: (tensor - 0.1 * slope * min(1.0, 5.0 / size)).detach()
                for (name, tensor), slope in zip(params.items(), slopes, strict=True)
            }
        anchor = {name: age * anchor[name] + (1 - age) * params[name] for name in params}
    return params


def over_layers(distance: Callable[[Tensor, Tensor], Tensor]) -> Callable[[Params, Params, Tensor], Tensor]:
    """The mean of a distance of features over the two layers of ReLUs."""

    def mean(params, anchor, inputs):
        now, then = LAYERS(params, inputs), LAYERS(anchor, inputs)
        return (distance(now["2"], then["2"]) + distance(now["4"], then["4"])) / 2

    return mean


def assert_follows(name: str, distance: Callable[[Params, Params, Tensor], Tensor], weight: float) -> None:
    """The method at the anchor's age 0.9 takes the steps by hand; without the penalty they would be others."""
    expected = by_hand(distance, weight, 0.9)
    found = stream(bound(name, weight=weight, learning_rate=0.1), 3, dtype=torch.float64).params
    plain = stream(bound("online_sgd", learning_rate=0.1), 3, dtype=torch.float64).params
    for key in expected:
        torch.testing.assert_close(found[key], expected[key], atol=1e-9, rtol=0)
    assert max((found[key] - plain[key]).abs().max() for key in plain) > 1e-4


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
