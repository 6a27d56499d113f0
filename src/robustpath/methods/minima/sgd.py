"""Stochastic gradient descent: the method that every other is compared with."""

from torch import Tensor

from robustpath.core.parameters import tree_map, zeros_like
from robustpath.methods.base import Method, choice, log_uniform, register, uniform
from robustpath.methods.descent import cosine, descent


@register(
    search={
        "learning_rate": log_uniform(0.01, 1.0, default=0.1),
        "momentum": choice(0.0, 0.9, 0.95, default=0.9),
        "weight_decay": log_uniform(1e-5, 1e-2, default=5e-4),
        "warmup": uniform(0.0, 0.2, default=0.05),
        "batches_per_step": choice(1, 8, default=1),
    },
    cite="robbins1951stochastic",
)
def sgd(
    learning_rate: Tensor, momentum: Tensor, weight_decay: Tensor, warmup: Tensor, batches_per_step: Tensor
) -> Method:
    """Stochastic gradient descent with momentum in PyTorch's form: v <- m v + g + d w; w <- w - lr v.

    g is the mean gradient of `batches_per_step` successive batches. Sutskever et al. 2013, eq. 1-2, have the rate in
    the velocity, v <- m v - lr g, w <- w + v: the same steps at a constant rate, others where the rate is scheduled, as
    it then scales what has been gathered before too.
    """

    def init(params):
        return {"velocity": zeros_like(params)}

    def update(gradient, params, state, context):
        rate = learning_rate * cosine(context.progress, warmup)
        velocity = tree_map(lambda v, g, w: momentum * v + (g + weight_decay * w), state["velocity"], gradient, params)
        return tree_map(lambda w, v: w - rate * v, params, velocity), {"velocity": velocity}

    return descent(init, update, batches_per_step)
