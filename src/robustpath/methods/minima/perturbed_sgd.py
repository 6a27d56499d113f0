"""Perturbed stochastic gradient descent: a little noise on every gradient."""

import math

from torch import Tensor

from robustpath.core.parameters import dot, scale, subtract
from robustpath.methods.base import Method, log_uniform, register
from robustpath.methods.minima.sgd import sgd


@register(
    search={"radius": log_uniform(0.01, 1.0, default=0.1)}, base=sgd, cite="jin2021nonconvex", off={"radius": 0.0}
)
def perturbed_sgd(base: Method, radius: Tensor) -> Method:
    """The base's step with the gradient g + xi, xi ~ N(0, (r²/d) I) in d dimensions (Jin et al. 2021).

    The noise has the mean square length r², drawn anew for every batch; momentum carries it on as it does the gradient.
    """

    def step(loss, params, state, batch, context):
        dimension = sum(tensor.numel() for tensor in params.values())
        noise = scale(context.given["noise"], radius / math.sqrt(dimension))

        # Its gradient is g + xi, and its value at `params` is the loss.
        def tilted(p, b):
            return loss(p, b) + dot(noise, subtract(p, params))

        return base.step(tilted, params, state, batch, context)

    return base.replace(step=step, needs=base.needs | {"noise": 1})
