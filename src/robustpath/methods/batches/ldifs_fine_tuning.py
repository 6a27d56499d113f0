"""Fine-tuning that stays near the features of the pre-trained network."""

from torch import Tensor

from robustpath.methods.adapting import Adapting, adapting
from robustpath.methods.base import Method, log_uniform, register
from robustpath.methods.batches.fine_tuning import fine_tuning
from robustpath.methods.batches.ldifs import ldifs

PROTOCOLS = ("episodes",)


@register(
    search={"strength": log_uniform(1e-4, 1.0, default=1e-2)},
    base=fine_tuning,
    cite="mukhoti2023ldifs",
    off={"strength": 0.0},
)
def ldifs_fine_tuning(base: Adapting, strength: Tensor) -> Method:
    """Fine-tuning with strength |phi(x) - phi_0(x)|² in the loss on the support set (Mukhoti et al. 2024).

    phi_0 are the features of the pre-trained network, the anchor of the paper.
    """
    return adapting(base, ldifs(base.adaptation, strength))
