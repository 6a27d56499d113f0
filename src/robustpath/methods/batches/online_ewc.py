"""Online elastic weight consolidation: the Fisher of old batches fades."""

from torch import Tensor

from robustpath.methods.base import Method, choice, log_uniform, register
from robustpath.methods.batches.online_sgd import online_sgd
from robustpath.methods.fisher import consolidated


@register(
    search={
        "strength": log_uniform(0.01, 1e3, default=10),
        "decay": choice(0.5, 0.9, 0.97, 0.99, 0.997, default=0.99),
    },
    base=online_sgd,
    cite="schwarz2018progress",
    off={"strength": 0.0},
)
def online_ewc(base: Method, strength: Tensor, decay: Tensor) -> Method:
    """Adds (strength / 2) sum_i F_i (w_i - a_i)² to the loss, with F <- decay F + F_batch after every batch.

    Schwarz et al. 2018, sec. 4, without tasks: the batch takes the place of the task, and a are the parameters after
    the batch before. F is the diagonal of the empirical Fisher with the labels as they are given; in aimagelab/mammoth
    (models/ewc_on.py) each squared gradient is also multiplied by the probability of its label, which is no Fisher.
    """
    return consolidated(base, strength, decay)
