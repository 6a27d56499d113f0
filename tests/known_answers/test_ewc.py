"""EWC on linear regression, where a full Fisher makes it exact and a diagonal one does not; and its Fisher by hand."""

import pytest
import torch

from robustpath.core.parameters import tree_map
from robustpath.core.types import Batch
from robustpath.engine.plan import step_passes
from robustpath.methods.base import grad
from robustpath.methods.fisher import gradients_and_losses, mean_square

from .anchors import ACTIVATIONS, LOSS, PREDICT, apart, examples, normal, same, start, stream
from .conftest import bound, double

SIGNS = torch.tensor([[(-1.0) ** bin(i & j).count("1") for j in range(8)] for i in range(8)], dtype=torch.float64)
WEIGHTS = double([1.0, -2.0, 0.5])


def half_square(params, batch):
    return 0.5 * (batch.inputs @ params["w"] - batch.labels).square().mean()


def task(inputs, weights=WEIGHTS):
    """Targets whose least-squares solution is `weights`, with residuals of 1 and -1: so the empirical Fisher of
    ½ (x w - y)² is the true one, the mean of x x'."""
    return Batch(inputs, inputs @ weights + SIGNS[:, 7])


def joint(*batches):
    """The least-squares solution of several batches of one size together."""
    inputs, targets = (torch.cat(parts) for parts in list(zip(*batches, strict=True))[:2])
    return torch.linalg.lstsq(inputs, targets[:, None]).solution[:, 0]


def full(batches):
    """The recursion with full Fishers, solved exactly: min L_t + ½ (w - a)' F (w - a), a <- w, F <- F + F_t."""
    anchor, fisher = torch.zeros(3).double(), torch.zeros(3, 3).double()
    for inputs, targets, _ in batches:
        own = inputs.T @ inputs / len(inputs)
        anchor = torch.linalg.solve(own + fisher, inputs.T @ targets / len(inputs) + fisher @ anchor)
        fisher = fisher + own
    return anchor


def learnt(*batches, name="ewc", steps=250, **values):
    """The weights after so many steps on each batch, at a rate that converges."""
    method = bound(name, **({"strength": 1.0, "learning_rate": 0.4} | values))
    return stream(method, batches, steps, {"w": torch.zeros(3).double()}, half_square).params[-1]["w"]


UNCORRELATED = SIGNS[:, 1:4]
CORRELATED = UNCORRELATED @ double([[1.0, 0.6, 0.0], [0.0, 0.8, 0.5], [0.0, 0.0, 0.9]])
LATER = Batch(normal(8, 3, seed=1), normal(8, seed=2))


def test_with_full_fishers_the_last_solution_is_that_of_all_tasks_together():
    """Kirkpatrick et al. 2017 and Huszár 2018 on a linear-Gaussian model: one anchor and the sum of the Fishers are
    the exact posterior. Four tasks."""
    batches = [task(CORRELATED), LATER, Batch(normal(8, 3, seed=3), normal(8, seed=4)), task(UNCORRELATED, -WEIGHTS)]
    assert (full(batches) - joint(*batches)).abs().max() < 1e-10


def test_a_diagonal_fisher_is_exact_for_uncorrelated_inputs():
    first = task(UNCORRELATED)
    assert (learnt(first, LATER) - joint(first, LATER)).abs().max() < 1e-8
    assert (learnt(LATER) - joint(first, LATER)).abs().max() > 0.1


def test_a_diagonal_fisher_misses_by_a_tenth_for_correlated_inputs():
    first = task(CORRELATED)
    assert (learnt(first) - WEIGHTS).abs().max() < 1e-5
    assert (full([first, LATER]) - joint(first, LATER)).abs().max() < 1e-10
    assert (learnt(first, LATER) - joint(first, LATER)).abs().max() > 0.1


def test_the_fisher_is_that_of_single_examples():
    """By a loop over examples; the square of the batch's gradient is another number."""
    params, batch = start(), examples(10)
    single = [grad(LOSS)(params, Batch(x[None], y[None])) for x, y in zip(batch.inputs, batch.labels, strict=True)]
    found, losses = gradients_and_losses(LOSS, params, batch)
    assert losses.mean().item() == pytest.approx(LOSS(params, batch).item())
    for number, one in enumerate(single):
        assert apart(tree_map(lambda g, n=number: g[n], found), one) < 1e-14
    squares = {name: torch.stack([one[name] for one in single]).square().mean(0) for name in params}
    assert apart(mean_square(found), squares) < 1e-14
    assert apart(tree_map(torch.square, grad(LOSS)(params, batch)), squares) > 1e-3


def test_fishers_add_up_and_the_anchor_is_the_latest():
    batches = [examples(10, seed) for seed in range(3)]
    course = stream(bound("ewc"), batches, 2)
    fishers = [
        mean_square(gradients_and_losses(LOSS, course.params[at], batch)[0])
        for at, batch in zip((1, 3, 5), batches, strict=True)
    ]
    assert apart(course.states[-1].fisher, tree_map(lambda *parts: sum(parts), *fishers)) < 1e-14
    assert same(course.states[-1].anchor, course.params[-1])
    assert same(course.states[4].anchor, course.params[3]), "it stands while a batch stays"


def test_the_first_batch_is_learnt_as_without():
    """There is no Fisher yet; after it there is."""
    batches = [examples(10, seed) for seed in range(2)]
    plain, ours = (stream(bound(name), batches, 3) for name in ("online_sgd", "ewc"))
    assert same(plain.params[2], ours.params[2])
    assert not same(plain.params[5], ours.params[5])


@pytest.mark.parametrize("name", ["ewc", "online_ewc"])
def test_single_gradients_count_as_one_pass_over_the_batch(name):
    counted = step_passes(bound(name), LOSS, start(), examples(10), PREDICT, ACTIVATIONS)
    assert counted == {1: pytest.approx(2.0)}
