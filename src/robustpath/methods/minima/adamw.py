"""AdamW: a step size for every parameter, and weight decay kept out of the gradient."""

from torch import Tensor

from robustpath.core.parameters import tree_map
from robustpath.methods.base import Method, choice, log_uniform, register, uniform
from robustpath.methods.descent import cosine, descent
from robustpath.methods.moments import filled, no_moments, take_in

EPSILON = 1e-8


@register(
    search={
        "learning_rate": log_uniform(3e-4, 3e-2, default=3e-3),
        "beta1": choice(0.8, 0.9, 0.95, default=0.9),
        "beta2": choice(0.99, 0.999, default=0.999),
        "weight_decay": log_uniform(1e-3, 1.0, default=1e-2),
        "warmup": uniform(0.0, 0.2, default=0.05),
        "batches_per_step": choice(1, 8, default=1),
    },
    cite="loshchilov2019adamw",
)
def adamw(
    learning_rate: Tensor, beta1: Tensor, beta2: Tensor, weight_decay: Tensor, warmup: Tensor, batches_per_step: Tensor
) -> Method:
    """AdamW, decoupled weight decay: w <- w - lr (m̂ / (sqrt(v̂) + eps) + d w) (Loshchilov & Hutter 2019, alg. 2).

    m̂ and v̂ are the running means of g and g², divided by 1 - b1^t and 1 - b2^t. As in PyTorch the learning rate
    multiplies the decay too; in the paper only the schedule's factor does.
    """

    def update(gradient, params, moments, context):
        moments = take_in(gradient, moments, beta1, beta2)
        rate = learning_rate * cosine(context.progress, warmup)
        mean_share = filled(beta1, moments.updates).to(rate.dtype)
        square_share = filled(beta2, moments.updates).to(rate.dtype)

        def moved(w, m, v):
            return w - rate * (m / mean_share / ((v / square_share).sqrt() + EPSILON) + weight_decay * w)

        return tree_map(moved, params, moments.mean, moments.square), moments

    return descent(no_moments, update, batches_per_step)
