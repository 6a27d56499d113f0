"""A-GEM: the projection, and the step along it."""

import pytest
import torch

from robustpath.core.parameters import dot, norm, subtract
from robustpath.methods.base import grad
from robustpath.methods.batches.a_gem import projected

from .conftest import bound, double
from .streams import Visit, close, descended, live, loss, random_batch, start


def random_pair(seed):
    generator = torch.Generator().manual_seed(seed)
    return [{k: torch.randn(n, generator=generator, dtype=torch.float64) for k, n in SIZES.items()} for _ in range(2)]


SIZES = {"a": 3, "b": 4}


def test_by_hand():
    """aimagelab/mammoth@0d727a7, models/agem.py: g = (1, 0), r = (-1, 1): g·r = -1, r·r = 2, and g + r / 2 remains."""
    found = projected({"a": double([1.0]), "b": double([0.0])}, {"a": double([-1.0]), "b": double([1.0])})
    assert (found["a"].item(), found["b"].item()) == (0.5, 0.5)


@pytest.mark.parametrize("seed", range(8))
def test_it_is_a_projection(seed):
    """Onto the half space of the directions that do not raise the loss on replay: orthogonal to r where it changes
    anything, never longer, and unchanged by a second projection."""
    g, r = random_pair(seed)
    found = projected(g, r)
    if dot(g, r) < 0:
        assert abs(dot(found, r)) < 1e-10
        assert norm(found) < norm(g)
    else:
        assert all(torch.equal(found[name], g[name]) for name in g)
    assert close(projected(found, r), found)
    assert norm(found) <= norm(g)


def test_both_cases_occur():
    assert {bool(dot(*random_pair(seed)) < 0) for seed in range(8)} == {True, False}


def test_without_a_gradient_on_replay_nothing_changes():
    g, r = random_pair(0)
    found = projected(g, {name: torch.zeros_like(tensor) for name, tensor in r.items()})
    assert all(torch.equal(found[name], g[name]) for name in g)


@pytest.mark.parametrize("seed", range(6))
def test_a_step_goes_along_the_projection(seed):
    """Of the rate's length; and where the two gradients agree it is the step of SGD."""
    params, new, replay = start(), random_batch(seed, [0, 1]), random_batch(100 + seed, [2, 3])
    trace = live(bound("a_gem", learning_rate=0.1), params, [Visit(new, [{"replay": replay}])])
    reference = grad(loss)(params, replay)
    moved = subtract(trace.params[0], params)
    conflict = dot(grad(loss)(params, new), reference) < 0
    assert trace.infos[0]["projected"] == float(conflict)
    assert torch.equal(trace.infos[0]["loss"], loss(params, new))
    if conflict:
        assert abs(dot(moved, reference)) < 1e-12 < norm(moved)
    else:
        assert close(trace.params[0], descended(params, lambda p: loss(p, new), 0.1))


def test_steps_of_both_kinds_occur():
    pairs = [(random_batch(seed, [0, 1]), random_batch(100 + seed, [2, 3])) for seed in range(6)]
    gradients = [[grad(loss)(start(), each) for each in pair] for pair in pairs]
    assert {bool(dot(*pair) < 0) for pair in gradients} == {True, False}
