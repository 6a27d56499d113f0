"""BONG with a diagonal Gaussian: its program's arithmetic, and Bayes' rule where the model is conjugate."""

import pytest
import torch

from robustpath.core.types import Batch
from robustpath.engine.plan import step_passes

from .anchors import ACTIVATIONS, LOSS, PREDICT, examples, normal, start, stream
from .conftest import bound, double

SIGNS = torch.tensor([[(-1.0) ** bin(i & j).count("1") for j in range(8)] for i in range(8)], dtype=torch.float64)


def line(params, batch):
    """One parameter, and a loss whose slope is the input."""
    return (params["w"] * batch.inputs).mean()


def test_two_batches_by_hand():
    """Variance 0.5, slopes 1 and 3: P = 2 + 10 = 12, w = -4 / 12. With noise 1/6 the first batch finds the precision
    1 / (0.5 + 1/6) = 1.5 and leaves 11.5; the second, of slopes 2 and 0, finds 1 / (1 / 11.5 + 1/6) and adds 4."""
    batches = [Batch(double(slopes), torch.zeros(2)) for slopes in ([1.0, 3.0], [2.0, 0.0])]
    still = stream(bound("bong_diagonal", variance=0.5, noise=0.0), batches[:1], 1, {"w": double(0.0)}, line)
    assert still.states[0].precision["w"].item() == pytest.approx(12.0, abs=1e-12)
    assert still.params[0]["w"].item() == pytest.approx(-4 / 12, abs=1e-12)
    walk = stream(bound("bong_diagonal", variance=0.5, noise=1 / 6), batches, 1, {"w": double(0.0)}, line)
    first, second = 1.5 + 10, 1 / (1 / 11.5 + 1 / 6) + 4
    assert [state.precision["w"].item() for state in walk.states] == pytest.approx([first, second], abs=1e-12)
    assert walk.params[1]["w"].item() == pytest.approx(-4 / first - 2 / second, abs=1e-12)


def test_one_step_is_the_exact_posterior_of_a_conjugate_model():
    """Jones et al. 2024: where the model is conjugate, one step without a KL term is Bayes' rule. Linear regression
    with uncorrelated inputs; residuals of 1 and -1 at the prior mean make the empirical Fisher the true one."""
    prior, variance, inputs = normal(3, seed=1), 0.2, SIGNS[:, [1, 2, 4]]
    batch = Batch(inputs, inputs @ prior + normal(8, seed=2).sign())

    def half_square(params, batch):
        return 0.5 * (batch.inputs @ params["w"] - batch.labels).square().mean()

    precision = inputs.T @ inputs + torch.eye(3) / variance
    mean = torch.linalg.solve(precision, inputs.T @ batch.labels + prior / variance)
    method = bound("bong_diagonal", variance=variance, noise=0.0)
    course = stream(method, [batch], 2, {"w": prior}, half_square)
    assert (course.params[0]["w"] - mean).abs().max() < 1e-12
    assert (course.states[0].precision["w"] - precision.diagonal()).abs().max() < 1e-12
    assert (course.params[0]["w"] - prior).abs().max() > 0.1
    assert (course.states[1].precision["w"] - precision.diagonal()).abs().min() > 1, "a second step counts it again"


def test_a_step_counts_as_one_pass_over_the_batch():
    counted = step_passes(bound("bong_diagonal"), LOSS, start(), examples(10), PREDICT, ACTIVATIONS)
    assert counted == {1: pytest.approx(1.0)}
