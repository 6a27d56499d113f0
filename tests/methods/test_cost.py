"""The gradient evaluations that the engine counts, against the arithmetic that a step really does."""

from functools import partial

import pytest
import torch
from torch.utils.flop_counter import FlopCounterMode

from robustpath import methods
from robustpath.core.parameters import tree_map
from robustpath.engine import plan
from robustpath.engine.plan import PARTS, phases, step_cost, step_passes
from robustpath.methods import roles
from robustpath.methods.base import Batch, Context, Method, Spec, build, choice, draw, grad
from robustpath.methods.walk import steepness
from robustpath.models.functional import activations, initialise, mean_cross_entropy, predict
from robustpath.models.mlp import mlp

from .passes import small_network

# Wide enough for products with the weights alone (projections on the tangents) to vanish beside those over examples.
MODEL = mlp(96, [16, 16], 4)
INPUTS = torch.randn(64, 96, generator=torch.Generator().manual_seed(1))
BATCH = Batch(INPUTS, torch.arange(64) % 4, torch.arange(64))
START = initialise(MODEL, torch.Generator().manual_seed(2))
LOSS, NETWORK, LAYERS = mean_cross_entropy(MODEL), predict(MODEL), activations(MODEL)
# Similarities of all pairs of examples and projections on directions are no pass, and about an eighth of the whole.
BESIDE = {"cka_ball", "neighbour_ball", "sliced_ball"}
# Products of a gradient with a matrix of the size of a layer, or of the similarities of all pairs of examples with each
# other, or of examples with units, are no pass, and are as much as the passes here.
PRODUCTS = {"lpr", "mono_loss", "non_negative_contrast", "procrustes_ball"}


def flops(call) -> int:
    """Floating-point operations of the matrix products in a call."""
    with FlopCounterMode(display=False) as counter:
        call()
    return counter.get_total_flops()


PASSES = {
    0: lambda: LOSS(START, BATCH),
    1: lambda: grad(LOSS)(START, BATCH),
    2: lambda: steepness(LOSS, START, BATCH),
}


def examples(count: int) -> Batch | None:
    positions = torch.arange(count) % 64
    return Batch(BATCH.inputs[positions], BATCH.labels[positions], positions) if count else None


def names_and_phases():
    for name in roles.training():
        spec = methods.load(name)
        if not spec.largest and "mlp" in (spec.networks or ("mlp",)) and name not in PRODUCTS:
            yield from ((name, index) for index in range(len(phases(build(spec, {})))))


def run(part, method, params, state, context):
    """(params, state) after a part of what a method does with a batch, or None where it has no such part."""
    function = getattr(method, part)
    result = function(LOSS, params, state, BATCH, context) if function else None
    return (params, result) if part == "arrive" and function else result and result[:2]


@pytest.mark.parametrize(("name", "index"), list(names_and_phases()))
def test_a_step_does_as_much_arithmetic_as_is_counted(name, index):
    """Each kind of pass at what it really takes: a gradient takes a little less than three passes forward, since the
    one by the inputs is not taken, and the derivative of a gradient a little less than three gradients."""
    method = phases(build(methods.load(name), {}))[index][1]
    given = {name: examples(size) for name, size in method.needs.items() if name != "noise"}
    if copies := method.needs.get("noise"):
        shape = (copies,) if copies > 1 else ()
        given["noise"] = {key: torch.randn(shape + tensor.shape) for key, tensor in START.items()}
    context = Context(torch.tensor(0.5), given, NETWORK, LAYERS)
    now = START, method.init(START)
    for part in PARTS:
        counted = step_passes(method, LOSS, START, BATCH, NETWORK, LAYERS, (part,))
        done = flops(partial(run, part, method, *now, context))
        expected = sum(number * flops(PASSES[order]) for order, number in counted.items())
        assert done == pytest.approx(expected, rel=0.2 if name in BESIDE else 0.1), part
        now = run(part, method, *now, context) or now


def test_a_derivative_takes_up_to_three_times_what_it_differentiates():
    """Less where the first layer is most of the network, as here; the price is that of many layers of one width."""
    deep = mlp(16, [16] * 12, 16)
    start, loss = initialise(deep, torch.Generator().manual_seed(2)), mean_cross_entropy(deep)
    batch = Batch(BATCH.inputs[:, :16], BATCH.labels)
    forward = flops(lambda: loss(start, batch))
    once, twice = flops(lambda: grad(loss)(start, batch)), flops(lambda: steepness(loss, start, batch))
    assert once / forward == pytest.approx(plan.DERIVATIVE, rel=0.1)
    assert twice / once == pytest.approx(plan.DERIVATIVE, rel=0.1)
    assert 2 < flops(PASSES[2]) / flops(PASSES[1]) < 3


def costs_of_draws(spec, numbers=range(6)) -> list[tuple[float, ...]]:
    """What a step of each phase costs at some draws of the hyperparameters, and at the ends of their ranges."""
    model = small_network(spec)
    start = initialise(model, torch.Generator().manual_seed(2))
    batch = Batch(BATCH.inputs[:, :6], BATCH.labels % 3, BATCH.positions)
    about = mean_cross_entropy(model), start, batch, predict(model), activations(model)
    ends = [{name: space.sample(u) for name, space in spec.search.items()} for u in (0.0, 1 - 1e-9)]
    found = []
    for values in [*(draw(spec, 0, number) for number in numbers), *ends]:
        method = build(spec, {name: torch.tensor(value) for name, value in values.items()})
        found.append(tuple(step_cost(each, *about) for _, each in phases(method)))
    return found


@pytest.mark.parametrize("name", list(roles.training()))
def test_a_step_costs_the_same_at_all_hyperparameters(name):
    """The cost is counted once, at the defaults."""
    assert len(set(costs_of_draws(methods.load(name)))) == 1


def test_a_loop_as_long_as_a_hyperparameter_is_seen():
    def looping(count):
        def step(loss, params, state, batch, context):
            for _ in range(int(count)):
                params = tree_map(lambda w, g: w - 0.1 * g, params, grad(loss)(params, batch))
            return params, state, {"loss": loss(params, batch)}

        return Method(lambda params: (), step)

    spec = Spec("looping", "", looping, {"count": choice(1, 2, 8, default=1)}, None, "")
    assert {cost for (cost,) in costs_of_draws(spec)} == {1 + 1 / 3, 2 + 1 / 3, 8 + 1 / 3}
