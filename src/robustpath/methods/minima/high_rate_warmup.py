"""High-rate warm-up: the control that moves away from the start by large steps of descent."""

import torch
from torch import Tensor

from robustpath.methods.base import Method, log_uniform, register, sequence
from robustpath.methods.minima.sgd import sgd
from robustpath.methods.walk import SHARE


@register(search={**sgd.spec.search, "factor": log_uniform(1.2, 3.0, default=1.5)}, base=sgd)
def high_rate_warmup(base: Method, factor: Tensor, learning_rate: Tensor, warmup: Tensor, **shared: Tensor) -> Method:
    """SGD at the constant rate factor × learning_rate for the share of the budget that a walk takes, then the base.

    All that the phases have in common are the base's hyperparameters; velocity and schedule begin anew with it. The
    high rate rises linearly over the share `warmup` of its phase, as a cold start at such rates often diverges. No
    setting makes it the base method alone.
    """
    high = sgd(learning_rate=factor * learning_rate, warmup=warmup, **shared)

    def step(loss, params, state, batch, context):
        held = context._replace(progress=torch.minimum(context.progress, warmup))
        return high.step(loss, params, state, batch, held)

    return sequence((SHARE, high.replace(step=step)), (1 - SHARE, base))
