"""Self-paced learning: begin with the examples of low loss and let the others in by and by."""

import torch
from torch import Tensor

from robustpath.methods.base import Method, register, uniform
from robustpath.methods.minima.sgd import sgd
from robustpath.methods.selecting import selecting


def admitted(losses: Tensor, count: int, share: Tensor) -> Tensor:
    """The first `count` places whose losses [n] are among the lowest share n, of which there are at least `count`.

    The candidates come in random order, so the first of those that are admitted are a random choice among them.
    """
    rank = torch.argsort(torch.argsort(losses, stable=True))
    out = rank >= (share * len(losses)).clamp_min(count)
    return torch.argsort(out.to(torch.int8), stable=True)[:count]


@register(search={"first_share": uniform(0.1, 0.9, default=0.3)}, base=sgd, cite="kumar2010selfpaced")
def self_paced(base: Method, first_share: Tensor) -> Method:
    """The base on candidates whose loss is among the lowest (Kumar et al. 2010, eq. 5: v_i = 1 where L_i < 1 / K).

    The threshold 1 / K is a quantile of the candidates' losses, which rises in a straight line from `first_share` at
    the start of training to 1 at its end; in the paper K is divided by 1.3 in each round.
    """

    def choose(losses, count, context):
        return admitted(losses, count, first_share + (1 - first_share) * context.progress)

    return selecting(base, choose)
