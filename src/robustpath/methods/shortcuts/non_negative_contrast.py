"""Non-negative contrast: examples of a label share hidden units that examples of other labels do not use."""

import torch
from torch import Tensor

from robustpath.methods.activations import STRENGTH, hidden, with_loss
from robustpath.methods.base import Method, register
from robustpath.methods.minima.sgd import sgd

TEMPERATURE = 0.1  # the default of the authors' program
SMALL = 1e-12  # the least squared length of an example's features that is divided by


def contrast(features: Tensor, labels: Tensor) -> Tensor:
    """The mean over examples i of -ln(sum_j e^(c_ij / T) over others of i's label / the same over all others), c the
    cosine of `features` [b, m]; over those whose label [b] another example has, and 0 where there is none."""
    unit = features * features.square().sum(1, keepdim=True).clamp_min(SMALL).rsqrt()
    numbers = torch.arange(len(labels), device=labels.device)
    others = torch.where(numbers[:, None] == numbers, 0.0, torch.exp(unit @ unit.T / TEMPERATURE))
    whole, alike = others.sum(1), torch.where(labels[:, None] == labels, others, 0.0).sum(1)
    there = alike > 0
    each = torch.where(there, torch.log(whole.clamp_min(SMALL) / torch.where(there, alike, 1.0)), 0.0)
    return each.sum() / there.sum().clamp_min(1)


@register(
    search={"strength": STRENGTH},
    base=sgd,
    cite="wang2024nonnegative",
    off={"strength": 0.0},
    networks=("mlp", "mlp_2", "mlp_4", "mlp_8"),
)
def non_negative_contrast(base: Method, strength: Tensor) -> Method:
    """The base's step on CE + strength times the contrastive loss of non-negative features (Wang et al. 2024).

    The features are the last hidden layer after the ReLU, divided by their length. As in the authors' program
    (PKU-ML/non_neg at 49b5922, solo/losses/simclr.py, with targets as its indexes) an example's partners are those of
    its label; there, they are two views of it in training without labels, on a projection that is thrown away. The
    similarities of a batch are no pass of the network and are not counted. The schedule is that of double_well.
    """

    def penalty(outputs, batch):
        _, after = hidden(outputs)[-1]
        return contrast(after, batch.labels)

    return with_loss(base, strength, penalty)
