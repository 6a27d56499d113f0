"""Which known factors, the label and the attribute, each unit of a layer responds to.

A factor is a value of one of these variables, against all its other values. The two values of a variable that has no
others are one factor.
"""

from typing import NamedTuple

import torch
from torch import Tensor

LOW, HIGH = 0.2, 0.8  # areas under the curve beyond which a unit responds to a factor
ROUNDING = 1e-9  # of a unit's mean activation: an excess that is left of equal means


class Factors(NamedTuple):
    """values: which examples have which value of a variable, float64 [n, V] of 0 and 1; own [F]: the columns that are
    factors of their own."""

    values: Tensor
    own: Tensor

    @property
    def tested(self) -> Tensor:
        """Which examples have which factor: float64 [n, F]."""
        return self.values[:, self.own]


def known(labels: Tensor, attribute: Tensor | None) -> Factors:
    """The factors of examples from their labels [n] and, where they have one, their attribute [n].

    A variable of which they have one value alone gives none.
    """
    columns, own = [], []
    for variable in (labels,) if attribute is None else (labels, attribute):
        values = variable.unique()
        if len(values) > 1:
            own += range(len(columns) + (len(values) == 2), len(columns) + len(values))
            columns += [(variable == value).double() for value in values]
    both = torch.stack(columns, 1) if columns else labels.new_zeros(len(labels), 0, dtype=torch.float64)
    return Factors(both, torch.tensor(own, dtype=torch.int64, device=labels.device))


def areas(activations: Tensor, tested: Tensor) -> Tensor:
    """The area under the ROC curve of each unit for each factor [M, d, F]: how often an example with it has the larger
    activation, ties one half; from activations [M, n, d] and `tested` [n, F]. (Mann and Whitney 1947.)"""
    held = tested.sum(0)
    summed = _ranks(activations.mT.contiguous()) @ tested
    return (summed - held * (held + 1) / 2) / (held * (len(tested) - held))


def _ranks(values: Tensor) -> Tensor:
    """Ranks from 1 along the last dimension, those of equal values their mean: float64."""
    ordered, places = values.sort(-1)
    index = torch.arange(values.shape[-1], device=values.device).expand_as(places)
    new = torch.ones_like(places, dtype=torch.bool)
    new[..., 1:] = ordered[..., 1:] != ordered[..., :-1]
    last = torch.ones_like(new)
    last[..., :-1] = new[..., 1:]
    begin = torch.where(new, index, 0).cummax(-1).values
    end = torch.where(last, index, index.shape[-1]).flip(-1).cummin(-1).values.flip(-1)
    return torch.empty_like(values, dtype=torch.float64).scatter_(-1, places, (begin + end).double() / 2 + 1)


def responses(activations: Tensor, factors: Factors) -> dict[str, Tensor]:
    """Means over the units that are ever active [M], NaN where there is none; from activations [M, n, d].

    polysemanticity: the number of factors that a unit responds to, by its areas under the curve; mixing: whether it
    responds to more than one; exclusivity: of its excesses E[h | value] - E[h | another value], the largest over the
    sum of those above 0, of the units that have one.
    """
    live = (activations > 0).any(1)
    found = areas(activations, factors.tested)
    number = ((found > HIGH) | (found < LOW)).sum(2)
    excess = excesses(activations, factors).clamp_min(0)
    largest, total = excess.amax(1), excess.sum(1)
    return {
        "polysemanticity": mean(number.double(), live),
        "mixing": mean((number > 1).double(), live),
        "exclusivity": mean(largest / total, total > ROUNDING * activations.double().mean(1)),
    }


def excesses(activations: Tensor, factors: Factors) -> Tensor:
    """E[h | value] - E[h | another value] of each unit and value: float64 [M, V, d], from activations [M, n, d]."""
    values = factors.values
    inside = values / values.sum(0)
    outside = (1 - values) / (1 - values).sum(0)
    # Both means apart: where they are equal, their difference is to be 0 and not what rounding leaves.
    return inside.mT @ activations.double() - outside.mT @ activations.double()


def cosines(activations: Tensor, factors: Factors, rows: Tensor) -> Tensor:
    """How near directions come to the factors [M]: the mean over factors of the largest |cosine| between the excess of
    a factor, over the units [d], and a row of `rows` [M, w, d]. A factor without an excess counts as 0."""
    excess = torch.nn.functional.normalize(excesses(activations, factors)[:, factors.own], dim=2)
    each = excess @ torch.nn.functional.normalize(rows.double(), dim=2).mT
    return each.abs().amax(2).mean(1).clamp_max(1)


def mean(values: Tensor, counted: Tensor) -> Tensor:
    """The mean of values [M, d] over those that are counted [M, d]; NaN where none is."""
    return torch.where(counted, values, 0).sum(1) / counted.sum(1)
