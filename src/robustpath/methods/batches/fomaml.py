"""First-order MAML: the gradient on a query set where one step on the support set leads, taken at the start."""

from functools import partial

from torch import Tensor

from robustpath.core.parameters import add, tree_map
from robustpath.methods.adapting import adapting, descent
from robustpath.methods.base import Method, grad, log_uniform, register
from robustpath.methods.batches.adam import adam
from robustpath.methods.tasks import mean, on_each

PROTOCOLS = ("episodes",)


@register(
    search={"inner_rate": log_uniform(0.1, 2.0, default=0.4)},
    base=adam,
    cite="finn2017maml",
)
def fomaml(base: Method, inner_rate: Tensor) -> Method:
    """The base's step on the mean query loss, each support set's step held fixed (Finn et al. 2017, section 5.2).

    It is MAML without the second derivatives: a step costs half as much.
    """

    def moved(loss, params, support, query):
        return tree_map(lambda w, g: w - inner_rate * g, params, grad(loss)(params, support))

    def step(loss, params, state, batch, context):
        ends = on_each(partial(moved, loss), params, batch)
        moves = tree_map(lambda end, w: end - w, ends, params)

        def outer(p, b):
            return mean(on_each(lambda start, _, query, move: loss(add(start, move), query), p, b, moves))

        return base.step(outer, params, state, batch, context)

    return adapting(base.replace(step=step, order="episodes"), descent(inner_rate))
