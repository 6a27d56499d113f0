"""Loss-proportional sampling: an example is trained on as often as its loss is high."""

import torch
from torch import Tensor

from robustpath.methods.base import Method, register
from robustpath.methods.minima.sgd import sgd
from robustpath.methods.selecting import selecting


def systematic(weights: Tensor, count: int, start: Tensor) -> Tensor:
    """Places, int64 [count], of a systematic sample: place i comes count * weights_i / sum times on average, and never
    more than one more or less often; `start` is uniform in [0, 1)."""
    shares = weights.cumsum(0) / weights.sum()
    marks = (torch.arange(count, device=weights.device) + start) / count
    return torch.searchsorted(shares, marks.to(shares)).clamp_max(len(weights) - 1)


@register(search={}, base=sgd, cite="katharopoulos2018samples")
def loss_proportional(base: Method) -> Method:
    """The base on a sample of the candidates with chances in proportion to their losses.

    The losses are not divided by the chances, as importance sampling would do to leave the mean gradient as it is
    (Katharopoulos & Fleuret 2018, eq. 5-6): here the distribution is meant to change.
    """

    def choose(losses, count, context):
        noise = next(iter(context.given["noise"].values()))
        start = torch.special.ndtr(noise.reshape(-1)[0])
        return systematic(losses.clamp_min(torch.finfo(losses.dtype).tiny), count, start)

    return selecting(base, choose, noise=1)
