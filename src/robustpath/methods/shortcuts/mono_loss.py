"""MonoLoss: the examples that turn a hidden unit on are to resemble each other."""

import torch
from torch import Tensor

from robustpath.methods.activations import STRENGTH, hidden, with_loss
from robustpath.methods.base import Method, register
from robustpath.methods.minima.sgd import sgd

SMALL = 1e-8  # as in the authors' program: added to a range and a length, and the least weight of a unit that counts


def scores(examples: Tensor, values: Tensor) -> Tensor:
    """How similar the examples are that turn each unit on [m]: sum a_i a_k cos(x_i, x_k) / sum a_i a_k over pairs.

    a [b, m] are the units' `values`, shifted and scaled to [0, 1] within the batch; x [b, d] the `examples`. Both sums
    come from |sum a_i x_i / |x_i||², without the pairs. 0 for a unit that is on for fewer than two examples, or the
    same for all.
    """
    unit = examples / examples.square().sum(1, keepdim=True).sqrt().clamp_min(SMALL)
    low, high = values.amin(0), values.amax(0)
    a = (values - low) / (high - low + SMALL)
    alone = a.square().sum(0)
    similar, weight = (unit.T @ a).square().sum(0) - alone, a.sum(0).square() - alone
    there = weight > 2 * SMALL
    return torch.where(there, similar / torch.where(there, weight, 1.0), 0.0)


@register(
    search={"strength": STRENGTH},
    base=sgd,
    cite="nasirisarvi2026monoloss",
    off={"strength": 0.0},
    networks=("mlp", "mlp_2", "mlp_4", "mlp_8"),
)
def mono_loss(base: Method, strength: Tensor) -> Method:
    """The base's step on CE + strength sum_j (1 - score_j), the similarity of what turns unit j on (MonoLoss).

    After Nasiri-Sarvi et al. 2026: the score is that of the authors' program (AtlasAnalyticsLab/MonoLoss at 34693ce,
    sae/loss.py), on the last hidden layer after the ReLU, within a batch; their mean over units is a sum here.
    Not as there: their similarities are those of features of a pretrained encoder, and those of the inputs themselves
    here, since nothing is pretrained. The products are no pass of the network and are not counted. The schedule is that
    of double_well.
    """

    def penalty(outputs, batch):
        _, after = hidden(outputs)[-1]
        return (1 - scores(batch.inputs.flatten(1), after)).sum()

    return with_loss(base, strength, penalty)
