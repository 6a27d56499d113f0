"""Group DRO: descend a mean over groups whose weights rise with the losses of the groups."""

from typing import Any, NamedTuple

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy

from robustpath.core.parameters import dot
from robustpath.methods.base import Method, grad_and_value, log_uniform, register
from robustpath.methods.grouping import ROOM, averages, count, membership
from robustpath.methods.minima.sgd import sgd


class State(NamedTuple):
    """inner: the base's state; weights: q of each group [ROOM], of which only the ratios count."""

    inner: Any
    weights: Tensor


@register(search={"group_rate": log_uniform(1e-3, 0.3, default=0.01)}, base=sgd, cite="sagawa2020distributionally")
def group_dro(base: Method, group_rate: Tensor) -> Method:
    """q_g <- q_g exp(group_rate L_g) / sum, then the base's step on sum_g q_g L_g (Sagawa et al. 2020, alg. 1).

    L_g is the mean loss of the batch's examples of group g. As in the authors' program (kohpangwei/group_DRO, loss.py),
    all groups take part in one batch, q begins equal, and L_g = 0 where the batch has no example of g: q_g then falls
    against that of the others. Their adjustment C / sqrt(n_g), which is off there by default, is left out.
    """

    def step(loss, params, state, batch, context):
        groups, examples = context.given["groups"], len(batch.labels)
        members = membership(groups, examples)

        def robust(p, b):
            logits = context.network(p, b.inputs)
            losses = averages(cross_entropy(logits, b.labels, reduction="none"), members)
            there = torch.arange(ROOM, device=losses.device) < logits.shape[-1] * count(groups)
            raised = torch.where(there, state.weights * torch.exp(group_rate * losses.detach()), 0.0)
            weights = raised / raised.sum()
            return (weights * losses).sum(), weights

        gradient, (value, weights) = grad_and_value(robust, has_aux=True)(params, batch)
        # A linear loss has this gradient everywhere: the base takes its step, and the pass is taken once.
        params, inner, info = base.step(lambda p, b: dot(gradient, p), params, state.inner, batch, context)
        return params, State(inner, weights), info | {"loss": value, "largest_weight": weights.max()}

    def init(params):
        return State(base.init(params), torch.ones(ROOM))

    def readout(params, state):
        return base.readout(params, state.inner)

    return base.replace(init=init, step=step, readout=readout, needs={**base.needs, "groups": 1})
