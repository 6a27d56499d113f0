"""Symmetry teleportation on the rescaling of ReLU units: same function, and |gradient|² in closed form.

Zhao et al. 2022 for the aim; the closed form follows from L(w') = L(w) by the chain rule.
"""

import math
from itertools import product

import pytest
import torch

from robustpath import methods
from robustpath.core.parameters import add, dot, norm, subtract, tree_map
from robustpath.methods.base import Batch, build, grad
from robustpath.methods.geometry import rescaling
from robustpath.methods.minima.symmetry_teleportation import steepest_rates
from robustpath.methods.orbit import rescaled
from robustpath.models.functional import initialise, mean_cross_entropy, predict
from robustpath.models.mlp import mlp

from .conftest import bound, context_with, double


def network(hidden, seed=0):
    """(model, parameters, a batch of 40 examples) in double precision."""
    generator = torch.Generator().manual_seed(seed)
    model = mlp(6, hidden, 3)
    params = tree_map(torch.Tensor.double, initialise(model, generator))
    inputs = torch.randn(40, 6, generator=generator, dtype=torch.float64)
    return model, params, Batch(inputs, torch.randint(3, (40,), generator=generator))


def some_rates(hidden, seed=1):
    generator = torch.Generator().manual_seed(seed)
    return [torch.randn(width, generator=generator, dtype=torch.float64) for width in hidden]


@pytest.mark.parametrize("hidden", [[5], [7, 4], [4, 5, 3]])
def test_the_orbit_leaves_the_function_and_the_gradient_moves_the_other_way(hidden):
    """w' = exp(s) w entry by entry with L(w') = L(w), so grad L(w') = exp(-s) grad L(w): |grad L(w')|² needs no second
    gradient. To 1e-10, against autograd at w'."""
    model, params, batch = network(hidden)
    rates = some_rates(hidden)
    there = rescaled(params, rates)
    assert norm(subtract(there, params)) > 0.5 * norm(params)
    outputs = [predict(model)(p, batch.inputs) for p in (params, there)]
    assert torch.allclose(*outputs, rtol=0, atol=1e-10)
    slope = grad(mean_cross_entropy(model))
    found, expected = rescaled(slope(params, batch), [-rate for rate in rates]), slope(there, batch)
    assert norm(subtract(found, expected)) < 1e-10 * norm(expected)
    assert dot(found, found).item() == pytest.approx(dot(expected, expected).item(), rel=1e-10)


def test_the_gradient_is_orthogonal_to_the_orbit_and_units_of_a_layer_to_each_other():
    """The generators v_j are the orbit's tangents at w, and L is constant on it: <grad L, v_j> = 0 to 1e-12."""
    hidden, step = [6, 5], 1e-6
    model, params, batch = network(hidden)
    gradient = grad(mean_cross_entropy(model))(params, batch)
    generators = []
    for layer, width in enumerate(hidden):
        for unit in range(width):
            rates = [torch.zeros(w, dtype=torch.float64) for w in hidden]
            rates[layer][unit] = 1
            generators.append(rescaling(params, rates))
            central = subtract(
                rescaled(params, [step * r for r in rates]), rescaled(params, [-step * r for r in rates])
            )
            assert norm(subtract(tree_map(lambda x: x / (2 * step), central), generators[-1])) < 1e-8
    assert max(abs(dot(gradient, v)) / (norm(gradient) * norm(v)) for v in generators) < 1e-12
    first, second = generators[:6], generators[6:]
    assert max(abs(dot(a, b)) for units in (first, second) for a in units for b in units if a is not b) < 1e-12


def test_one_unit_by_hand():
    """L = (w2 w1 - 1)²/2 for w1, w2 > 0 has the gradient r (w2, w1); on the orbit r (w2 exp(-a), w1 exp(a)). The larger
    weight grows: with w = (3, 0.5), r = 0.5 and |a| <= 0.4 that is a = 0.4."""
    gradient = {"0.weight": double([[0.5 * 0.5]]), "2.weight": double([[0.5 * 3.0]])}
    (rate,) = steepest_rates(gradient, double(0.4))
    assert rate.item() == pytest.approx(0.4)
    (rate,) = steepest_rates({"0.weight": gradient["2.weight"], "2.weight": gradient["0.weight"]}, double(0.4))
    assert rate.item() == pytest.approx(-0.4)
    squared = dot(*2 * (rescaled(gradient, [double([-0.4])]),))
    assert squared.item() == pytest.approx(0.25 * (0.25 * math.exp(-0.8) + 9 * math.exp(0.8)), rel=1e-12)


