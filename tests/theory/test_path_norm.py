"""Neyshabur et al.: what rescaling of the units changes, and what it does not."""

import pytest
import torch

from robustpath.theory import path_norm as case

WEIGHTS = [torch.tensor([[1.0, 2.0], [3.0, 4.0]]).double(), torch.tensor([[5.0, 6.0]]).double()]


def test_the_path_norm_by_hand():
    """5²(1² + 2²) + 6²(3² + 4²) = 1025; the product of squared Frobenius norms is 30 * 61 = 1830."""
    rescaled = case.rescale(WEIGHTS, [torch.tensor([2.0, 0.5]).double()])
    assert case.path_norm(WEIGHTS).item() == pytest.approx(1025)
    assert case.path_norm(rescaled).item() == pytest.approx(1025)
    assert case.frobenius(WEIGHTS).item() == pytest.approx(1830)
    assert case.frobenius(rescaled).item() == pytest.approx(3944.0625)


def test_the_scale_of_a_weight_is_what_its_paths_carry_beside_it():
    first, last = case.path_scales(WEIGHTS)
    assert first.tolist() == [[25.0, 25.0], [36.0, 36.0]]
    assert last.tolist() == [[5.0, 25.0]]


@pytest.fixture
def problem():
    generator = torch.Generator().manual_seed(3)

    def normal(*shape):
        return torch.randn(shape, generator=generator, dtype=torch.float64)

    weights = [normal(8, 5) / 5**0.5, normal(6, 8) / 8**0.5, normal(3, 6) / 6**0.5]
    return weights, [normal(8).exp(), normal(6).exp()], normal(20, 5), normal(20, 3)


def test_path_sgd_takes_the_same_way_from_a_rescaled_start_and_plain_descent_does_not(problem):
    weights, factors, inputs, targets = problem
    other = case.rescale(weights, factors)
    assert torch.allclose(case.outputs(weights, inputs), case.outputs(other, inputs), atol=1e-12)
    gaps = {}
    for by_path in (True, False):
        one, two = (case.trajectory(start, inputs, targets, 60, by_path) for start in (weights, other))
        gaps[by_path] = (one - two).abs().amax((1, 2))
        errors = (one - targets).square().mean((1, 2))
        assert errors[-1] < 0.9 * errors[0], "it must have moved"
    assert gaps[True].max() < 1e-10
    assert gaps[False].min() > 1e-3


def test_every_row_of_the_case_is_as_expected():
    table = case.run({"steps": 30, "scale": 1.0, "seeds": 2})
    known = table[table["expected"].notna()]
    assert set(known["quantity"]) == {"ratio of path norms", "largest gap of outputs", "gap above 0.001"}
    assert (known["value"] - known["expected"]).abs().max() < 1e-10
    others = table[table["expected"].isna()]
    assert (others["value"] > 0.1).all()


def test_a_descent_that_leaves_all_bounds_is_apart_from_one_that_does_not():
    rows = case.run({"scale": 10.0, "steps": 10, "seeds": 3}).set_index("quantity")["value"]
    assert not rows.isna().any()
    assert (rows[f"gap above {case.DIFFERENT:g}"] == 1).all()
