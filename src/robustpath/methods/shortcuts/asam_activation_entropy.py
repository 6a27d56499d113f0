"""Activation entropy under ASAM: the descent of the worst sum of both losses in a ball around the parameters."""

import torch
from torch import Tensor

from robustpath.core.parameters import add, dot, scale, tree_map, unit
from robustpath.methods.activations import STRENGTH, with_scaled_loss
from robustpath.methods.base import Method, Params, grad, register
from robustpath.methods.geometry import units
from robustpath.methods.minima.asam import asam
from robustpath.methods.minima.sgd import sgd
from robustpath.methods.shortcuts.activation_entropy import entropies


def climb(params: Params, gradient: Params, radius: Tensor) -> Params:
    """radius T² g / |T g|, how far ASAM climbs along a gradient g (Kwon et al. 2021, eq. 6)."""
    measure = units(params)
    return scale(tree_map(torch.mul, measure, unit(tree_map(torch.mul, measure, gradient))), radius)


def _slope(loss, params, state, batch, context):
    """In the place of a step: the gradient, where parameters are expected."""
    return grad(loss)(params, batch), state, {}


@register(
    search={"strength": STRENGTH, "radius": asam.spec.own_search["radius"]},
    base=sgd,
    off={"strength": 0.0, "radius": 0.0},
    networks=("mlp", "mlp_2", "mlp_4", "mlp_8"),
)
def asam_activation_entropy(base: Method, strength: Tensor, radius: Tensor) -> Method:
    """The base's step with the gradient of activation_entropy's loss at the top of ASAM's climb on that loss (ours).

    Two gradient evaluations a step. At the top the scales of units take in the activations there; those that are kept
    took in the activations at the parameters themselves. At strength 0 it is `asam`, at radius 0 `activation_entropy`.
    """
    coded = with_scaled_loss(base.replace(step=_slope), strength, entropies)

    def step(loss, params, state, batch, context):
        gradient, after, info = coded.step(loss, params, state, batch, context)
        top = add(params, climb(params, gradient, radius))
        steepest, _, _ = coded.step(loss, top, state, batch, context)
        # A linear loss has this gradient everywhere, so that no pass is taken again.
        params, inner, found = base.step(lambda p, b: dot(steepest, p), params, state.inner, batch, context)
        return params, after._replace(inner=inner), found | info

    return coded.replace(step=step)
