"""A limit on how far the function moves: the squared distance of the outputs on the memory from those before."""

from torch import Tensor

from robustpath.methods.anchored import anchored
from robustpath.methods.base import Method, log_uniform, register
from robustpath.methods.batches.online_sgd import online_sgd
from robustpath.methods.distances import l2

EXAMPLES = 20  # of the memory, drawn anew for each step


@register(
    search={"strength": log_uniform(1e-4, 10, default=0.03)},
    base=online_sgd,
    cite="benjamin2019function",
    off={"strength": 0.0},
)
def function_ball(base: Method, strength: Tensor) -> Method:
    """Adds strength times the mean over examples of the memory of |z(x) - z_a(x)|² to the loss, z the logits.

    Benjamin et al. 2019: the L2 distance of two functions over examples of a working memory limits what a new task
    changes; here the batch takes the place of the task, and a are the parameters before it. Labels of the memory are
    not used. Not taken is their rule for every single update (HCGD): a trial step, then corrections back towards the
    function before it, by the gradient of the distance itself and not of its square.
    """

    def penalty(params, anchor, batch, context):
        inputs = context.given["replay"].inputs
        return strength * l2(context.network(params, inputs), context.network(anchor, inputs))

    return anchored(base, penalty, needs={"replay": EXAMPLES})
