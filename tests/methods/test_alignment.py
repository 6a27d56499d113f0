"""The Procrustes distance by products alone, against the one from a singular value decomposition."""

import pytest
import torch

from robustpath.methods import alignment, distances
from robustpath.methods.base import grad


def normal(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def ill():
    """Singular values of the features over two powers of ten, so that those of their product go over four."""
    return torch.logspace(0, -2, 12, dtype=torch.float64)


REPEATED = normal(2, 12, seed=4).repeat(4, 1)  # of a memory of two examples, each is replayed four times
FEATURES = {
    "more features than examples": (normal(8, 12), normal(8, 12, seed=1)),
    "more examples than features": (normal(20, 6), normal(20, 6, seed=1)),
    "near the anchor": (normal(8, 12) + 1e-3 * normal(8, 12, seed=1), normal(8, 12)),
    "an ill-conditioned anchor": (normal(8, 12, seed=1), normal(8, 12) * ill()),
    "features that are 0 in both": tuple(h * (torch.arange(12) > 3) for h in (normal(8, 12), normal(8, 12, seed=1))),
    "repeated examples": (REPEATED @ normal(12, 12, seed=5), REPEATED),
}


@pytest.mark.parametrize("case", FEATURES)
def test_value_and_gradient_are_those_of_the_decomposition(case):
    current, anchor = FEATURES[case]
    expected = distances.procrustes(current, anchor)
    torch.testing.assert_close(alignment.procrustes(current, anchor), expected, rtol=1e-6, atol=1e-9)
    slope = grad(alignment.procrustes)(current, anchor)
    torch.testing.assert_close(slope, grad(distances.procrustes)(current, anchor), rtol=0, atol=1e-6)


@pytest.mark.parametrize("case", FEATURES)
def test_the_gradient_is_that_of_finite_differences(case):
    """Along a linear map of the features, under which repeated examples stay so."""
    current, anchor = FEATURES[case]
    direction = current @ normal(current.shape[1], current.shape[1], seed=8)
    ends = [distances.procrustes(current + by * direction, anchor) for by in (1e-5, -1e-5)]
    slope = (grad(alignment.procrustes)(current, anchor) * direction).sum()
    assert slope.item() == pytest.approx(((ends[0] - ends[1]) / 2e-5).item(), rel=1e-4, abs=1e-8)


def test_it_does_not_see_turned_or_moved_features():
    turned = normal(8, 12) @ torch.linalg.qr(normal(12, 12, seed=1))[0] + normal(12, seed=2)
    assert abs(alignment.procrustes(turned, normal(8, 12))) < 1e-9
    assert alignment.procrustes(2 * turned, normal(8, 12)).item() == pytest.approx(1.0)


@pytest.mark.parametrize("dead", ["none", "current", "anchor", "both"])
def test_vectorised_in_single_precision_it_is_finite(dead):
    """Also where a set of features has a lower rank, or is 0 everywhere."""
    current, anchor = (normal(3, 20, 32, seed=seed).float().relu() for seed in (0, 1))
    current[1, :, :30], anchor[2, 4:] = 0, 0
    current = current * (dead not in ("current", "both"))
    anchor = anchor * (dead not in ("anchor", "both"))
    together = torch.vmap(alignment.procrustes)(current, anchor)
    torch.testing.assert_close(
        together, torch.stack([distances.procrustes(a, b) for a, b in zip(current, anchor, strict=True)])
    )
    assert torch.vmap(grad(alignment.procrustes))(current, anchor).isfinite().all()
