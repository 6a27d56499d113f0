"""The replay ball of a radius, held by an augmented Lagrangian: no effect inside."""

from torch import Tensor

from robustpath.methods.base import Method, log_uniform, register
from robustpath.methods.batches.online_sgd import online_sgd
from robustpath.methods.distances import forward_kl
from robustpath.methods.holding import hold, of_logits
from robustpath.methods.radius import fixed
from robustpath.methods.ways import augmented


@register(
    search={"radius": log_uniform(0.001, 0.1, default=0.006), "stiffness": log_uniform(0.1, 10.0, default=1.0)},
    base=online_sgd,
)
def ball_augmented(base: Method, radius: Tensor, stiffness: Tensor) -> Method:
    """Ours: KL(P_before || P) <= radius on replayed inputs, P_before the model before the batch.

    What exceeds the radius is punished (`ways.augmented`)."""
    return hold(base, of_logits(forward_kl), augmented(stiffness), controller=fixed(radius))
