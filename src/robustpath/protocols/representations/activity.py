"""How the units of a layer are active: how often, at which levels, and along how many directions.

Activations [M, n, d] of M members on n examples are those of ReLU or of spikes: 0 where a unit is silent, else above.
Nothing here changes where all activations of a member, or of a unit but for the participation ratio, are multiplied by
a number above 0.
"""

import torch
from torch import Tensor

from robustpath.protocols.representations.factors import mean
from robustpath.protocols.representations.sizes import EDGES, MIDDLE


def high_levels(activations: Tensor) -> Tensor:
    """The level of a unit where it is high [M, d]: Σ h² / Σ h over the examples, the mean weighted by itself, NaN for a
    unit that is never active."""
    values = activations.double()
    return values.square().sum(1) / values.sum(1)


def levels(activations: Tensor) -> dict[str, Tensor]:
    """Where the activations lie [M]: activation_silent, the share that is 0, and of the others, over the high level of
    their unit, the shares in the bins between EDGES, a bin with its upper edge; mid_mass, that of the middle bins."""
    active = activations > 0
    relative = activations / high_levels(activations)[:, None]
    below = [((relative <= edge) & active).sum((1, 2)) for edge in EDGES]
    counts = torch.stack([*below, active.sum((1, 2))], 1).double()
    total = counts[:, -1:]
    masses = torch.cat([counts[:, :1], counts.diff(dim=1)], 1) / total
    return {
        "activation_silent": 1 - total[:, 0] / activations[0].numel(),
        **{f"activation_mass_{bin}": mass for bin, mass in enumerate(masses.unbind(1))},
        "mid_mass": (counts[:, MIDDLE.stop - 1] - counts[:, MIDDLE.start - 1]) / total[:, 0],
    }


def bimodality(activations: Tensor) -> Tensor:
    """(skewness² + 1) / kurtosis over the examples, the mean over units that are not constant [M]; NaN without one.

    It is at most 1, which two values give and nothing else; a uniform distribution gives 5/9. (Pearson 1916; moments
    are those of the examples, the kurtosis of a normal distribution is 3.)
    """
    values = activations.double()
    centred = values - values.mean(1, keepdim=True)
    second, third, fourth = (centred.pow(power).mean(1) for power in (2, 3, 4))
    coefficient = (third.square() / second.pow(3) + 1) * second.square() / fourth
    return mean(coefficient, (activations != activations[:, :1]).any(1)).clamp_max(1)


def participation_ratio(activations: Tensor) -> Tensor:
    """(Σ λ)² / Σ λ² over the eigenvalues of the units' covariance [M]: along how many directions they vary, from 1 to
    d. (Gao et al. 2017.) NaN where they do not vary."""
    centred = activations.double() - activations.double().mean(1, keepdim=True)
    covariance = centred.mT @ centred
    return covariance.diagonal(dim1=1, dim2=2).sum(1).square() / covariance.square().sum((1, 2))


def shares(activations: Tensor) -> dict[str, Tensor]:
    """dead_share and always_on_share [M]: of the units, those active on no example and on every one."""
    active = activations > 0
    return {
        "dead_share": (~active.any(1)).double().mean(1),
        "always_on_share": active.all(1).double().mean(1),
    }


def interference(rows: Tensor) -> Tensor:
    """|off-diagonal of W W'| / |diagonal of W W'|, Frobenius norms, for weights W [M, r, c]: 0 where their rows are
    orthogonal [M]."""
    gram = rows.double() @ rows.double().mT
    diagonal = gram.diagonal(dim1=1, dim2=2).square().sum(1)
    return (gram.square().sum((1, 2)) - diagonal).clamp_min(0).sqrt() / diagonal.sqrt()
