"""Features of two networks: rotated spaces whose answers are exact, and the slow obvious ways."""

import math

import numpy as np
import pytest
import scipy.linalg
import scipy.stats
import torch

from robustpath.protocols.representations import universality

ROWS, DIMENSIONS, SHUFFLES = 24, 6, 100


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


@pytest.fixture(scope="module")
def spaces():
    """Decoder rows of two networks with the same features: those of b are those of a, rotated."""
    stream = seeded()
    a = torch.randn(ROWS, DIMENSIONS, generator=stream)
    rotation = torch.linalg.qr(torch.randn(DIMENSIONS, DIMENSIONS, generator=stream, dtype=torch.float64)).Q
    return a, a.double() @ rotation, torch.randn(ROWS, DIMENSIONS, generator=stream)


@pytest.mark.parametrize("statistic", [universality.svcca, universality.rsa])
def test_a_rotated_space_is_the_same_and_no_random_pairing_is(spaces, statistic):
    a, rotated, other = spaces
    value = statistic(a, rotated)
    assert value == pytest.approx(1, abs=1e-6)
    shuffled = universality.null(a, rotated, statistic, SHUFFLES, seeded(1))
    assert shuffled.shape == (SHUFFLES,)
    assert universality.p_value(value, shuffled) == 1 / 101
    random = statistic(a, other)
    assert universality.p_value(random, universality.null(a, other, statistic, SHUFFLES, seeded(1))) > 0.05
    assert torch.equal(shuffled, universality.null(a, rotated, statistic, SHUFFLES, seeded(1)))


def test_the_null_pairs_the_same_rows_at_random(spaces):
    a, rotated, _ = spaces
    met = []

    def statistic(left, right):
        assert torch.equal(left, a)
        met.append(right)
        return float(len(met))

    found = universality.null(a, rotated, statistic, 3, seeded(1))
    assert found.tolist() == [1, 2, 3]
    assert all(torch.equal(own.sort(0).values, rotated.sort(0).values) for own in met)
    assert not any(torch.equal(own, rotated) for own in met)
    assert not torch.equal(met[0], met[1])


def test_a_p_value_counts_ties_and_the_statistic_itself():
    shuffled = torch.tensor([0.1, 0.5, 0.5, 0.9])
    assert universality.p_value(0.5, shuffled) == 4 / 5
    assert universality.p_value(1.0, shuffled) == 1 / 5


def test_pairing_finds_a_planted_permutation():
    stream = seeded()
    a = torch.randn(50, 12, generator=stream).relu()
    order = torch.randperm(12, generator=stream)
    index, correlation = universality.pair(a, 3 * a[:, order] + 1)
    assert torch.equal(index, order)
    assert correlation.tolist() == pytest.approx([1] * 12)
    flipped = universality.pair(a, -a[:, order])
    assert not (flipped[0] == order).any()  # the largest correlation is meant, not the largest size


def test_pairing_is_that_of_a_loop_and_leaves_constant_features_out():
    stream = seeded()
    a, b = torch.randn(30, 7, generator=stream), torch.randn(30, 5, generator=stream)
    a[:, 2], b[:, 1] = 0.1, 0.0
    index, correlation = universality.pair(a, b)
    for j in range(5):
        known = [-2.0 if i == 2 else np.corrcoef(a[:, i], b[:, j])[0, 1] for i in range(7)] if j != 1 else None
        assert index[j] == (-1 if known is None else int(np.argmax(known)))
        assert correlation[j].item() == pytest.approx(math.nan if known is None else max(known), nan_ok=True)
    index, correlation = universality.pair(torch.ones(30, 7), b)
    assert index.tolist() == [-1] * 5
    assert correlation.isnan().all()


def test_rsa_is_the_rank_correlation_of_cosines_pair_by_pair(spaces):
    a, _, b = (own.double().numpy() for own in spaces)
    a[3] = a[4]  # ties among the similarities
    cosines = []
    for rows in (a, b):
        centred = rows - rows.mean(0)
        cosines.append(
            [
                centred[i] @ centred[j] / math.sqrt((centred[i] ** 2).sum() * (centred[j] ** 2).sum())
                for i in range(ROWS)
                for j in range(i + 1, ROWS)
            ]
        )
    known = scipy.stats.spearmanr(*cosines).statistic
    assert universality.rsa(torch.tensor(a), torch.tensor(b)) == pytest.approx(known, abs=1e-12)


def test_ranks_of_ties_are_their_mean():
    values = torch.tensor([3.0, 1.0, 3.0, 2.0, 1.0, 1.0])
    assert universality._ranks(values).tolist() == scipy.stats.rankdata(values.numpy()).tolist()


def test_svcca_is_the_canonical_correlation_of_the_kept_directions(spaces):
    """Canonical correlations as the roots of the eigenvalues of Caa^-1 Cab Cbb^-1 Cba."""
    a, _, b = (own.double().numpy() for own in spaces)
    a[:, 0] *= 0.08  # less than 1% of the variance, though not of the standard deviation: left out
    kept = []
    for rows in (a, b):
        centred = rows - rows.mean(0)
        values, vectors = np.linalg.eigh(centred.T @ centred)
        share = np.cumsum(values[::-1]) / values.sum()
        kept.append(centred @ vectors[:, ::-1][:, : 1 + int((share < 0.99).sum())])
    left, right = kept
    assert left.shape[1] == 5
    assert right.shape[1] == 6
    cross = left.T @ right
    squares = scipy.linalg.eigvals(
        np.linalg.solve(left.T @ left, cross) @ np.linalg.solve(right.T @ right, cross.T)
    ).real
    known = np.sqrt(np.sort(squares)[::-1]).mean()
    assert universality.svcca(torch.tensor(a), torch.tensor(b)) == pytest.approx(known, abs=1e-10)


def test_rows_that_are_all_alike_have_no_similarity(spaces):
    a, alike = spaces[0], torch.full((ROWS, 3), 0.1)
    assert math.isnan(universality.svcca(a, alike))
    assert math.isnan(universality.rsa(a, alike))
