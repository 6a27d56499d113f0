"""Whether a run's features are those of another: the autoencoders of both on the same examples, pair by pair."""

import torch
from torch import Tensor

from robustpath.protocols.representations import universality

SHUFFLES = 1  # of each pair of runs; the null is a mean over many of them
FEWEST = 3  # pairs of features that cosines between pairs need


def compared(own: tuple[Tensor, Tensor], other: tuple[Tensor, Tensor], generator: torch.Generator) -> dict[str, float]:
    """pairing, svcca and rsa of one run with another, and by chance, `…_null`; NaN where too few features are active.

    own, other: the features [n, w] and the decoder [w, d] of each run. pairing is the mean over the run's features of
    the largest correlation with one of the other, svcca and rsa compare the rows of the decoders of these pairs
    (universality.py). By chance: the same after the other's examples, and the pairs of rows, are shuffled.
    """
    (features, rows), (others, of_other) = own, other
    found = {f"{name}{null}": float("nan") for name in ("pairing", "svcca", "rsa") for null in ("", "_null")}
    index, correlation = universality.pair(others, features)
    kept = index >= 0
    if kept.sum() < FEWEST:
        return found
    order = torch.randperm(len(features), generator=generator).to(features.device)
    by_chance = universality.pair(others[order], features)[1]
    found |= {"pairing": correlation[kept].mean().item(), "pairing_null": by_chance[kept].mean().item()}
    rows, partners = rows[kept], of_other[index[kept]]
    for name in ("svcca", "rsa"):
        statistic = getattr(universality, name)
        shuffled = universality.null(rows, partners, statistic, SHUFFLES, generator)
        found |= {name: statistic(rows, partners), f"{name}_null": shuffled.mean().item()}
    return found
