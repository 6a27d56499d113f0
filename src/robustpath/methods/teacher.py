"""Slow models to learn from: moving averages of the parameters, and the distance from their predictions."""

import torch
from torch import Tensor
from torch.nn.functional import kl_div

from robustpath.core.parameters import lerp
from robustpath.core.types import Params


def follow(teacher: Params, params: Params, rate: Tensor, steps: Tensor) -> Params:
    """The average after step number `steps` (from 1): teacher + max(rate, 1 / (steps + 1)) (params - teacher).

    So long as 1 / (steps + 1) is larger, it is the plain mean of the first parameters and those after each step.
    """
    return lerp(teacher, params, torch.maximum(rate, 1 / (steps + 1)))


def distillation(logits: Tensor, teacher: Tensor, temperature: float) -> Tensor:
    """T² KL(softmax(teacher / T) || softmax(logits / T)), the mean over examples [b, classes], a scalar in nats."""
    ours, theirs = (logits / temperature).log_softmax(1), (teacher / temperature).log_softmax(1)
    return temperature**2 * kl_div(ours, theirs, reduction="batchmean", log_target=True)
