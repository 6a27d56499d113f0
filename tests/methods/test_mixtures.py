"""The mixture of two normal distributions against scikit-learn's, with the settings of PuriDivER."""

import pytest
import torch
from sklearn.mixture import GaussianMixture

from robustpath.methods.mixtures import fit, in_first


def numbers(*parts, seed=0):
    """So many normal numbers about a mean with a spread, of each part."""
    generator = torch.Generator().manual_seed(seed)
    return torch.cat([mean + spread * torch.randn(n, generator=generator).double() for n, mean, spread in parts])


CASES = {
    "apart": numbers((40, 0.1, 0.05), (20, 0.8, 0.1)),
    "overlapping": numbers((60, 0.2, 0.15), (40, 0.6, 0.2), seed=1),
    "one cloud": numbers((50, 0.4, 0.1), seed=2),
    "few": numbers((4, 0.1, 0.05), (3, 0.9, 0.05), seed=3),
    "more of the large": numbers((10, 0.1, 0.02), (80, 0.7, 0.1), seed=4),
}


def sklearn(values):
    """(shares, means, variances, probability of the smaller) by scikit-learn."""
    found = GaussianMixture(2, max_iter=10, tol=1e-2, reg_covar=5e-4, random_state=0).fit(values[:, None].numpy())
    order = found.means_[:, 0].argsort()
    parts = found.weights_[order], found.means_[order, 0], found.covariances_[order, 0, 0]
    return [*map(torch.from_numpy, parts), torch.from_numpy(found.predict_proba(values[:, None].numpy())[:, order[0]])]


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.parametrize("case", CASES)
def test_parts_and_probabilities_are_those_of_scikit_learn(case):
    values = CASES[case]
    mixture = fit(values, torch.ones_like(values))
    ours = [*mixture, in_first(mixture, values)]
    for part, theirs in zip(ours, sklearn(values), strict=True):
        torch.testing.assert_close(part, theirs, rtol=0, atol=1e-9)


def test_what_does_not_count_changes_nothing():
    values = CASES["overlapping"]
    more = torch.cat([values, numbers((30, 5.0, 3.0))])
    counts = torch.cat([torch.ones_like(values), torch.zeros(30, dtype=torch.float64)])
    order = torch.randperm(len(more), generator=torch.Generator().manual_seed(0))
    for part, other in zip(fit(more[order], counts[order]), fit(values, torch.ones_like(values)), strict=True):
        torch.testing.assert_close(part, other, rtol=0, atol=1e-12)


@pytest.mark.parametrize("counted", [0, 1, 2, 20])
def test_vectorised_it_is_finite_where_there_is_little_to_fit(counted):
    """No value, one, two, and values that are all the same beside others."""
    values = torch.stack([torch.linspace(0, 1, 20), torch.full((20,), 0.3)])
    counts = (torch.arange(20) < counted).float().expand(2, 20)
    found = torch.vmap(fit)(values, counts)
    assert all(part.isfinite().all() for part in found) or counted == 0
    assert counted == 0 or torch.vmap(in_first)(found, values).isfinite().all()
