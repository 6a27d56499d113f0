"""MAML on episodes: a start from which one step on a support set lowers the loss on the query set."""

from torch import Tensor

from robustpath.core.parameters import tree_map
from robustpath.methods.adapting import adapting, descent
from robustpath.methods.base import Method, grad, log_uniform, register
from robustpath.methods.batches.online_sgd import online_sgd
from robustpath.methods.tasks import mean_of_queries, tasks


@register(search={"inner_rate": log_uniform(0.03, 3.0, default=0.3)}, base=online_sgd, cite="finn2017maml")
def episodic_maml(base: Method, inner_rate: Tensor) -> Method:
    """The base's step on the mean query loss after one step on each support set (Finn et al. 2017, eq. 1).

    As published: the gradient goes through the inner step, is averaged over the episodes of a batch, and a query set
    has as many examples as its support set; at the end the same inner steps adapt. There Adam takes the outer step.
    """

    def step(loss, params, state, batch, context):
        def after_a_step(p, b):
            moved = [tree_map(lambda w, g: w - inner_rate * g, p, grad(loss)(p, support)) for support, _ in tasks(b)]
            return mean_of_queries(loss, moved, b)

        return base.step(after_a_step, params, state, batch, context)

    return adapting(base.replace(step=step, order="episodes"), descent(inner_rate))
