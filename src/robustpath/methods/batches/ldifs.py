"""LDIFS as its paper describes it: the squared distance of the features from those before the batch."""

import torch
from torch import Tensor

from robustpath.methods.anchored import anchored
from robustpath.methods.base import Method, log_uniform, register
from robustpath.methods.batches.online_sgd import online_sgd
from robustpath.methods.distances import l2
from robustpath.methods.layers import hidden_features


@register(
    search={"strength": log_uniform(1e-3, 10, default=0.1)},
    base=online_sgd,
    cite="mukhoti2023ldifs",
    off={"strength": 0.0},
)
def ldifs(base: Method, strength: Tensor) -> Method:
    """Adds strength times the mean over the batch of |phi(x) - phi_a(x)|² to the loss (Mukhoti et al. 2024).

    phi: the hidden features of all layers as one vector; a: the parameters before the batch. In the paper the anchor
    is one pretrained model. The authors' program computes something else: `ldifs_code`.
    """

    def penalty(params, anchor, batch, context):
        def features(p):
            found = hidden_features(p, context.activations(p, batch.inputs), batch.inputs)
            return torch.cat([layer.flatten(1) for layer in found], 1)

        return strength * l2(features(params), features(anchor))

    return anchored(base, penalty)
