"""Fresh start, the control C4: another start of the same norms, and the same descent as after a walk."""

import pytest
import torch

from robustpath.core.parameters import dot, norm, subtract, tree_map
from robustpath.engine.plan import plan
from robustpath.methods import load
from robustpath.methods.base import Batch
from robustpath.methods.minima.fresh_start import redrawn
from robustpath.models.functional import initialise, mean_cross_entropy
from robustpath.models.mlp import mlp

from .conftest import bound, context_with

MODEL = mlp(20, [30, 30], 5)
LOSS = mean_cross_entropy(MODEL)


def normal(seed):
    generator = torch.Generator().manual_seed(seed)
    return tree_map(lambda x: torch.randn(x.shape, generator=generator), START)


START = initialise(MODEL, torch.Generator().manual_seed(0))
EXAMPLES = Batch(torch.randn(32, 20, generator=torch.Generator().manual_seed(1)), torch.arange(32) % 5)


def test_another_start_has_the_norm_of_every_tensor_and_no_memory_of_the_first():
    """C4. By the law of large numbers the cosine to the start is of the order of 1/sqrt(number of parameters)."""
    new = redrawn(START, normal(2))
    for name, tensor in START.items():
        torch.testing.assert_close(new[name].norm(), tensor.norm())
    cosine = dot(new, START) / (norm(new) * norm(START))
    assert abs(cosine) < 4 / sum(tensor.numel() for tensor in START.values()) ** 0.5
    assert norm(subtract(redrawn(START, normal(3)), new)) > norm(START)


def test_it_jumps_once_and_then_waits():
    """Every step takes one gradient on the probe, as a step of a walk; it reports the loss of the new start."""
    (share, jump), (rest, _) = bound("fresh_start").phases
    assert (share, rest, jump.needs) == (0.25, 0.75, {"noise": 1, "probe": 128})
    params, state, calls = START, jump.init(START), []

    def counted(p, batch):
        calls.append(batch)
        return LOSS(p, batch)

    for seed in (4, 5, 6):
        context = context_with(torch.tensor(0.5), normal(seed), EXAMPLES)
        params, state, info = jump.step(counted, params, state, None, context)
        assert all(torch.equal(params[name], tensor) for name, tensor in redrawn(START, normal(4)).items())
        torch.testing.assert_close(info["loss"], LOSS(params, EXAMPLES))
        torch.testing.assert_close(info["displacement"], norm(subtract(params, START)) / norm(START))
    assert [len(batch.labels) for batch in calls] == [32, 32, 32]


@pytest.mark.parametrize("budget", [100, 1000])
def test_the_descent_is_as_long_as_after_a_walk(budget):
    fresh, contour, random = (
        plan(load(name), LOSS, START, EXAMPLES, budget)
        for name in ("fresh_start", "contour_warmup", "isotropic_warmup")
    )
    assert [(stage.steps, stage.cost) for stage in fresh] == [(stage.steps, stage.cost) for stage in contour]
    assert [stage.steps for stage in fresh] == [stage.steps for stage in random]
