"""Fine-tuning: one network learns all classes of training together, then takes plain steps on each support set."""

from torch import Tensor

from robustpath.methods.adapting import adapting, descent
from robustpath.methods.base import Method, log_uniform, register
from robustpath.methods.batches.adam import adam

PROTOCOLS = ("episodes",)


@register(search={"tuning_rate": log_uniform(0.02, 1.0, default=0.1)}, base=adam, cite="chen2019closer")
def fine_tuning(base: Method, tuning_rate: Tensor) -> Method:
    """The base on batches of all classes of training, then descent on the support set (Chen et al. 2019, Baseline).

    All layers are tuned; in the paper the new head alone.
    """
    return adapting(base.replace(order="joint"), descent(tuning_rate))
