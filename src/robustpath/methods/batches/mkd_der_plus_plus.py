"""Momentum knowledge distillation on DER++: a slow model teaches on the batch and the memory."""

from torch import Tensor
from torch.nn.functional import cross_entropy

from robustpath.core.parameters import lerp
from robustpath.methods.base import Method, register
from robustpath.methods.batches.der_plus_plus import der_plus_plus
from robustpath.methods.batches.mkd_er import SEARCH, TEMPERATURE, State, between
from robustpath.methods.replay import joined
from robustpath.methods.teacher import distillation


@register(search=SEARCH, base=der_plus_plus, cite="michel2024mkd")
def mkd_der_plus_plus(base: Method, weight: Tensor, rate: Tensor) -> Method:
    """DER++'s loss, cross-entropy and weight T² KL(teacher || student) on batch and second draw (Michel et al. 2024).

    As in Nicolas1203/mkd_ocl@de0505c, src/learners/ema/derpp_ema.py, which adds cross-entropy on these examples once
    more, since they are other views there. The teacher, T, the ranges, what is scored and the differences from what is
    published are those of mkd_er.
    """

    def init(params):
        return State(base.init(params), params)

    def step(loss, params, state, batch, context):
        seen = joined(batch, context.given["other_replay"])
        taught = context.network(state.teacher, seen.inputs)

        def with_teacher(p, b):
            logits = context.network(p, seen.inputs)
            more = cross_entropy(logits, seen.labels) + weight * distillation(logits, taught, TEMPERATURE)
            return loss(p, b) + more

        params, inner, info = base.step(with_teacher, params, state.inner, batch, context)
        return params, State(inner, lerp(state.teacher, params, rate)), info

    def arrive(loss, params, state, batch, context):
        return state._replace(inner=base.arrive(loss, params, state.inner, batch, context))

    return base.replace(init=init, arrive=arrive, step=step, readout=between)
