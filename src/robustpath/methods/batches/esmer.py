"""ESMER: examples with a large error count less, and are not stored."""

from typing import Any, NamedTuple

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy, mse_loss

from robustpath.core.types import Params
from robustpath.methods.base import Method, log_uniform, register, uniform
from robustpath.methods.batches.online_sgd import online_sgd
from robustpath.methods.replay import Kept, joined, keep, nothing_kept, zero
from robustpath.methods.teacher import follow

MEMORY_OF_ERRORS = 0.01  # the rate of the average error, of batches


class State(NamedTuple):
    """inner: the base's state; teacher: the average of the parameters, after `steps` steps; error: the average error
    of the examples before this batch; next_error: this batch included; stored: 1 beside examples that it stores."""

    inner: Any
    teacher: Params
    steps: Tensor
    error: Tensor
    next_error: Tensor
    stored: Kept


@register(
    search={
        "weight": log_uniform(0.02, 4.0, default=0.2),
        "rate": log_uniform(0.0005, 0.3, default=0.01),
        "margin": uniform(1.0, 4.0, default=1.0),
    },
    base=online_sgd,
    cite="sarfraz2023esmer",
)
def esmer(base: Method, weight: Tensor, rate: Tensor, margin: Tensor) -> Method:
    """mean c CE on the batch + CE and weight mean (z - z')² on replay, c = min(1, e / e_i) (Sarfraz et al. 2023).

    z' and the errors e_i (cross-entropies) are those of an average of the parameters that moves by `rate` after each
    step, and that is scored; c = e / e_i only where e_i >= margin e. The average error e takes of each batch the
    examples with an error of at most one standard deviation above its mean. As in NeurAI-Lab/ESMER@d528999,
    models/esmer.py. Not as published: the teacher moves in each step, where theirs moves in a random share of the
    steps; their rates, 0.001 times that share, are for runs of many passes over each task, so that larger ones are
    tried here, 0.01 by default. There is no warm-up after the start of a task, which would have to be known. The memory
    is that of all methods: an example that ESMER would not have stored (e_i > margin e) has weight 0 where it is
    replayed, so that fewer than 20 count. Reported: `stored`, the share that counts.
    """

    def init(params):
        return State(base.init(params), params, zero(params), zero(params), zero(params), nothing_kept(params))

    def arrive(loss, params, state, batch, context):
        errors = cross_entropy(context.network(state.teacher, batch.inputs), batch.labels, reduction="none")
        usual = (~(errors > errors.mean() + errors.std())).to(errors.dtype)
        mean = (usual * errors).sum() / usual.sum()
        rate_of_errors = torch.clamp_min(1 / (state.stored.batches + 2), MEMORY_OF_ERRORS)
        known = state.next_error
        taken = ((errors <= margin * known) | (known == 0)).to(errors.dtype)
        return state._replace(
            error=known,
            next_error=known + rate_of_errors * (mean - known),
            stored=keep(state.stored, batch.positions, taken),
        )

    def step(loss, params, state, batch, context):
        replay, size = context.given["replay"], len(batch.inputs)
        seen = joined(batch, replay)
        taught = context.network(state.teacher, seen.inputs)
        errors = cross_entropy(taught[:size], batch.labels, reduction="none")
        large = (errors >= margin * state.error) & (state.error > 0)
        modulation = torch.where(large, state.error / errors, 1.0)
        counts = state.stored.now[replay.positions]
        share = counts / counts.sum().clamp_min(1)

        def modulated(p, b):
            logits = context.network(p, seen.inputs)
            each = cross_entropy(logits, seen.labels, reduction="none")
            distance = mse_loss(logits[size:], taught[size:], reduction="none").mean(1)
            return (modulation * each[:size]).mean() + (share * (each[size:] + weight * distance)).sum()

        params, inner, info = base.step(modulated, params, state.inner, batch, context)
        steps = state.steps + 1
        teacher = follow(state.teacher, params, rate, steps)
        return params, state._replace(inner=inner, teacher=teacher, steps=steps), info | {"stored": counts.mean()}

    return base.replace(
        init=init,
        arrive=arrive,
        step=step,
        readout=lambda params, state: state.teacher,
        needs={**base.needs, "replay": 20},
    )
