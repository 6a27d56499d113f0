"""Finn et al. 2017 and Nichol et al. 2018: the meta-gradients on quadratics by hand, and the errors in closed form."""

import math

import pytest
import torch

from robustpath.theory import sinusoid as case
from robustpath.theory.sinusoid import Examples

MODELS, WEIGHTS = 3, 4


@pytest.fixture
def quadratic():
    """Errors (w - c)' H (w - c) / 2 of three models: weights, their support and query as (H, c), and the errors."""
    stream = torch.Generator().manual_seed(1)

    def examples():
        root = torch.randn(MODELS, WEIGHTS, WEIGHTS, generator=stream, dtype=torch.float64)
        return Examples(root @ root.mT, torch.randn(MODELS, WEIGHTS, generator=stream, dtype=torch.float64))

    def errors(weights, examples):
        gap = (weights - examples.outputs)[..., None]
        return (gap.mT @ examples.inputs @ gap)[:, 0, 0] / 2

    weights = torch.randn(MODELS, WEIGHTS, generator=stream, dtype=torch.float64)
    return errors, weights, examples(), examples()


def times(matrices, vectors):
    return (matrices @ vectors[..., None])[..., 0]


def after_a_step(weights, support):
    """w - a H (w - c)."""
    return weights - case.INNER_RATE * times(support.inputs, weights - support.outputs)


def test_maml_has_the_factor_of_the_step_and_fomaml_drops_it(quadratic):
    """MAML: (I - a H_s) H_q (w' - c_q) with w' = w - a H_s (w - c_s); FOMAML: H_q (w' - c_q)."""
    _, weights, support, query = quadratic
    first = times(query.inputs, after_a_step(weights, support) - query.outputs)
    second = first - case.INNER_RATE * times(support.inputs, first)
    assert torch.allclose(case.fomaml(*quadratic), first, atol=1e-12)
    assert torch.allclose(case.maml(*quadratic), second, atol=1e-12)
    assert (second - first).abs().max() > 1e-2


def test_pre_training_takes_no_step(quadratic):
    _, weights, support, _ = quadratic
    assert torch.allclose(case.pre_training(*quadratic), times(support.inputs, weights - support.outputs), atol=1e-12)


def test_reptile_points_from_the_trained_weights_to_the_start(quadratic):
    """w_k = c + (I - a H)^k (w - c), so that w - w_k = (I - (I - a H)^k) (w - c)."""
    _, weights, support, _ = quadratic
    step = torch.eye(WEIGHTS).double() - case.REPTILE_RATE * support.inputs
    steps = torch.linalg.matrix_power(step, case.REPTILE_STEPS)
    expected = times(torch.eye(WEIGHTS).double() - steps, weights - support.outputs)
    assert torch.allclose(case.reptile(*quadratic), expected, atol=1e-12)


def test_reptile_moves_by_a_share_towards_the_mean_of_the_trained_weights(monkeypatch):
    start = case.learned("Reptile", 0, 2)
    monkeypatch.setitem(case.RULES, "Reptile", lambda errors, weights, support, query: weights - 1)
    assert torch.allclose(case.learned("Reptile", 1, 2), start - case.REPTILE_SHARE * (start - 1))


def test_the_others_take_the_steps_of_adam(monkeypatch):
    """Two steps of Kingma & Ba's algorithm 1, on a gradient that changes in between: m1 = 0.1 g1, v1 = 0.001 g1²; …"""
    start = case.learned("MAML", 0, 2).double()
    monkeypatch.setitem(case.RULES, "MAML", lambda errors, weights, support, query: weights.sin() + 0.5)
    first = start.sin() + 0.5
    once = start - case.RATE * first.sign()
    second = once.sin() + 0.5
    mean = (0.09 * first + 0.1 * second) / (1 - 0.9**2)
    square = (0.000999 * first**2 + 0.001 * second**2) / (1 - 0.999**2)
    twice = once - case.RATE * mean / square.sqrt()
    assert torch.allclose(case.learned("MAML", 1, 2), once.float(), atol=1e-7)
    assert torch.allclose(case.learned("MAML", 2, 2), twice.float(), atol=1e-7)


def test_the_errors_in_closed_form_are_the_integrals():
    """The mean over a fine grid of midpoints of amplitude, phase and input; 4.2517 and 3.0057."""
    low, high = case.AMPLITUDES
    middles = (torch.arange(200).double() + 0.5) / 200
    amplitude = (low + (high - low) * middles)[:, None, None]
    inputs = (-5 + 10 * middles)[None, None]
    values = amplitude * torch.sin(inputs - math.pi * middles[None, :, None])
    assert values.square().mean().item() == pytest.approx(case.error_of_zero(), abs=1e-3)
    best = values.mean((0, 1))
    assert torch.allclose(best, case.best_without_task(inputs[0, 0]), atol=1e-3)
    assert (values - best).square().mean().item() == pytest.approx(case.error_without_task(), abs=1e-3)
    assert case.error_of_zero() == pytest.approx(4.25167, abs=1e-5)
    assert case.error_without_task() == pytest.approx(3.00567, abs=1e-5)


