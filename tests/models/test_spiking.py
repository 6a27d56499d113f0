"""Spiking units against their arithmetic in plain Python, and the networks of them against a loop over time."""

import math
from fractions import Fraction

import numpy as np
import pytest
import torch

from robustpath import models, study
from robustpath.core.errors import UserError
from robustpath.core.parameters import tree_map
from robustpath.core.randomness import generator
from robustpath.core.types import Batch
from robustpath.methods import geometry
from robustpath.models import spiking_synchronised
from robustpath.models.functional import activations, initialise, mean_cross_entropy, predict
from robustpath.models.spiking import layers
from robustpath.models.spiking.cells import Cell, atan, fast_sigmoid, potentials, spikes

NAMES = ("spiking_fast_sigmoid", "spiking_latency", "spiking_mlp", "spiking_synchronised", "spiking_zero_reset")
# Currents of one unit in 12 steps, in sixteenths: with a leak of 7/8 all numbers are exact in binary. The first meets
# the threshold of 5/4, which is no spike and calls for no reset.
CURRENTS = (20, 9, 16, 0, 28, 3, 16, 16, 40, -12, 20, 14)
CELLS = {
    "subtraction": Cell(leak=0.8),
    "zero": Cell(leak=0.8, to_zero=True),
    "fast sigmoid": Cell(leak=0.8, surrogate=fast_sigmoid),
    "coupled": Cell(leak=0.8, coupling=0.6),
    "coupled, zero": Cell(leak=0.8, threshold=0.7, to_zero=True, coupling=0.6),
}


def slope(cell, excess):
    """The derivative of a spike, as snnTorch's surrogates give it (jeshraghian/snntorch at 634fc22)."""
    if cell.surrogate is fast_sigmoid:
        return 1 / (1 + 25 * abs(excess)) ** 2
    return 2 / 2 / (1 + (math.pi / 2 * 2 * excess) ** 2)


def leaky_by_hand(currents, leak, threshold, to_zero):
    """Potentials and spikes of one unit, in the order of snnTorch's Leaky (634fc22): the reset that the potential
    before calls for, the leak, the current, the spike."""
    potential, found = 0, []
    for current in currents:
        reset = potential > threshold
        if to_zero:
            potential = leak * (0 if reset else potential) + current
        else:
            potential = leak * potential + current - (threshold if reset else 0)
        found.append((potential, int(potential > threshold)))
    return found


def layer_by_hand(cell, currents):
    """Potentials [T, units] of a layer and their derivative by every current [T, units, T, units] with the surrogate
    in the place of a spike's derivative, step by step; a reset is a constant."""
    steps, units = currents.shape
    potential, before = np.zeros(units), np.zeros((units, steps, units))
    fired, found, derivatives = np.zeros(units), [], []
    for step in range(steps):
        now, derivative = np.zeros(units), np.zeros((units, steps, units))
        common, common_derivative = 0.0, np.zeros((steps, units))
        for other in range(units):
            if step:
                common += cell.coupling * fired[other] / units
                rise = slope(cell, potential[other] - cell.threshold)
                common_derivative += cell.coupling * rise * before[other] / units
        for unit in range(units):
            kept = cell.leak * (1 - fired[unit]) if cell.to_zero else cell.leak
            now[unit] = kept * potential[unit] + currents[step, unit] + common
            now[unit] -= 0 if cell.to_zero else cell.threshold * fired[unit]
            derivative[unit] = kept * before[unit] + common_derivative
            derivative[unit, step, unit] += 1
        potential, before, fired = now, derivative, (now > cell.threshold).astype(float)
        found.append(now)
        derivatives.append(derivative)
    return np.stack(found), np.stack(derivatives)


def normal(*shape):
    return torch.randn(*shape, generator=generator("normal", *shape), dtype=torch.float64)


def built(name, hidden=(7, 5), seed=0):
    """A network on six inputs with three classes, and parameters with which about half of the spikes are there."""
    network = models.network({"model": name, "hidden": list(hidden)}, (6,), 3)
    params = tree_map(torch.Tensor.double, initialise(network, generator("spiking", seed)))
    return network, {key: 2 * tensor for key, tensor in params.items()}


def batch(size=8):
    inputs = normal(size, 6)
    return Batch(inputs, inputs[:, :3].argmax(1))


@pytest.mark.parametrize("to_zero", [False, True])
def test_a_unit_computes_what_snntorch_does_step_by_step(to_zero):
    leak, threshold = Fraction(7, 8), Fraction(5, 4)
    known = leaky_by_hand([Fraction(current, 16) for current in CURRENTS], leak, threshold, to_zero)
    cell = Cell(leak=0.875, threshold=1.25, to_zero=to_zero)
    found = potentials(cell, torch.tensor(CURRENTS, dtype=torch.float64)[:, None] / 16)
    assert found[:, 0].tolist() == [float(potential) for potential, _ in known]
    fired = spikes(cell, found)[:, 0]
    assert fired.tolist() == [spike for _, spike in known]
    assert 4 <= fired.sum() <= 8 and fired[:-1][fired[1:] > 0].any()  # there are spikes in a row


