"""RAdam: Adam that waits until the variance of its step sizes can be trusted, in place of a warm-up."""

import torch
from torch import Tensor

from robustpath.core.parameters import tree_map
from robustpath.methods.base import Method, choice, log_uniform, register
from robustpath.methods.descent import cosine, descent
from robustpath.methods.moments import filled, no_moments, take_in

EPSILON = 1e-8


def rectification(beta2: Tensor, updates: Tensor) -> tuple[Tensor, Tensor]:
    """rho_t, the length of the moving average, and the rectifier r_t, in double precision (Liu et al. 2019, alg. 2).

    In single precision rho_5 = 4.996, a difference of numbers near 2000, could fall on the wrong side of 5.
    """
    filling = filled(beta2, updates)
    limit = 2 / (1 - beta2.double()) - 1
    rho = limit - 2 * updates * (1 - filling) / filling
    squared = (rho - 4) * (rho - 2) * limit / ((limit - 4) * (limit - 2) * rho)
    return rho, squared.clamp_min(0).sqrt()


@register(
    search={
        "learning_rate": log_uniform(3e-4, 3e-2, default=3e-3),
        "beta1": choice(0.8, 0.9, 0.95, default=0.9),
        "beta2": choice(0.99, 0.999, default=0.999),
        "weight_decay": log_uniform(1e-3, 1.0, default=1e-2),
        "batches_per_step": choice(1, 8, default=1),
    },
    cite="liu2019radam",
)
def radam(
    learning_rate: Tensor, beta1: Tensor, beta2: Tensor, weight_decay: Tensor, batches_per_step: Tensor
) -> Method:
    """Rectified Adam: w <- w - lr (r_t m̂ / sqrt(v̂) + d w), without v̂ while it is too young (Liu et al. 2019, alg. 2).

    The version is PyTorch's, with its place of eps: v̂ is used where rho_t > 5 (in the paper where rho_t > 4), and
    earlier steps are un-adapted steps of momentum (the authors' code takes none). The decay is decoupled, as in the
    authors' code; the learning rate falls by a cosine without a warm-up, which the rectification replaces.
    """

    def update(gradient, params, moments, context):
        moments = take_in(gradient, moments, beta1, beta2)
        rate = learning_rate * cosine(context.progress, torch.zeros_like(context.progress))
        mean_share = filled(beta1, moments.updates).to(rate.dtype)
        rho, rectifier = rectification(beta2, moments.updates)
        factor = (rectifier * filled(beta2, moments.updates).sqrt()).to(rate.dtype)

        def moved(w, m, v):
            adapted = torch.where(rho > 5, factor / (v.sqrt() + EPSILON), 1.0)
            return w - rate * (m / mean_share * adapted + weight_decay * w)

        return tree_map(moved, params, moments.mean, moments.square), moments

    return descent(no_moments, update, batches_per_step)
