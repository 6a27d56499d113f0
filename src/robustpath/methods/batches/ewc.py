"""Elastic weight consolidation where every batch is a task: one penalty, from the Fisher of all batches so far."""

import torch
from torch import Tensor

from robustpath.methods.base import Method, log_uniform, register
from robustpath.methods.batches.online_sgd import online_sgd
from robustpath.methods.fisher import consolidated


@register(
    search={"strength": log_uniform(0.01, 1e3, default=10)},
    base=online_sgd,
    cite="kirkpatrick2017ewc",
    off={"strength": 0.0},
)
def ewc(base: Method, strength: Tensor) -> Method:
    """Adds (strength / 2) sum_i F_i (w_i - a_i)² to the loss, F the sum of the Fishers of all batches so far.

    Kirkpatrick et al. 2017, eq. 3, without tasks: their penalty is one for each task, and which tasks there are no
    method knows here, so the batch takes the place of the task. Of the many penalties one is left, about the latest
    parameters, as Huszár 2018 derives it. F is the diagonal of the empirical Fisher with the labels as they are given.
    """
    return consolidated(base, strength, torch.ones(()))
