"""Layerwise proximal replay: the proximal problem that its step solves, and its program's arithmetic."""

import pytest
import torch

from robustpath.core.parameters import subtract, tree_map
from robustpath.engine.plan import step_cost
from robustpath.methods.base import grad
from robustpath.methods.batches.lpr import inverses, proximal
from robustpath.methods.layers import inputs_of_layers
from robustpath.methods.replay import joined

from .anchors import ACTIVATIONS, LOSS, PREDICT, apart, examples, normal, same, start, stream
from .conftest import bound, double

GIVEN = {"replay": examples(20, 5), "memory": examples(100, 6)}


def test_one_layer_by_hand():
    """Inputs 1 and 3: the mean of x² is 5; omega = 2 makes the gradient 22 / (1 + 2 * 5) = 2. With a bias Sigma is
    [[5, 2], [2, 1]], so the matrix is [[11, 4], [4, 3]] and its inverse [[3, -4], [-4, 11]] / 17."""
    inputs = {"1": double([[1.0], [3.0]])}
    plain = {"1.weight": double([[22.0]])}
    assert proximal(plain, inverses(plain, inputs, double(2.0)))["1.weight"].item() == pytest.approx(2.0, abs=1e-12)
    both = {"1.weight": double([[17.0]]), "1.bias": double([34.0])}
    found = proximal(both, inverses(both, inputs, double(2.0)))
    assert found["1.weight"].item() == pytest.approx(3 - 8, abs=1e-12)
    assert found["1.bias"].item() == pytest.approx(-4 + 22, abs=1e-12)


def test_the_step_solves_the_proximal_problem_of_each_layer():
    """Yoo et al. 2024: the move D minimises <G, D> + (|D|² + omega mean |D x|²) / (2 rate), x what a layer reads of the
    memory, for each layer by itself: there the gradient of that problem vanishes."""
    omega, rate, batch = 3.0, 0.1, examples(10)
    after = stream(bound("lpr", omega=omega, learning_rate=rate), [batch], 1, given=GIVEN).params[0]
    move, memory = subtract(after, start()), GIVEN["memory"].inputs[:10]
    gradient = grad(LOSS)(start(), joined(batch, GIVEN["replay"]))
    reads = inputs_of_layers(start(), ACTIVATIONS(start(), memory), memory)

    def problem(d):
        total = sum((gradient[name] * d[name]).sum() + d[name].square().sum() / (2 * rate) for name in d)
        for layer, x in reads.items():
            moved = x @ d[f"{layer}.weight"].T + d[f"{layer}.bias"]
            total = total + omega * moved.square().sum(1).mean() / (2 * rate)
        return total

    assert list(reads) == ["1", "3", "5"]
    left, plain = grad(problem)(move), grad(problem)(tree_map(lambda g: -rate * g, gradient))
    assert max(g.abs().max().item() for g in left.values()) < 1e-12
    assert max(g.abs().max().item() for g in plain.values()) > 1e-2


def test_the_program_s_arithmetic():
    """plai-group/LPR at 76c44f8, compute_linear_ucov and precondition_layer_gradient: ones appended to the inputs,
    omega Z'Z / n plus the identity, inverted; the gradient of weight and bias side by side times it."""
    inputs, weight, bias = normal(7, 4, seed=1), normal(3, 4, seed=2), normal(3, seed=3)
    ones = torch.cat((inputs, torch.ones(7, 1).double()), dim=-1)
    inverse = (0.25 * ones.T @ ones / 7 + torch.eye(5).double()).inverse()
    expected = torch.einsum("CD,DE->CE", torch.cat((weight, bias[:, None]), dim=-1), inverse)
    gradient = {"2.weight": weight, "2.bias": bias}
    found = proximal(gradient, inverses(gradient, {"2": inputs}, double(0.25)))
    assert torch.allclose(found["2.weight"], expected[:, :-1], atol=1e-12)
    assert torch.allclose(found["2.bias"], expected[:, -1], atol=1e-12)


def test_without_omega_it_is_experience_replay():
    batches = [examples(10, seed) for seed in range(2)]
    plain, off, on = (
        stream(method, batches, 3, given=GIVEN).params[-1]
        for method in (bound("er"), bound("lpr", omega=0.0), bound("lpr", omega=1.0))
    )
    assert same(plain, off)
    assert apart(plain, on) > 1e-3


def test_the_matrices_are_those_of_the_whole_memory_each_tenth_read_when_it_was_last_its_turn():
    """Against the slow way: each tenth goes through the model before the batch whose turn it is. At the first batch,
    all rows are those of the first tenth."""
    memory, batches = GIVEN["memory"].inputs, [examples(10, seed) for seed in range(12)]
    course = stream(bound("lpr", learning_rate=0.02), batches, 2, given=GIVEN)
    rows = None
    for number in range(12):
        before = course.params[2 * number - 1] if number else start()
        turn = slice(number % 10 * 10, number % 10 * 10 + 10)
        read = inputs_of_layers(before, ACTIVATIONS(before, memory[turn]), memory[turn])
        rows = rows or {layer: values.repeat(10, 1) for layer, values in read.items()}
        for layer, values in read.items():
            rows[layer][turn] = values
        expected = inverses(before, rows, double(1.0))
        for state in course.states[2 * number : 2 * number + 2]:
            assert apart(state.inverses, expected) < 1e-12
    whole = inputs_of_layers(start(), ACTIVATIONS(start(), memory), memory)
    assert apart(course.states[-1].inverses, inverses(start(), whole, double(1.0))) > 1e-3


def test_a_step_costs_what_replay_does_and_the_memory_a_forward_pass_in_ten_batches():
    """10 + 20 examples for the gradient, in batches of 10; 100 / 10 forward, a third each."""
    model = bound("lpr"), LOSS, start(), examples(10), PREDICT, ACTIVATIONS
    assert step_cost(*model, parts=("step",)) == pytest.approx(3)
    assert step_cost(*model, parts=("arrive",)) == pytest.approx(1 / 3)