def steepness(gradient, rates):
    there = rescaled(gradient, [-rate for rate in rates])
    return dot(there, there).item()


def corners(width, largest):
    return [double(signs) * largest for signs in product((-1.0, 1.0), repeat=width)]


@pytest.mark.parametrize("seed", range(3))
def test_with_one_hidden_layer_no_rates_are_steeper(seed):
    """|gradient|² is convex in the rates, so its maximum on the box is a corner: here the best of all 2^6."""
    model, params, batch = network([6], seed)
    gradient = grad(mean_cross_entropy(model))(params, batch)
    (found,) = steepest_rates(gradient, double(0.7))
    best = max(steepness(gradient, [corner]) for corner in corners(6, 0.7))
    assert steepness(gradient, [found]) == pytest.approx(best, rel=1e-12)
    assert best > 1.2 * steepness(gradient, [0 * found])


@pytest.mark.parametrize("seed", range(3))
def test_with_more_layers_no_other_rates_of_one_of_them_are_steeper(seed):
    """The sweeps end where every layer is best given the others, near the best of all 2^7 corners of two layers."""
    hidden = [4, 3]
    model, params, batch = network(hidden, seed)
    gradient = grad(mean_cross_entropy(model))(params, batch)
    found = steepest_rates(gradient, double(0.5))
    for layer, width in enumerate(hidden):
        for corner in corners(width, 0.5):
            others = [corner if number == layer else rate for number, rate in enumerate(found)]
            assert steepness(gradient, others) < (1 + 1e-12) * steepness(gradient, found)
    best = max(steepness(gradient, list(corner.split(hidden))) for corner in corners(7, 0.5))
    assert steepness(gradient, found) > 0.99 * best


def test_a_later_sweep_mends_what_the_first_could_not_know():
    """Squares of the entries: ingoing 2, between the units 1, a bias of 0, outgoing 0.1; and A = 1/2, exp(2 A) = e.

    At first unit 0 has 2 against 1 and takes -A, which divides the entry between by e. Unit 1 then has 1/e against 0.1
    and takes -A too, which multiplies it by e. Unit 0 now has 2 against e and takes +A, and so they stay.
    """
    entries = {"0.weight": 2.0, "2.weight": 1.0, "4.weight": 0.1}
    first, second = steepest_rates({name: double([[entry]]).sqrt() for name, entry in entries.items()}, double(0.5))
    assert (first.item(), second.item()) == (0.5, -0.5)


def test_dead_units_and_other_networks_stay_where_they_are():
    """A unit without gradient has nothing to gain; parameters that are no chain have no units that are known."""
    gradient = {"0.weight": double([[1.0], [0.0]]), "2.weight": double([[2.0, 0.0]])}
    (rates,) = steepest_rates(gradient, double(0.5))
    assert torch.equal(rates, double([0.5, 0.0]))
    method, params = bound("symmetry_teleportation").phases[0][1], {"w": double([1.0, 2.0])}
    after, _, _ = method.step(lambda p, b: norm(p), params, method.init(params), None, context_with(double(0.5)))
    assert torch.equal(after["w"], params["w"])


def test_the_phase_sums_the_gradients_at_the_start_and_the_base_follows():
    """Every batch's gradient is taken at the first parameters, though the orbit has been travelled by then."""
    phases = build(methods.load("symmetry_teleportation"), {"largest_rate": double(0.3)}).phases
    assert [share for share, _ in phases] == [0.03, 0.97]
    (_, method), (_, base) = phases
    model, start, whole = network([7, 4])
    loss = mean_cross_entropy(model)
    batches = [Batch(whole.inputs[i::4], whole.labels[i::4]) for i in range(4)]
    params, state, total = start, method.init(start), None
    for batch in batches:
        params, state, info = method.step(loss, params, state, batch, context_with(double(0.5)))
        gradient = grad(loss)(start, batch)
        total = add(total, gradient) if total else gradient
        expected = rescaled(start, steepest_rates(total, double(0.3)))
        assert norm(subtract(params, expected)) < 1e-12
        assert info["loss"].item() == pytest.approx(loss(start, batch).item(), rel=1e-12)
    slopes = [norm(grad(loss)(p, whole)) for p in (start, params)]
    assert slopes[1] > 1.03 * slopes[0]
    assert loss(params, whole).item() == pytest.approx(loss(start, whole).item(), abs=1e-12)
    assert (method.needs, base.phases) == ({}, ())
