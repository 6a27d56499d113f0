"""A population of walks: each is the walk that it would be alone, and the one with the lowest score is kept."""

import pytest
import torch

from robustpath.core.parameters import norm, subtract, tree_map
from robustpath.engine.plan import step_cost
from robustpath.methods.base import Batch, Method
from robustpath.methods.candidates import COUNT, best_of, score

from .conftest import context_with, double
from .walks import digit_images, half_way_down_digits, normal, phase, stacked, wander, wander_on


def test_the_sharpness_of_a_quadratic():
    """E over n of the rise of L = sum h w² / 2 at w + 0.1 |w| n is 0.005 sum h w²; the hold-out's loss is added."""
    curvatures, params = torch.linspace(1, 4, 30).double(), {"w": torch.linspace(-2, 1, 30).double()}
    examples = context_with(double(0.5), probe=Batch(None, torch.tensor([0])), holdout=Batch(None, torch.tensor([1])))

    def loss(p, batch):
        return 0.5 * (curvatures * p["w"] ** 2).sum() + 7 * batch.labels[0]

    noises = {"w": torch.randn(20_000, 30, generator=torch.Generator().manual_seed(0), dtype=torch.float64)}
    value = loss(params, examples.given["probe"])
    scores = torch.vmap(lambda noise: score(loss, params, value, noise, examples))(noises)
    rise = 0.005 * (curvatures * params["w"] ** 2).sum()
    error = scores.std() / 20_000**0.5
    assert scores.mean().item() == pytest.approx((value + 7 + rise).item(), abs=3 * error.item())
    assert error < 0.04 * rise


def test_the_walks_are_those_that_each_would_be_alone_and_the_best_is_kept():
    loss, params, probe = half_way_down_digits()
    holdout = digit_images(128, 160)
    settings = {"step_length": 0.05, "persistence": 0.9, "repulsion": 0.5}
    noises = [normal(params, seed, COUNT + 1) for seed in range(8)]
    path, info, state = wander_on(
        phase("contour_population", **settings), loss, params, map(stacked, noises), probe, holdout=holdout
    )

    alone = [
        wander(phase("persistent_warmup", **settings), loss, params, [trees[k] for trees in noises], probe)
        for k in range(COUNT)
    ]
    context = context_with(double(0.5), probe=probe, holdout=holdout)
    scores = torch.zeros(COUNT, dtype=torch.float64)
    for step, trees in enumerate(noises):
        fresh = torch.stack([score(loss, p[step], i["loss"][step], trees[-1], context) for p, i in alone])
        scores = scores + (fresh - scores) / min(step + 1, 4)
        chosen = alone[scores.argmin()][0][step]
        assert norm(subtract(path[step], chosen)) < 1e-5 * norm(params)
    assert scores.max() - scores.min() > 0.01
    assert torch.allclose(state.scores, scores, rtol=1e-5)
    for key in ("loss", "accepted", "level_error", "displacement", "step_length"):
        assert torch.allclose(info[key], torch.stack([i[key] for _, i in alone]).mean(0), rtol=1e-5, atol=1e-7)


def test_the_probe_cannot_tell_the_walks_apart_but_the_score_can():
    """All candidates are level on the probe; L_holdout = 1 + v_1 with a coordinate that the probe does not see."""
    params = {"v": torch.ones(50, dtype=torch.float64)}
    holdout, probe = Batch(None, torch.tensor([1])), Batch(None, torch.tensor([0]))

    def loss(p, batch):
        return 1 + p["v"][0] * batch.labels[0]

    noises = [stacked(normal(params, seed, COUNT + 1)) for seed in range(6)]
    path, info = wander(phase("contour_population"), loss, params, noises, probe, holdout=holdout)
    assert (info["loss"] == 1).all()
    assert path[-1]["v"][0] < 0.9


def test_each_copy_counts():
    """Four times a gradient on the probe, a forward pass on it and one on the hold-out, of 32 examples each."""
    loss, params, probe = half_way_down_digits()
    batch = Batch(probe.inputs[:16], probe.labels[:16])
    method = phase("contour_population")
    assert step_cost(method, loss, params, batch) == pytest.approx(4 * (2 + 2 / 3 + 2 / 3))
    assert method.needs == {"noise": 5, "probe": 32, "holdout": 32}


def test_a_candidate_whose_score_is_not_finite_is_not_chosen():
    """The copies go to 6, 2, 3 and 5; where the loss is below 4 the hold-out's is not a number."""

    def step(loss, params, state, batch, context):
        return tree_map(torch.add, params, context.given["noise"]), state, {"loss": params["w"].sum()}

    jump = best_of(Method(lambda params: (), step))
    own = double([[5.0], [1.0], [2.0], [4.0], [0.0]])
    examples = Batch(None, torch.zeros(1)), Batch(None, torch.ones(1))
    path, _ = wander(
        jump,
        lambda p, b: torch.where((p["w"].sum() < 4) & (b.labels[0] > 0), torch.nan, p["w"].sum()),
        {"w": double([1.0])},
        [{"w": own}],
        examples[0],
        holdout=examples[1],
    )
    assert path[0]["w"].item() == 5.0
