"""Norms, margins and the measures made of them, by hand."""

import pytest
import torch

from robustpath.protocols.supervised.measures import norms
from robustpath.protocols.supervised.measures.stacked import logits

from .conftest import linear, networks, normal

TWO_LAYERS = [[1, 2], [3, 4]], [[5, 6]]


def rescaled(params, layer, following, factors):
    """Unit j of `layer` grows by factors[j] and its outgoing weights shrink by as much: the same function."""
    factors = torch.tensor(factors, dtype=torch.float64)
    return params | {
        f"{layer}.weight": params[f"{layer}.weight"] * factors[:, None],
        f"{layer}.bias": params[f"{layer}.bias"] * factors,
        f"{following}.weight": params[f"{following}.weight"] / factors,
    }


def test_the_path_norm_of_two_layers():
    """By hand: 5² (1² + 2²) + 6² (3² + 4²) = 1025."""
    assert norms.path_norm(linear(*TWO_LAYERS)).item() ** 2 == pytest.approx(1025, abs=1e-9)


def test_the_path_norm_does_not_change_with_the_scales_of_the_units():
    """Neyshabur et al. 2015, sec. 3; the product of the layers' squared norms goes from 30 * 61 to 3944.0625."""
    before, after = linear(*TWO_LAYERS), rescaled(linear(*TWO_LAYERS), 1, 3, [2.0, 0.5])
    assert norms.path_norm(after).item() ** 2 == pytest.approx(1025, abs=1e-9)
    products = [p["1.weight"].square().sum().item() * p["3.weight"].square().sum().item() for p in (before, after)]
    assert products == pytest.approx([1830, 3944.0625])
    deep = networks(4, 3, 3, 2, members=2)
    scaled = rescaled(rescaled(deep, 1, 3, [2.0, 0.5, 3.0]), 3, 5, [0.1, 4.0, 1.5])
    assert torch.allclose(logits(deep, normal(5, 4)), logits(scaled, normal(5, 4)))
    assert torch.allclose(norms.path_norm(deep), norms.path_norm(scaled), rtol=1e-12)


def test_paths_begin_at_biases_too():
    """By hand: inputs 5² * 1, biases 5² * 2² and 3²."""
    params = linear([[1]], [[5]])
    params["1.bias"], params["3.bias"] = torch.tensor([[2.0]]).double(), torch.tensor([[3.0]]).double()
    assert norms.path_norm(params).item() ** 2 == pytest.approx(25 + 100 + 9, abs=1e-9)


def test_paths_to_every_output_count():
    """By hand: 2² (1² + 3²) to the first output, 2² 4² to the second through one unit and 5² 1² through the other."""
    params = linear([[1, 3], [0, 5]], [[2, 0], [4, 1]])
    assert norms.path_norm(params).item() ** 2 == pytest.approx(40 + 160 + 25, abs=1e-9)


def test_spectral_norms_are_the_largest_singular_values():
    params = networks(9, 4, 6, 3, members=3)
    expected = torch.stack([torch.linalg.matrix_norm(params[f"{n}.weight"], 2) for n in (1, 3, 5)], 1)
    assert torch.allclose(norms.spectral_norms(params), expected, rtol=1e-12)
    assert torch.allclose(norms.spectral_product(params), expected.prod(1), rtol=1e-12)


def test_norm_and_distance_count_weights_and_no_biases():
    """By hand: weights 3 and 4 that come from 0, a bias of 12 that comes from 0 as well."""
    params, start = linear([[3, 0]], [[4]]), linear([[0, 0]], [[0]])
    params["1.bias"] = torch.tensor([[12.0]]).double()
    assert norms.frobenius_norm(params).item() == pytest.approx(5)
    assert norms.distance(params, start).item() == pytest.approx(5)
    assert norms.distance(params, params).item() == 0


@pytest.mark.parametrize(("count", "expected"), [(100, 9), (11, 0), (20, 1), (5, 0)])
def test_the_margin_is_the_tenth_smallest_of_a_hundred(count, expected):
    """Margins 0, 1, …, in a random order; with the other label they are turned: 9 from the upper end."""
    values = torch.randperm(count, generator=torch.Generator().manual_seed(0)).double()
    five = torch.full((count,), 5.0).double()
    logits = torch.stack([values + 5, five, five - 6], 1)[None]
    labels = torch.zeros(1, count, dtype=torch.long)
    assert norms.margin(logits, labels).item() == expected
    assert norms.margin(logits, labels + 1).item() == expected - count + 1


def test_a_margin_that_is_not_finite_is_not_a_number():
    logits = torch.tensor([[[1.0, 0.0], [torch.nan, 0.0]]])
    assert norms.margin(logits, torch.zeros(1, 2, dtype=torch.long)).isnan().all()


def test_the_spectral_bound_by_hand():
    """Jiang et al. 2019, eq. 29: |W|_2 = 3 and 2, |W - W_0|_F² = 4 + 1 and 1, margin ½, 10 examples."""
    params, start = linear([[3, 0], [0, 1]], [[0, 2]]), linear([[1, 0], [0, 0]], [[0, 1]])
    squared = 9 * 4 * (5 / 9 + 1 / 4) / 0.25
    found = norms.spectral_bound(params, start, torch.tensor([0.5]).double(), 10)
    assert found.item() == pytest.approx((squared / 10) ** 0.5)


def test_a_network_that_is_not_finite_leaves_the_others():
    params = networks(4, 3, 2, members=2)
    expected = norms.spectral_product(params)
    params["1.weight"][0, 0, 0] = torch.inf
    found = norms.spectral_product(params)
    assert found[0].isnan() and found[1] == expected[1]
