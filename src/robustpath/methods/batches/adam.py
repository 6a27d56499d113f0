"""Adam at a constant rate: the outer steps of the methods on episodes, which begin as their papers do."""

from torch import Tensor

from robustpath.core.parameters import tree_map
from robustpath.methods.base import Method, grad_and_value, log_uniform, register
from robustpath.methods.moments import no_moments, take_in

PROTOCOLS = ("episodes",)

BETA1, BETA2, EPSILON = 0.9, 0.999, 1e-8


@register(search={"learning_rate": log_uniform(2e-3, 5e-2, default=7e-3)}, cite="kingma2015adam")
def adam(learning_rate: Tensor) -> Method:
    """w <- w - lr m̂ / (sqrt(v̂) + eps) with the paper's own constants (Kingma and Ba 2015, algorithm 1).

    Alone it takes an episode's support and query sets as one batch, and adapts by the same steps, its moments at zero.
    """

    def step(loss, params, state, batch, context):
        gradient, value = grad_and_value(loss)(params, batch)
        state = take_in(gradient, state, BETA1, BETA2)
        mean_share, square_share = ((1 - beta ** state.updates.double()).to(value.dtype) for beta in (BETA1, BETA2))

        def moved(w, m, v):
            return w - learning_rate * m / mean_share / ((v / square_share).sqrt() + EPSILON)

        return tree_map(moved, params, state.mean, state.square), state, {"loss": value}

    return Method(no_moments, step)
