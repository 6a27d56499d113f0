"""Curvature-aware replay in its diagonal form: by hand, and as Newton's step where the empirical Fisher is true."""

import pytest
import torch

from robustpath.core.types import Batch
from robustpath.engine.plan import step_passes
from robustpath.methods.base import Context

from .anchors import ACTIVATIONS, LOSS, PREDICT, examples, normal, start, stream
from .conftest import bound, double


def slopes(*values):
    return Batch(double(values), torch.zeros(len(values)))


def line(params, batch):
    """One parameter, and a loss whose slope is the input."""
    return (params["w"] * batch.inputs).mean()


def test_two_steps_by_hand():
    """Slopes 1 and 3 of the batch, 2 of the memory: F = 5 and 4. Stability 1, damping 2: curvature 5 + 2 * 4 = 13, so
    w = -0.1 (2 + 2) / 15. Then slopes 1 and 1 with 0: curvature now 1, the average with rate 0.5 is 7, the move is
    -0.1 (1 + 0) / 9."""
    method = bound("ocar", stability=1.0, damping=2.0, rate=0.5, learning_rate=0.1)
    params = {"w": double(0.0)}
    state = method.init(params)
    for batch, memory, curvature, move in (
        (slopes(1.0, 3.0), slopes(2.0), 13.0, -0.4 / 15),
        (slopes(1.0, 1.0), slopes(0.0), 7.0, -0.1 / 9),
    ):
        before = params
        context = Context(double(0.5), {"replay": memory})
        params, state, _ = method.step(line, before, state, batch, context)
        assert state.curvature["w"].item() == pytest.approx(curvature, abs=1e-12)
        assert (params["w"] - before["w"]).item() == pytest.approx(move, abs=1e-12)


def test_where_the_fisher_is_true_a_step_reaches_the_joint_solution():
    """Linear regression with uncorrelated inputs and residuals of 1 and -1 at the start: the empirical Fisher is the
    Hessian and diagonal. With rate 1, and neither stability nor damping, it is Newton's step on both batches."""
    signs = torch.tensor([[(-1.0) ** bin(i & j).count("1") for j in range(8)] for i in range(8)], dtype=torch.float64)
    begin, batches = normal(3, seed=1), []
    for columns, residual in (
        ((1, 2, 4), signs[:, 0] * normal(8, seed=2).sign()),
        ((3, 5, 6), normal(8, seed=3).sign()),
    ):
        inputs = signs[:, list(columns)]
        batches.append(Batch(inputs, inputs @ begin + residual))

    def half_square(params, batch):
        return 0.5 * (batch.inputs @ params["w"] - batch.labels).square().mean()

    method = bound("ocar", stability=0.0, damping=0.0, rate=1.0, learning_rate=1.0)
    found = stream(method, batches[:1], 1, {"w": begin}, half_square, {"replay": batches[1]}).params[0]["w"]
    inputs, labels = (torch.cat(parts) for parts in list(zip(*batches, strict=True))[:2])
    joint = torch.linalg.lstsq(inputs, labels[:, None]).solution[:, 0]
    assert (found - joint).abs().max() < 1e-10
    assert (begin - joint).abs().max() > 0.1


def test_stability_slows_what_the_memory_sees_alone():
    """Two parameters, the memory sees the first: a large stability stops it, and leaves the second as it was."""

    def lines(params, batch):
        return (batch.inputs @ params["w"]).mean()

    batch, memory = Batch(double([[1.0, 1.0]]), torch.zeros(1)), Batch(double([[1.0, 0.0]]), torch.zeros(1))
    moves = []
    for stability in (0.0, 1e6):
        method = bound("ocar", stability=stability, damping=0.1, rate=1.0)
        course = stream(method, [batch], 1, {"w": double([0.0, 0.0])}, lines, {"replay": memory})
        moves.append(course.params[0]["w"].abs())
    assert moves[1][0] < 1e-5 * moves[0][0]
    assert moves[1][1] == moves[0][1] > 0.05


def test_each_example_counts_once():
    """10 of the batch and 20 of the memory: gradients and Fishers come from the same passes."""
    assert step_passes(bound("ocar"), LOSS, start(), examples(10), PREDICT, ACTIVATIONS) == {1: pytest.approx(3.0)}
