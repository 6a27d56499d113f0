"""Stochastic gradient descent on a stream: some steps at a constant rate on each batch, then the next batch."""

from torch import Tensor

from robustpath.core.parameters import norm, tree_map
from robustpath.methods.base import Method, grad_and_value, log_uniform, register

CLIPPED_AT = 5.0  # the largest norm of a gradient: a penalty on a ball is stiff, and one step must not leave it


@register(search={"learning_rate": log_uniform(0.02, 0.5, default=0.2)}, cite="robbins1951stochastic")
def online_sgd(learning_rate: Tensor) -> Method:
    """w <- w - lr g min(1, 5 / |g|): no momentum and no schedule, which would know where the stream ends.

    Every method of the family takes its steps so; what it adds is in the loss, or around the steps on a batch.
    """

    def step(loss, params, state, batch, context):
        gradient, value = grad_and_value(loss)(params, batch)
        rate = learning_rate * (CLIPPED_AT / norm(gradient).clamp_min(CLIPPED_AT))
        return tree_map(lambda w, g: w - rate * g, params, gradient), state, {"loss": value}

    return Method(lambda params: (), step)
