"""Sharpness-aware minimisation: descend the worst loss in a ball around the parameters."""

from torch import Tensor

from robustpath.core.parameters import add, scale, unit
from robustpath.methods.base import Method, grad_and_value, log_uniform, register
from robustpath.methods.minima.sgd import sgd


@register(search={"radius": log_uniform(0.01, 0.5, default=0.05)}, base=sgd, cite="foret2021sam", off={"radius": 0.0})
def sam(base: Method, radius: Tensor) -> Method:
    """The base's step with the gradient at w + radius g / |g|, where g = grad loss(w) (Foret et al. 2021, eq. 2-3).

    Two gradient evaluations a step. Each part of a large batch climbs by its own gradient (m-sharpness, sec. 4.1).
    """

    def step(loss, params, state, batch, context):
        gradient, value = grad_and_value(loss)(params, batch)
        ascent = scale(unit(gradient), radius)
        params, state, info = base.step(lambda p, b: loss(add(p, ascent), b), params, state, batch, context)
        return params, state, info | {"loss": value}

    return base.replace(step=step)
