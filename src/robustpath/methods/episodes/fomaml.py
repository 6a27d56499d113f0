"""First-order MAML: the gradient on a query set where one step on the support set leads, taken at the start."""

from torch import Tensor

from robustpath.core.parameters import add, scale
from robustpath.methods.adapting import adapting, descent
from robustpath.methods.base import Method, grad, log_uniform, register
from robustpath.methods.batches.online_sgd import online_sgd
from robustpath.methods.tasks import mean_of_queries, tasks


@register(search={"inner_rate": log_uniform(0.03, 3.0, default=0.3)}, base=online_sgd, cite="finn2017maml")
def fomaml(base: Method, inner_rate: Tensor) -> Method:
    """The base's step on the mean query loss, each support set's step held fixed (Finn et al. 2017, section 5.2).

    It is MAML without the second derivatives: a step costs half as much.
    """

    def step(loss, params, state, batch, context):
        moves = [scale(grad(loss)(params, support), -inner_rate) for support, _ in tasks(batch)]
        return base.step(
            lambda p, b: mean_of_queries(loss, [add(p, move) for move in moves], b), params, state, batch, context
        )

    return adapting(base.replace(step=step, order="episodes"), descent(inner_rate))
