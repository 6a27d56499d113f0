"""Slopes against autograd, the best split against every other, and the steps against the authors' arithmetic."""

import itertools

import pytest
import torch
from torch.nn.functional import binary_cross_entropy_with_logits, cross_entropy

from robustpath.methods.environments import ascended, most_different, objective, slopes


def drawn(*size, seed=0):
    return torch.randn(*size, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def test_the_slope_of_two_classes_is_that_of_the_cross_entropy():
    logits, labels = 3 * drawn(40, 2), torch.arange(40) % 2
    factors = torch.ones(40, 1, dtype=torch.float64, requires_grad=True)
    cross_entropy(factors * logits, labels, reduction="sum").backward()
    losses = cross_entropy(logits, labels, reduction="none")
    torch.testing.assert_close(slopes(losses), factors.grad[:, 0])


def test_the_slope_of_more_classes_is_that_of_the_label_against_all_others():
    logits, labels = 3 * drawn(40, 5), torch.arange(40) % 5
    share = logits.softmax(1).gather(1, labels[:, None])[:, 0]
    odds = (share / (1 - share)).log()
    factors = torch.ones(40, dtype=torch.float64, requires_grad=True)
    binary_cross_entropy_with_logits(factors * odds, torch.ones(40).double(), reduction="sum").backward()
    torch.testing.assert_close(slopes(cross_entropy(logits, labels, reduction="none")), factors.grad)


def test_losses_that_are_zero_or_huge_have_slopes():
    """By hand: log-odds of 0 and -500 have slopes 0 and 500; a loss of zero has almost none, and none that is lost."""
    found = slopes(torch.tensor([0.0, 0.6931472, 500.0]))
    assert found.tolist() == pytest.approx([0.0, 0.0, 500.0], abs=1e-6)


def test_no_other_split_has_as_large_an_objective():
    """All 1,024 splits of ten examples, one of each pair of mirror images; and shares between 0 and 1."""
    for seed in range(5):
        slope = drawn(10, seed=seed) + 0.3 * seed
        best = most_different(slope)
        highest = objective(best.double(), slope)
        splits = torch.tensor(list(itertools.product([False, True], repeat=10)))
        values = objective(splits.double(), slope)
        assert highest == pytest.approx(values.max().item())
        as_high = splits[values > highest - 1e-12]
        assert len(as_high) == 2
        assert any(torch.equal(split, best) for split in as_high)
        assert (objective(torch.rand(500, 10).double(), slope) < highest).all()


def by_the_program(logits, labels, start, steps, rate):
    """The arithmetic of split_data_opt in ecreager/eiil, opt_env/utils/opt_utils.py at 2198213."""
    scale = torch.ones((), dtype=torch.float64, requires_grad=True)
    losses = binary_cross_entropy_with_logits(logits * scale, labels, reduction="none")
    weights = start.clone().requires_grad_()
    optimiser = torch.optim.Adam([weights], lr=rate)
    for _ in range(steps):
        penalties = []
        for share in (weights.sigmoid(), 1 - weights.sigmoid()):
            gradient = torch.autograd.grad((losses * share).mean(), [scale], create_graph=True)[0]
            penalties.append(gradient.square())
        optimiser.zero_grad()
        (-torch.stack(penalties).mean()).backward(retain_graph=True)
        optimiser.step()
    return weights.sigmoid().detach()


def test_the_steps_are_those_of_the_authors_program():
    logits, labels = drawn(2, 20), (torch.arange(40) % 2).double().reshape(2, 20)
    start = drawn(2, 20, seed=1)
    found = ascended(slopes(binary_cross_entropy_with_logits(logits, labels, reduction="none")), start, 60, 0.05)
    for row in range(2):
        expected = by_the_program(logits[row], labels[row], start[row], 60, 0.05)
        torch.testing.assert_close(found[row], expected, rtol=1e-6, atol=1e-9)


def test_the_steps_end_at_the_best_split_or_its_mirror_image():
    slope, start = drawn(6, 12), drawn(6, 12, seed=1)
    found = ascended(slope, start, 3000, 0.01)
    same = ((found > 0.5) == most_different(slope)).double().mean(1)
    assert set(same.tolist()) <= {0.0, 1.0}
    reached = objective(found, slope) / objective(most_different(slope).double(), slope)
    assert (reached > 0.99).all() and (reached <= 1).all()