def test_a_potential_at_the_threshold_is_no_spike():
    assert spikes(Cell(), torch.tensor([1.0, 1.0 + 1e-6, 1.0 - 1e-6])).tolist() == [0, 1, 0]


def test_the_units_of_the_paper_have_snntorchs_values():
    assert Cell() == Cell(leak=0.9, threshold=1.0, to_zero=False, surrogate=atan, coupling=0.0)
    assert layers.TIME_STEPS == 8


@pytest.mark.parametrize("surrogate", [atan, fast_sigmoid])
def test_the_derivative_of_a_spike_is_that_of_the_formula(surrogate):
    cell = Cell(threshold=0.5, surrogate=surrogate)
    excess = torch.tensor([-3.0, -0.5, -0.04, 0.0, 0.04, 0.5, 3.0], dtype=torch.float64)
    derivative = torch.func.grad(lambda potential: spikes(cell, potential).sum())(excess + 0.5)
    assert derivative.tolist() == pytest.approx([slope(cell, value) for value in excess.tolist()], rel=1e-12)
    assert derivative[3] == 1
    assert derivative[4].item() == pytest.approx({atan: 0.984456, fast_sigmoid: 0.25}[surrogate], rel=1e-5)


@pytest.mark.parametrize("cell", CELLS.values(), ids=CELLS)
def test_potentials_and_gradients_are_those_of_a_loop_over_steps_and_units(cell):
    currents, weights = 0.5 + 0.7 * normal(6, 3), normal(6, 3)
    known, derivatives = layer_by_hand(cell, currents.numpy())

    def total(given):
        return (weights * spikes(cell, potentials(cell, given))).sum()

    found = potentials(cell, currents)
    np.testing.assert_allclose(found.numpy(), known, rtol=1e-12)
    fired = spikes(cell, found)
    assert set(fired.flatten().tolist()) == {0.0, 1.0}
    rises = np.vectorize(lambda value: slope(cell, value - cell.threshold))(known)
    gradient = np.einsum("tu,tu,tusv->sv", weights.numpy(), rises, derivatives)
    np.testing.assert_allclose(torch.func.grad(total)(currents).numpy(), gradient, rtol=1e-10)


def test_early_first_spikes_count_more():
    fired = torch.zeros(1, 4, 4, dtype=torch.float64)
    fired[0, [0, 2, 3, 3], [0, 0, 1, 2]] = 1  # first in step 1, 4, 4 and never
    assert layers.Latency()(fired).tolist() == [[1.0, 0.25, 0.25, 0.0]]
    fired[0, 1, 2] = 1
    assert layers.Latency()(fired)[0, 2] == 0.75
    assert layers.Rate()(fired).tolist() == [[0.5, 0.25, 0.5, 0.0]]


def test_the_derivative_of_a_first_spike_is_the_share_of_steps_that_no_other_spike_covers():
    """A unit with spikes in steps 3 and 5 of 6: a spike in step 1 would have covered 2 more steps, one in step 2 one;
    without the third, steps 3 and 4 would be lost; no other spike matters."""
    fired = torch.tensor([0.0, 0, 1, 0, 1, 0], dtype=torch.float64)[None, :, None]
    derivative = torch.func.grad(lambda given: layers.Latency()(given).sum())(fired)
    assert derivative[0, :, 0].tolist() == pytest.approx([2 / 6, 1 / 6, 2 / 6, 0, 0, 0])


def by_hand(name, params, inputs, coupling):
    """Logits of a network with two hidden layers: both layers take a step, then both the next."""
    weights = {key: tensor.numpy() for key, tensor in params.items()}
    rows = []
    for example in inputs.numpy():
        states = [[np.zeros(7), np.zeros(7)], [np.zeros(5), np.zeros(5)]]
        trains = []
        for _ in range(8):
            given = example
            for state, layer in zip(states, ("layer1", "layer2"), strict=True):
                current = (
                    weights[f"{layer}.weight"] @ (given if layer == "layer2" else example) + weights[f"{layer}.bias"]
                )
                potential, fired = state
                kept = potential * (1 - fired) if name == "spiking_zero_reset" else potential
                potential = 0.9 * kept + current + coupling * fired.mean()
                potential -= 0 if name == "spiking_zero_reset" else fired
                given = (potential > 1).astype(float)
                state[:] = potential, given
            trains.append(given)
        train = np.stack(trains)
        early = np.where(train.any(0), (8 - train.argmax(0)) / 8, 0.0)
        read = early if name == "spiking_latency" else train.mean(0)
        rows.append(weights["head.weight"] @ read + weights["head.bias"])
    return np.stack(rows)


@pytest.mark.parametrize("name", NAMES)
def test_a_network_computes_what_a_loop_over_time_does(name):
    network, params = built(name)
    coupling = 0.5 if name == "spiking_synchronised" else 0.0
    given = batch().inputs
    found = predict(network)(params, given)
    np.testing.assert_allclose(found.numpy(), by_hand(name, params, given, coupling), rtol=1e-10, atol=1e-12)
    assert len(found.unique(dim=0)) > 4


