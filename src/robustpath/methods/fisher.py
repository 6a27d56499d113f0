"""The diagonal of the empirical Fisher information, and the quadratic penalty that it weighs."""

from typing import Any, NamedTuple

import torch
from torch import Tensor

from robustpath.core.parameters import dot, subtract, tree_map, zeros_like
from robustpath.methods.base import Batch, Loss, Method, Params, grad_and_value


def gradients_and_losses(loss: Loss, params: Params, batch: Batch) -> tuple[Params, Tensor]:
    """The gradients of the loss of every single example of the batch, each tensor with a first axis of examples [b],
    and these losses [b].

    Every example has a copy of the parameters of its own, which shares their memory: so the engine sees, and counts,
    one pass over one example for each of them.
    """
    count = len(batch.inputs)
    copies = tree_map(lambda w: w.expand(count, *w.shape), params)

    def of_one(p, inputs, label):
        return grad_and_value(loss)(p, Batch(inputs[None], label[None]))

    return torch.vmap(of_one)(copies, batch.inputs, batch.labels)


def mean_square(examples: Params) -> Params:
    """The diagonal of the empirical Fisher from the gradients of single examples [b, …]: their mean square."""
    return tree_map(lambda g: g.square().mean(0), examples)


class Consolidated(NamedTuple):
    """inner: the base's state; anchor: the parameters after the batch before; fisher: the sum of the Fishers so far."""

    inner: Any
    anchor: Params
    fisher: Params


def consolidated(base: Method, strength: Tensor, decay: Tensor) -> Method:
    """The base's steps on the loss plus (strength / 2) sum_i F_i (w_i - a_i)².

    After a batch a = w and F <- decay F + F_batch, where F_batch is the mean over the batch of the squared gradients
    of log p(label | x) for the labels as they are given: the empirical Fisher, one gradient evaluation a batch. With
    a loss that is a mean over the batch, strength 1 and decay 1 weigh all examples alike.
    """

    def init(params):
        return Consolidated(base.init(params), params, zeros_like(params))

    def step(loss, params, state, batch, context):
        def penalised(p, b):
            move = subtract(p, state.anchor)
            return loss(p, b) + strength / 2 * dot(state.fisher, tree_map(torch.square, move))

        params, inner, info = base.step(penalised, params, state.inner, batch, context)
        return params, state._replace(inner=inner), info

    def leave(loss, params, state, batch, context):
        new = mean_square(gradients_and_losses(loss, params, batch)[0])
        return params, Consolidated(state.inner, params, tree_map(lambda f, g: decay * f + g, state.fisher, new))

    return base.replace(init=init, step=step, leave=leave)
