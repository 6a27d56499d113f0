"""Linear warm-up: the control that spends a walk's share of the budget on the usual kind of warm-up."""

from torch import Tensor

from robustpath.methods.base import Method, choice, register
from robustpath.methods.minima.sgd import sgd
from robustpath.methods.walk import SHARE


@register(search={"warmup": choice(SHARE, default=SHARE)}, base=sgd, cite="goyal2017minibatch")
def linear_warmup(base: Method, warmup: Tensor) -> Method:
    """SGD whose learning rate rises linearly for a quarter of training, then falls (Goyal et al. 2017, sec. 2.2).

    The quarter is the share of the budget that a walk takes. `warmup` is the base's own, held at that share; after it
    comes the base's cosine.
    """
    return base
