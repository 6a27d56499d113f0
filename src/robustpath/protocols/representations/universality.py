"""Do two networks have the same features? Those of two sparse autoencoders, paired and compared (Lan et al. 2024).

Each feature of the second is paired with that of the first whose activations on the same examples correlate most with
its own. Then the decoder's rows of the pairs are compared, by two measures that do not change when either space is
rotated, and with the same rows paired at random.
"""

from collections.abc import Callable

import torch
from torch import Tensor

KEPT = 0.99  # share of the variance that SVCCA keeps


def pair(features_a: Tensor, features_b: Tensor) -> tuple[Tensor, Tensor]:
    """For each feature of b the feature of a with the largest Pearson correlation: index int64 [w_b] and correlation
    float64 [w_b], from features [n, w_a] and [n, w_b] on the same n examples.

    A feature that is constant correlates with nothing: one of a is never chosen, one of b has the index -1 and NaN.
    """
    a, b = _standard(features_a), _standard(features_b)
    correlations = a.mT @ b
    correlations[a.isnan().any(0)] = -torch.inf
    found = correlations.max(0)
    without = b.isnan().any(0) | found.values.isneginf()
    return torch.where(without, -1, found.indices), torch.where(without, torch.nan, found.values.clamp(-1, 1))


def svcca(a: Tensor, b: Tensor) -> float:
    """The mean canonical correlation of rows [r, d_a] and [r, d_b], of the directions that keep 99% of the variance of
    each (Raghu et al. 2017); NaN where either does not vary. It says nothing unless r is well above both dimensions:
    two random spaces of r - 1 dimensions correlate perfectly."""
    left, right = _directions(a), _directions(b)
    if not (left.shape[1] and right.shape[1]):
        return float("nan")
    return torch.linalg.svdvals(left.mT @ right).clamp(0, 1).mean().item()


def rsa(a: Tensor, b: Tensor) -> float:
    """Spearman's correlation between the cosines of all pairs of rows of [r, d_a] and of [r, d_b], each about its mean
    row (Kriegeskorte et al. 2008); NaN where all cosines of either are equal."""
    ranks = torch.stack([_ranks(_cosines(rows)) for rows in (a, b)], 1)
    left, right = _standard(ranks).unbind(1)
    return (left @ right).clamp(-1, 1).item()


def null(
    a: Tensor, b: Tensor, statistic: Callable[[Tensor, Tensor], float], shuffles: int, generator: torch.Generator
) -> Tensor:
    """The statistic of the rows of a and those of b paired at random, so many times: float64 [shuffles]."""
    orders = [torch.randperm(len(b), generator=generator).to(b.device) for _ in range(shuffles)]
    return torch.tensor([statistic(a, b[order]) for order in orders], dtype=torch.float64)


def p_value(value: float, shuffled: Tensor) -> float:
    """The share of the statistics, its own among them, that are at least `value`: 1 / 101 or more of 100 shuffles."""
    return (1 + (shuffled >= value).sum().item()) / (1 + len(shuffled))


def _standard(columns: Tensor) -> Tensor:
    """Columns about their means and of length 1, float64; NaN for one that is constant."""
    constant = (columns == columns[:1]).all(0)
    centred = columns.double() - columns.double().mean(0)
    return torch.where(constant, torch.nan, centred / centred.norm(dim=0))


def _directions(rows: Tensor) -> Tensor:
    """The scores of the rows on their first principal directions, orthonormal: float64 [r, kept]."""
    scores, values, _ = torch.linalg.svd(rows.double() - rows.double().mean(0), full_matrices=False)
    share = values.square().cumsum(0)
    needed = (share < KEPT * share[-1]).sum() + 1
    return scores[:, : int(needed) if (rows != rows[:1]).any() else 0]


def _cosines(rows: Tensor) -> Tensor:
    """The cosines above the diagonal, float64 [r (r - 1) / 2]; 0 with a row that is the mean."""
    centred = torch.nn.functional.normalize(rows.double() - rows.double().mean(0))
    above = torch.triu_indices(len(rows), len(rows), 1, device=rows.device)
    return (centred @ centred.mT)[above[0], above[1]]


def _ranks(values: Tensor) -> Tensor:
    """Ranks from 1, those of equal values their mean."""
    _, places, counts = values.unique(return_inverse=True, return_counts=True)
    return (counts.cumsum(0) - (counts - 1) / 2).double()[places]
