"""Random starts in place of walks: their norms, the choice among them, and a cost that is that of the population."""

import pytest
import torch

from robustpath.engine.plan import step_cost
from robustpath.methods.base import Batch
from robustpath.methods.candidates import COUNT, score

from .conftest import context_with, double
from .walks import digit_images, half_way_down_digits, normal, phase, stacked, wander, wander_on


def test_the_best_of_four_starts_of_the_same_norm_is_kept():
    """By hand: of the four |w| n / |n|, the one whose first number, the hold-out's loss, is the lowest."""
    params = {"a": torch.full((3,), 2.0).double(), "b": torch.ones(2, 2).double()}
    noises = [normal(params, seed, COUNT + 1) for seed in range(5)]
    holdout, probe = Batch(None, torch.tensor([1])), Batch(None, torch.tensor([0]))
    path, info = wander(
        phase("restarts"),
        lambda p, b: 1 + p["a"][0] * b.labels[0],
        params,
        map(stacked, noises),
        probe,
        holdout=holdout,
    )
    starts = [{key: n * params[key].norm() / n.norm() for key, n in tree.items()} for tree in noises[0][:COUNT]]
    best = min(starts, key=lambda start: start["a"][0])
    for reached in path:
        assert all(torch.allclose(reached[key], best[key], rtol=1e-12) for key in params)
        assert all(reached[key].norm().item() == pytest.approx(params[key].norm().item()) for key in params)
    assert "level_error" not in info


def test_a_step_costs_what_a_step_of_the_population_costs():
    loss, params, probe = half_way_down_digits()
    batch = Batch(probe.inputs[:16], probe.labels[:16])
    costs = [step_cost(phase(name), loss, params, batch) for name in ("restarts", "contour_population")]
    assert costs[0] == costs[1] > 0


def test_the_score_is_that_of_the_population_over_more_noise_at_every_step():
    loss, params, probe = half_way_down_digits()
    holdout = digit_images(128, 160)
    noises = [normal(params, seed, COUNT + 1) for seed in range(4)]
    _, _, state = wander_on(phase("restarts"), loss, params, map(stacked, noises), probe, holdout=holdout)
    starts = [{key: n * params[key].norm() / n.norm() for key, n in tree.items()} for tree in noises[0][:COUNT]]
    context = context_with(double(0.5), probe=probe, holdout=holdout)
    for k, start in enumerate(starts):
        scores = [score(loss, start, loss(start, probe), trees[-1], context) for trees in noises]
        assert state.scores[k].item() == pytest.approx(torch.stack(scores).mean().item(), rel=1e-6)
