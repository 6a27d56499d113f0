"""MAML on episodes: a start from which one step on a support set lowers the loss on the query set."""

from functools import partial

from torch import Tensor

from robustpath.core.parameters import tree_map
from robustpath.methods.adapting import adapting, descent
from robustpath.methods.base import Method, grad, log_uniform, register
from robustpath.methods.batches.adam import adam
from robustpath.methods.tasks import mean, on_each

PROTOCOLS = ("episodes",)


@register(search={"inner_rate": log_uniform(0.1, 2.0, default=0.5)}, base=adam, cite="finn2017maml")
def episodic_maml(base: Method, inner_rate: Tensor) -> Method:
    """The base's step on the mean query loss after one step on each support set (Finn et al. 2017, eq. 1).

    As published: the gradient goes through the inner step and is averaged over the episodes of a batch, Adam takes the
    outer step, a query set has as many examples as its support set, and the same inner steps adapt at the end.
    """

    def after_a_step(loss, params, support, query):
        moved = tree_map(lambda w, g: w - inner_rate * g, params, grad(loss)(params, support))
        return loss(moved, query)

    def step(loss, params, state, batch, context):
        def outer(p, b):
            return mean(on_each(partial(after_a_step, loss), p, b))

        return base.step(outer, params, state, batch, context)

    return adapting(base.replace(step=step, order="episodes"), descent(inner_rate))
