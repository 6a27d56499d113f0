"""Adaptive sharpness-aware minimisation: a ball that is measured in units of the weights themselves."""

import torch
from torch import Tensor

from robustpath.core.parameters import add, scale, tree_map, unit
from robustpath.methods.base import Method, grad_and_value, log_uniform, register
from robustpath.methods.geometry import units
from robustpath.methods.minima.sgd import sgd


@register(search={"radius": log_uniform(0.1, 2.0, default=0.5)}, base=sgd, cite="kwon2021asam", off={"radius": 0.0})
def asam(base: Method, radius: Tensor) -> Method:
    """The base's step with the gradient at w + radius T² g / |T g|, T = |w| + 0.01 for weights and 1 for biases.

    g = grad loss(w) (Kwon et al. 2021, alg. 1; T and the default radius are those of the authors' code). Two gradient
    evaluations a step. Each part of a large batch climbs by its own gradient, as in `sam`.
    """

    def step(loss, params, state, batch, context):
        gradient, value = grad_and_value(loss)(params, batch)
        measure = units(params)
        ascent = scale(tree_map(torch.mul, measure, unit(tree_map(torch.mul, measure, gradient))), radius)
        params, state, info = base.step(lambda p, b: loss(add(p, ascent), b), params, state, batch, context)
        return params, state, info | {"loss": value}

    return base.replace(step=step)
