"""Learning without forgetting: keep the predictions that the model made on the batch before it learnt from it."""

from torch import Tensor

from robustpath.methods.anchored import anchored
from robustpath.methods.base import Method, log_uniform, register
from robustpath.methods.batches.online_sgd import online_sgd
from robustpath.methods.distances import forward_kl

TEMPERATURE = 2.0


@register(
    search={"strength": log_uniform(0.03, 30, default=0.5)}, base=online_sgd, cite="li2016lwf", off={"strength": 0.0}
)
def lwf(base: Method, strength: Tensor) -> Method:
    """Adds strength T² KL(p_a || p) on the batch, p = softmax(logits / T), T = 2 (Li & Hoiem 2016, sec. 3).

    a: the parameters before the batch; in the paper those before the task, with a head of its own for each task, which
    no method may know here. The paper's term is a cross-entropy; the KL has the same gradient and is zero at the
    anchor. T² keeps the size of the gradient when T changes (Hinton et al. 2015); in aimagelab/mammoth (models/lwf.py)
    the term lacks it, so its weight 0.5 is a strength of 0.125 here.
    """

    def penalty(params, anchor, batch, context):
        new, old = (context.network(p, batch.inputs) / TEMPERATURE for p in (params, anchor))
        return strength * TEMPERATURE**2 * forward_kl(new, old)

    return anchored(base, penalty)
