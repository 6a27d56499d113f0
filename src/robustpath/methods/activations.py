"""Losses on activations: the hidden units of a perceptron, how large each is when it is on, and when a loss counts.

A loss is a sum over units of a mean over examples: a mean over units too would make a strength mean less the wider a
layer is. One pass gives logits and activations, so a step costs what a step of the base costs.
"""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy

from robustpath.core.errors import UserError
from robustpath.core.parameters import dot
from robustpath.methods.base import Batch, Method, grad_and_value, log_uniform

STRENGTH = log_uniform(0.003, 0.1, default=0.03)  # the factor of a loss on activations
BEGIN, WHOLE = 0.2, 0.5  # shares of training: until the first the factor is 0, from the second on it is the strength
KEPT = 0.99  # of a scale, in every step
LEAST = 1e-3  # a unit with a smaller scale is measured by this one
STEEPNESS = 8  # of the sigmoid that tells how much a unit is on
ALL, LAST = slice(None), slice(-1, None)  # of the hidden layers

Outputs = Mapping[str, Tensor]  # of all layers in order, the logits last


class Units(NamedTuple):
    """A hidden layer: what its units are before and after the ReLU, both [b, m], and their scales [m]."""

    before: Tensor
    after: Tensor
    scale: Tensor


class State(NamedTuple):
    """inner: the base's state; scales: [m] of each layer with a loss, 0 for units that were never on."""

    inner: Any
    scales: tuple[Tensor, ...]


def hidden(outputs: Outputs) -> list[tuple[Tensor, Tensor]]:
    """What the units of each hidden layer of a perceptron are before and after the ReLU. UserError for one without."""
    _, *between, _ = outputs.values()
    if not between:
        raise UserError("a loss on activations needs a hidden layer and the network has none: give `hidden` a width")
    return list(zip(between[::2], between[1::2], strict=True))


def rising(progress: Tensor) -> Tensor:
    """The share of its strength that a loss on activations has: 0, from BEGIN to WHOLE a line, then 1."""
    return ((progress - BEGIN) / (WHOLE - BEGIN)).clamp(0, 1)


def total(each: Tensor) -> Tensor:
    """The sum over units of the mean over examples of `each` [b, m]."""
    return each.mean(0).sum()


def followed(scale: Tensor, values: Tensor) -> Tensor:
    """The scales [m] after a batch: s <- KEPT s + (1 - KEPT) sum h² / sum h, for non-negative `values` h [b, m].

    The quotient is the mean of h weighted by itself: where the high values of a unit lie. A unit that is on for the
    first time takes the quotient itself; one that is on for no example of the batch keeps its scale.
    """
    values = values.to(scale)
    sums = values.sum(0)
    seen = values.square().sum(0) / sums.clamp_min(torch.finfo(scale.dtype).tiny)
    moved = torch.where(scale > 0, KEPT * scale + (1 - KEPT) * seen, seen)
    return torch.where(sums > 0, moved, scale)


def relative(units: Units) -> Tensor:
    """a = h / s [b, m], the units after the ReLU in parts of their scales."""
    return units.after / units.scale.clamp_min(LEAST)


def odds(units: Units) -> Tensor:
    """8 (z / s - 1/2) [b, m], whose sigmoid q tells whether a unit is on; z is before the ReLU, so that units that are
    off have a slope too."""
    return STEEPNESS * (units.before / units.scale.clamp_min(LEAST) - 0.5)


def with_loss(base: Method, strength: Tensor, penalty: Callable[[Outputs, Batch], Tensor]) -> Method:
    """The base on the cross-entropy + strength * rising(progress) * penalty(outputs, batch)."""

    def step(loss, params, state, batch, context):
        factor = strength * rising(context.progress)

        def objective(p, b):
            outputs = context.activations(p, b.inputs)
            return cross_entropy(logits(outputs), b.labels) + factor * penalty(outputs, b)

        return base.step(objective, params, state, batch, context)

    return base.replace(step=step)


def with_scaled_loss(
    base: Method, strength: Tensor, penalty: Callable[[Units], Tensor], layers: slice = LAST
) -> Method:
    """The same with the sum of penalty(units) over some hidden `layers`, whose scales are followed."""

    def objective(factor, params, outputs, labels, chosen):
        return cross_entropy(logits(outputs), labels) + factor * sum(penalty(units) for units in chosen)

    return with_scales(base, strength, objective, layers)


def with_scales(base: Method, strength: Tensor, objective: Callable[..., Tensor], layers: slice = LAST) -> Method:
    """The base on objective(strength * rising(progress), params, outputs, labels, units of each of `layers`).

    The scales take in the batch first, and are not differentiated.
    """

    def init(params):
        _, *weights = (tensor for tensor in params.values() if tensor.dim() == 2)
        return State(base.init(params), tuple(torch.zeros_like(weight[0]) for weight in weights[layers]))

    def step(loss, params, state, batch, context):
        factor = strength * rising(context.progress)

        def scaled(p, b):
            outputs = context.activations(p, b.inputs)
            pairs = zip(hidden(outputs)[layers], state.scales, strict=True)
            chosen = [Units(*values, followed(scale, values[1].detach())) for values, scale in pairs]
            scales = tuple(units.scale for units in chosen)
            return objective(factor, p, outputs, b.labels, chosen), scales

        gradient, (value, scales) = grad_and_value(scaled, has_aux=True)(params, batch)
        # A linear loss has this gradient everywhere: the base takes its step, and the pass is taken once.
        params, inner, info = base.step(lambda p, b: dot(gradient, p), params, state.inner, batch, context)
        return params, State(inner, scales), info | {"loss": value}

    def readout(params, state):
        return base.readout(params, state.inner)

    return base.replace(init=init, step=step, readout=readout)


def logits(outputs: Outputs) -> Tensor:
    """What the last layer gives [b, classes]."""
    return list(outputs.values())[-1]