@pytest.mark.parametrize("name", NAMES)
def test_what_the_last_layer_reads_are_eighths_from_0_to_1(name):
    network, params = built(name)
    given = batch().inputs
    outputs = list(activations(network)(params, given).values())
    read, logits = outputs[-2:]
    assert read.shape == (8, 5)
    assert read.min() == 0 and 0.5 <= read.max() <= 1 and torch.equal(8 * read, (8 * read).round())
    assert torch.allclose(logits, read @ params["head.weight"].T + params["head.bias"])
    assert [tuple(trains.shape) for trains in (outputs[3], outputs[5])] == [(8, 8, 7), (8, 8, 5)]
    assert set(outputs[3].flatten().tolist()) == {0.0, 1.0}


@pytest.mark.parametrize("name", NAMES)
def test_members_are_what_they_are_alone_and_gradients_reach_every_layer(name):
    network, first = built(name)
    members = [first, built(name, seed=1)[1]]
    loss, given = mean_cross_entropy(network), batch()
    together = {key: torch.stack([params[key] for params in members]) for key in first}
    gradients, losses = torch.vmap(torch.func.grad_and_value(loss), (0, None))(together, given)
    for number, params in enumerate(members):
        gradient, value = torch.func.grad_and_value(loss)(params, given)
        assert losses[number].item() == pytest.approx(value.item(), rel=1e-12)
        for key in params:
            assert torch.allclose(gradients[key][number], gradient[key], rtol=1e-9, atol=1e-12)
            assert gradient[key].abs().max() > 1e-4


@pytest.mark.parametrize("name", NAMES)
def test_descent_lowers_the_loss_and_no_example_touches_another(name):
    network, params = built(name)
    loss, given = mean_cross_entropy(network), batch(30)
    whole = predict(network)(params, given.inputs)
    changed = given.inputs.clone()
    changed[1:] *= 100
    assert torch.equal(predict(network)(params, changed)[0], whole[0])
    start = loss(params, given).item()
    for _ in range(30):
        gradient = torch.func.grad(loss)(params, given)
        params = {key: tensor - 0.3 * gradient[key] for key, tensor in params.items()}
    assert loss(params, given).item() < 0.9 * start


def values(name):
    """Logits and gradients of a network."""
    network, params = built(name)
    gradient = torch.func.grad(mean_cross_entropy(network))(params, batch())
    return [predict(network)(params, batch().inputs), *gradient.values()]


def test_without_coupling_synchronised_units_are_plain_ones_bit_by_bit(monkeypatch):
    plain = values("spiking_mlp")
    assert not torch.equal(values("spiking_synchronised")[0], plain[0])
    monkeypatch.setattr(spiking_synchronised, "COUPLING", 0.0)
    assert all(map(torch.equal, values("spiking_synchronised"), plain))


def test_coupling_makes_units_fire_together():
    """Two units at currents of which one would never fire alone."""
    currents = torch.tensor([0.09, 0.4]).expand(20, -1)
    alone, coupled = (spikes(cell, potentials(cell, currents)).sum(0) for cell in (Cell(), Cell(coupling=0.5)))
    assert alone[0] == 0 < coupled[0]


def test_the_surrogate_changes_gradients_alone():
    plain, other = values("spiking_mlp"), values("spiking_fast_sigmoid")
    assert torch.equal(plain[0], other[0])
    assert not any(map(torch.equal, plain[1:-2], other[1:-2]))
    assert all(map(torch.equal, plain[-2:], other[-2:]))  # the last layer is behind all spikes


@pytest.mark.parametrize("name", NAMES)
def test_it_takes_images_grey_and_colour(name):
    for shape in ((8, 8), (3, 8, 8)):
        network = models.network({"model": name, "hidden": [5]}, shape, 4)
        params = initialise(network, generator("images"))
        assert predict(network)(params, torch.rand(2, *shape)).shape == (2, 4)
        assert not models.facts(name).measured
        assert geometry.chain(params) == []  # rescaled, spiking units would compute something else


def test_no_time_step_and_no_hidden_layer_are_refused_in_one_sentence(monkeypatch):
    with pytest.raises(UserError, match=r"got currents of 0 time steps; give it at least 1 \(TIME_STEPS in "):
        potentials(Cell(), torch.zeros(2, 0, 3))
    with pytest.raises(UserError, match="needs a hidden layer of spiking units; give at least one width"):
        built("spiking_mlp", hidden=())
    monkeypatch.setattr(layers, "TIME_STEPS", 0)
    with pytest.raises(UserError, match=r"cannot run for 0 time steps; set TIME_STEPS in .* to at least 1"):
        built("spiking_mlp")


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"measured": True}, r"model = 'spiking_mlp' cannot be measured; allowed: measured: false, or a network"),
        ({"methods": ["sgd", "feature_swap"], "measured": False}, "'feature_swap', which cannot use the network spik"),
    ],
)
def test_what_a_spiking_network_cannot_do_is_refused_before_any_job(changed, said):
    own = {"model": "spiking_mlp", "methods": ["sgd"]} | changed
    with pytest.raises(UserError, match=said):
        study.load(overrides={"scale": "smoke", "scales": {"smoke": {"experiments": {"minima": own}}}})
