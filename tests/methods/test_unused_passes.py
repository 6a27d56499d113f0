"""No pass of a step is charged and then thrown away: a loop up to the largest value of a hyperparameter, of which a
mask keeps the first few, costs the same at every value and would pass for a step of its true cost."""

import pytest
import torch
from torch.utils._pytree import tree_leaves

from robustpath import methods
from robustpath.core.parameters import dot, tree_map, where
from robustpath.engine.plan import phases
from robustpath.methods import roles
from robustpath.methods.base import Batch, Context, Method, Spec, build, choice, grad
from robustpath.models.functional import activations, initialise, mean_cross_entropy, predict

from .passes import small_network

LABELS = torch.arange(64) % 3
PUSHES = (0.1, -0.1, 100.0, -100.0)  # large ones for a pass that counts only where it disagrees with another
WARM = 3  # steps that come before; the first of a walk only measures


def normal(shape, seed):
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def wave(shape):
    """A direction of any shape, without random numbers, which no vectorised pass may draw."""
    return torch.cos(torch.arange(shape.numel(), dtype=torch.float64) ** 2).reshape(shape)


def values_of(spec):
    """The defaults, and both ends of all ranges."""
    ends = [{name: space.sample(u) for name, space in spec.search.items()} for u in (0.0, 1 - 1e-9)]
    return [{name: space.default for name, space in spec.search.items()}, *ends]


def given_to(method, start):
    """What a step is dealt beside its batch."""
    given = {
        name: Batch(normal((size, 6), 7), torch.arange(size) % 3, torch.arange(size) % 64)
        for name, size in method.needs.items()
    }
    if copies := method.needs.get("noise"):
        shape = (copies,) if copies > 1 else ()
        given["noise"] = {name: normal(shape + tensor.shape, 4) for name, tensor in start.items()}
    return given


def outcome(method, model, start, pushed, by=0.0):
    """What a step gives, what runs around it included, in which pass number `pushed` is one of another function, that
    is tilted `by` so much; and how many passes it has."""
    loss, network, layers, calls, last = mean_cross_entropy(model), predict(model), activations(model), [], False

    def tilt(params):
        calls.append(params)
        if not last or len(calls) - 1 != pushed:
            return torch.zeros((), dtype=torch.float64)
        return dot(params, {name: by * wave(tensor.shape) for name, tensor in params.items()})

    def tilted_loss(params, batch):
        return loss(params, batch) + tilt(params)

    def tilted_network(params, inputs):
        return network(params, inputs) + tilt(params) * torch.arange(3)

    def tilted_layers(params, inputs):
        more = tilt(params)
        return {
            name: values + more * torch.arange(values[0].numel()).reshape(values.shape[1:])
            for name, values in layers(params, inputs).items()
        }

    params, state, given = start, method.init(start), given_to(method, start)
    for number in range(WARM + 1):
        last = number == WARM
        calls.clear()
        context = Context(torch.tensor(0.5, dtype=torch.float64), given, tilted_network, tilted_layers)
        batch = Batch(normal((64, 6), number), LABELS, torch.arange(64))
        if method.arrive:
            state = method.arrive(tilted_loss, params, state, batch, context)
        params, state, info = method.step(tilted_loss, params, state, batch, context)
        if method.leave:
            params, state = method.leave(tilted_loss, params, state, batch, context)
    return tree_leaves((params, state, info)), len(calls)


def unused(spec, values):
    """The passes (phase, number) that change nothing, neither what a step returns nor what it tells."""
    model = small_network(spec)
    start = tree_map(torch.Tensor.double, initialise(model, torch.Generator().manual_seed(2)))
    hyperparameters = {name: torch.tensor(value, dtype=torch.float64) for name, value in values.items()}
    found = []
    for index, (_, method) in enumerate(phases(build(spec, hyperparameters))):
        plain, count = outcome(method, model, start, None)
        for number in range(count):
            others = (outcome(method, model, start, number, by)[0] for by in PUSHES)
            if all(torch.equal(a, b) for other in others for a, b in zip(plain, other, strict=True)):
                found.append((index, number))
    return found


def asked():
    """All methods but SDP, whose anchor counts only once it predicts better than chance, which the random labels here
    do not let it."""
    return [name for name in roles.training() if name != "sdp"]


@pytest.mark.parametrize("name", asked())
def test_every_pass_of_a_step_is_used(name):
    spec = methods.load(name)
    assert [unused(spec, values) for values in values_of(spec)] == [[], [], []]


def test_a_masked_loop_is_seen():
    def masked(count):
        def step(loss, params, state, batch, context):
            for number in range(8):
                moved = tree_map(lambda w, g: w - 0.1 * g, params, grad(loss)(params, batch))
                params = where(number < count, moved, params)
            return params, state, {"loss": loss(params, batch)}

        return Method(lambda params: (), step)

    spec = Spec("masked", "", masked, {"count": choice(1, 2, 8, default=2)}, None, "")
    first, least, most = (unused(spec, values) for values in values_of(spec))
    assert first == [(0, number) for number in range(2, 8)]
    assert least == [(0, number) for number in range(1, 8)]
    assert most == []
