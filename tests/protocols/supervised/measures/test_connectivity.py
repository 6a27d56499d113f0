"""Barriers that are known, and matching that undoes a permutation."""

from itertools import permutations

import pytest
import torch

from robustpath.protocols.supervised.measures import connectivity
from robustpath.protocols.supervised.measures.stacked import flatten, logits, mean_cross_entropy

from .conftest import networks, normal, permuted


def test_the_barrier_of_a_double_well():
    """L = (x² - 1)² between its minima -1 and 1 rises to 1 at 0, the middle of eleven points."""
    ends = torch.tensor([[-1.0]]).double(), torch.tensor([[1.0]]).double()
    assert connectivity.barrier(lambda x: (x.square().sum(1) - 1) ** 2, *ends).item() == pytest.approx(1, abs=1e-12)


def test_the_barrier_is_measured_from_the_line_between_the_ends():
    """L = x² + x⁴ ends at 0 and 2 with 0 and 20 and stays below the line; L = -x² is above it by at most 1."""
    ends = torch.tensor([[0.0]]).double(), torch.tensor([[2.0]]).double()
    assert connectivity.barrier(lambda x: (x**2 + x**4).sum(1), *ends).item() == 0
    assert connectivity.barrier(lambda x: -x.square().sum(1), *ends).item() == pytest.approx(1, abs=1e-12)


def test_identical_networks_have_no_barrier(trained):
    assert connectivity.barrier(trained.losses, trained.points, trained.points).abs().max() < 1e-12


def test_matching_undoes_a_permutation(trained):
    other = permuted(trained.params, seed=5)
    assert torch.allclose(logits(other, trained.inputs), logits(trained.params, trained.inputs))
    raw = connectivity.barrier(trained.losses, flatten(other), trained.points)
    assert raw.min() > 0.05
    matched = connectivity.matched(other, trained.params)
    assert torch.equal(flatten(matched), trained.points)
    assert connectivity.barrier(trained.losses, flatten(matched), trained.points).abs().max() < 1e-12


@pytest.mark.parametrize("widths", [(6, 8, 3), (6, 9, 8, 7, 3)])
def test_matching_brings_other_networks_nearer_and_keeps_their_function(widths):
    params, reference = networks(*widths, members=5), networks(*widths, members=10)
    reference = {name: tensor[5:] for name, tensor in reference.items()}
    matched = connectivity.matched(params, reference)
    inputs = normal(20, 6)
    assert torch.allclose(logits(matched, inputs), logits(params, inputs))
    apart, nearer = ((flatten(p) - flatten(reference)).norm(dim=1) for p in (params, matched))
    assert (nearer < apart).all()


def test_with_one_hidden_layer_matching_is_the_best_of_all_orders():
    params, reference = networks(3, 5, 2, members=2), networks(3, 5, 2, members=4)
    reference = {name: tensor[2:] for name, tensor in reference.items()}
    found = (flatten(connectivity.matched(params, reference)) - flatten(reference)).norm(dim=1)
    orders = [list(order) for order in permutations(range(5))]
    each = []
    for order in orders:
        moved = params | {name: params[name][:, order] for name in ("1.weight", "1.bias")}
        moved["3.weight"] = params["3.weight"][:, :, order]
        each.append((flatten(moved) - flatten(reference)).norm(dim=1))
    assert torch.allclose(found, torch.stack(each).amin(0), rtol=1e-12)


def test_the_barrier_of_single_precision_networks_is_theirs():
    params, reference = networks(6, 8, 3, members=2), permuted(networks(6, 8, 3, members=2), seed=1)
    labels = torch.randint(3, (2, 30), generator=torch.Generator().manual_seed(0))
    found = []
    for dtype in (torch.float64, torch.float32):
        one, other = ({name: tensor.to(dtype) for name, tensor in p.items()} for p in (params, reference))
        losses = mean_cross_entropy(one, normal(30, 6).to(dtype), labels)
        found.append(connectivity.barrier(losses, flatten(one), flatten(other)).double())
    assert torch.allclose(*found, rtol=0, atol=1e-6)
