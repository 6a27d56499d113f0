"""Loss-proportional sampling: an example is trained on as often as its loss is high."""

import torch
from torch import Tensor

from robustpath.core.errors import UserError
from robustpath.methods.base import Method, register
from robustpath.methods.minima.sgd import sgd
from robustpath.methods.selecting import highest, selecting


def sample(weights: Tensor, count: int, normal: Tensor) -> Tensor:
    """`count` different places, int64, each next one with chances in proportion to the `weights` [n] that are left;
    `normal` are n standard normal numbers.

    They are the highest of log(weight) + g, g with the Gumbel distribution.
    """
    tiny = torch.finfo(weights.dtype).tiny
    gumbel = -torch.log(-torch.special.ndtr(normal).clamp_min(tiny).log())
    return highest(weights.clamp_min(tiny).log() + gumbel, count)


@register(search={}, base=sgd, cite="katharopoulos2018samples")
def loss_proportional(base: Method) -> Method:
    """The base on different candidates, each drawn with chances in proportion to the losses.

    The losses are not divided by the chances, as importance sampling would do to leave the mean gradient as it is
    (Katharopoulos & Fleuret 2018): here the distribution is meant to change. UserError for a network with fewer
    parameters than there are candidates, since the source deals a normal number for each.
    """

    def choose(losses, count, context):
        numbers = torch.cat([tensor.reshape(-1) for tensor in context.given["noise"].values()])
        if len(numbers) < len(losses):
            raise UserError(
                f"loss_proportional draws from {len(losses)} candidates with a number for each of the network's "
                f"{len(numbers)} parameters: choose a larger network, or take it off the methods in config.yaml"
            )
        return sample(losses, count, numbers[: len(losses)])

    chosen = selecting(base, choose)
    return chosen.replace(needs={**chosen.needs, "noise": 1})