def test_many_models_are_the_network_of_each_alone():
    weights = torch.randn(2, 40 + 40 + 1600 + 40 + 40 + 1, generator=torch.Generator().manual_seed(0)).double()
    inputs = torch.linspace(-5, 5, 14).double().reshape(2, 7, 1)
    for row, outputs in enumerate(case.network(weights, inputs)):
        w1, b1, w2, b2, w3, b3 = weights[row].split([40, 40, 1600, 40, 40, 1])
        hidden = torch.relu(inputs[row] @ w1[None] + b1)
        expected = torch.relu(hidden @ w2.reshape(40, 40) + b2) @ w3[:, None] + b3
        assert torch.allclose(outputs, expected)
        assert expected.std() > 0.1


def test_the_initial_weights_lie_within_two_standard_deviations_and_biases_are_0():
    w1, b1, w2, b2, w3, b3 = case.initial(torch.Generator().manual_seed(0)).split([40, 40, 1600, 40, 40, 1])
    assert not torch.cat([b1, b2, b3]).any()
    assert 0.019 < w2.abs().max() <= 0.02
    assert w2.std().item() == pytest.approx(0.0088, abs=5e-4)
    assert min(w1.abs().max(), w3.abs().max()) > 0.01


def test_a_task_is_one_sinusoid_in_its_ranges():
    streams = [torch.Generator().manual_seed(seed) for seed in range(2)]
    inputs, outputs = (part[..., 0].double() for part in case.draw(50, 20, streams))
    assert inputs.shape == outputs.shape == (100, 20)
    assert inputs.abs().max() <= 5
    # A sin(x - phase) = a sin x + b cos x with a = A cos(phase), b = -A sin(phase) <= 0.
    both = torch.stack([inputs.sin(), inputs.cos()], 2)
    solved = torch.linalg.lstsq(both, outputs[..., None]).solution
    assert torch.allclose(both @ solved, outputs[..., None], atol=1e-4)
    amplitudes = solved[..., 0].norm(dim=1)
    assert 0.099 < amplitudes.min() < 0.6
    assert 4.5 < amplitudes.max() < 5.001
    assert solved[:, 1].max() < 1e-4
    assert solved[:, 0].min() < -3 < 3 < solved[:, 0].max()


def test_seeds_do_not_depend_on_how_many_there_are_and_each_has_its_own_tasks(monkeypatch):
    assert torch.allclose(case.learned("MAML", 2, 1)[0], case.learned("MAML", 2, 3)[0], atol=1e-6)
    assert not torch.equal(*case.learned("MAML", 0, 2))
    start = case.initial(torch.Generator().manual_seed(0))
    monkeypatch.setattr(case, "initial", lambda stream: start)
    assert not torch.allclose(*case.learned("Reptile", 2, 2), rtol=1e-3)


def test_a_start_is_measured_by_the_official_procedure(monkeypatch):
    """One task: k steps of gradient descent on its support, then the error on its query."""
    monkeypatch.setattr(case, "TEST_TASKS", 1)
    weights = torch.stack([case.initial(torch.Generator().manual_seed(seed)) for seed in range(2)]) * 30
    found = case.errors_after(weights)
    support, query = case.apart(case.draw(1, 20, [case.generator(case.CASE, "test", seed) for seed in range(2)]))
    for seed in range(2):
        moved = weights[seed : seed + 1]
        for step in range(11):
            moved = moved.detach().requires_grad_()
            squares = [
                (case.network(moved, part.inputs[seed : seed + 1]) - part.outputs[seed]).square().mean()
                for part in (support, query)
            ]
            if step in found:
                assert found[step][seed].item() == pytest.approx(squares[1].item(), rel=1e-4)
            moved = moved - 0.01 * torch.autograd.grad(squares[0], moved)[0]
    assert sorted(found) == [0, 1, 5, 10]


@pytest.mark.parametrize(
    ("errors", "expected"),
    [((0.6, 0.8, 1.2, 2.4), [0.6, 1, 1]), ((0.9, 0.8, 1.2, 1.1), [0.9, 0, 0]), ((0.6, 0.6, 0.6, 0.7), [0.6, 0, 1])],
)
def test_claims_are_the_order_of_the_errors(errors, expected):
    rows = case.claims(dict(zip(("MAML", "FOMAML", "Reptile", "pre-training"), errors, strict=True)))
    assert [row.value for row in rows] == expected


def test_what_needs_no_training_is_as_expected_and_the_case_measures_every_rule(monkeypatch):
    monkeypatch.setattr(case, "TEST_TASKS", 10)
    table = case.run({"steps": 2, "seeds": 2})
    free = table[table["quantity"] == "mean squared error"]
    assert len(free) == 4
    assert (free["value"] - free["expected"]).abs().max() < 0.05
    assert set(table["landscape"].str.removeprefix("sinusoids, ")) > set(case.RULES)
    assert len(table) == 4 + 4 * 4 * 2 + 3
