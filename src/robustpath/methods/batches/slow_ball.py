"""Slow ball: keep the predictions on replayed inputs near those of a slow anchor."""

from torch import Tensor

from robustpath.methods.base import Method, choice, log_uniform, register
from robustpath.methods.batches.online_sgd import online_sgd
from robustpath.methods.distances import forward_kl
from robustpath.methods.holding import hold, of_logits
from robustpath.methods.ways import penalty


@register(
    search={
        "weight": log_uniform(0.3, 100.0, default=10.0),
        "age": choice(0.0, 0.5, 0.8, 0.9, 0.95, 0.98, 0.99, 0.995, 1.0, default=0.9),
    },
    base=online_sgd,
    off={"weight": 0.0},
)
def slow_ball(base: Method, weight: Tensor, age: Tensor) -> Method:
    """Ours: loss + weight KL(P_anchor || P) on 20 replayed inputs, never their labels.

    The anchor is a decaying mean of the parameters after each batch, with the weight `age` on what it was before.
    Momentum distillation (Michel et al. 2024) has such a teacher beside replay with labels.
    """
    return hold(base, of_logits(forward_kl), penalty(weight), age)
