"""Twin ball: one ball on the batch against over-fitting it, one on replay against forgetting."""

from torch import Tensor

from robustpath.methods.base import Method, choice, log_uniform, register
from robustpath.methods.batches.online_sgd import online_sgd
from robustpath.methods.distances import forward_kl
from robustpath.methods.holding import hold, of_logits
from robustpath.methods.ways import penalty


@register(
    search={
        "weight": log_uniform(0.3, 100.0, default=10.0),
        "batch_weight": log_uniform(0.1, 100.0, default=3.0),
        "age": choice(0.0, 0.5, 0.8, 0.9, 0.95, 0.98, 0.99, 0.995, 1.0, default=0.9),
    },
    base=online_sgd,
    off={"weight": 0.0, "batch_weight": 0.0},
)
def twin_ball(base: Method, weight: Tensor, batch_weight: Tensor, age: Tensor) -> Method:
    """Ours: the loss and the penalties of `slow_ball` and `batch_ball`, each with its own centre and weight."""
    slow = hold(base, of_logits(forward_kl), penalty(weight), age)
    return hold(slow, of_logits(forward_kl, on="batch", label="batch_"), penalty(batch_weight))
