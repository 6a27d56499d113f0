"""LDIFS as the program of its authors computes it: features are normalised first, then compared."""

import torch
from torch import Tensor

from robustpath.methods import distances
from robustpath.methods.anchored import anchored
from robustpath.methods.base import Method, log_uniform, register
from robustpath.methods.batches.online_sgd import online_sgd
from robustpath.methods.layers import hidden_features


@register(
    search={"strength": log_uniform(1, 1e4, default=10)},
    base=online_sgd,
    cite="mukhoti2023ldifs",
    off={"strength": 0.0},
)
def ldifs_code(base: Method, strength: Tensor) -> Method:
    """Adds strength times the mean of (n(h) - n(h_a))² over examples, layers and entries (omegafragger/ldifs_code).

    At commit c7e82a4, loss/ldifs.py: h are the features of a layer, h_a those before the batch, n divides by the norm
    over the second axis. There this axis is that of the tokens; features of a perceptron have one axis only, and n is
    blind to the norm of an example's features. Default strength: the one of the program's README.
    """

    def penalty(params, anchor, batch, context):
        def features(p):
            return hidden_features(p, context.activations(p, batch.inputs), batch.inputs)

        pairs = zip(features(params), features(anchor), strict=True)
        return strength * torch.stack([distances.ldifs_code(new, old) for new, old in pairs]).mean()

    return anchored(base, penalty)
