"""A part of the memory that no step uses, and a ball whose radius follows what a batch gains there.

Every fifth slot of the memory is held out: its examples are not among those that the distance is measured on, and no
gradient is taken of their loss. An example that came to lie there was learnt from once, with its own batch.
"""

from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy

from robustpath.core.parameters import where
from robustpath.methods.base import Context, Method, Params
from robustpath.methods.distances import forward_kl
from robustpath.methods.holding import Ball, Seen, State
from robustpath.methods.radius import LARGEST, LOWEST, REACHED, Controller

EVERY = 5  # slots, one is held out
HELD = 20  # examples of the slice that are read
TRUSTED = 3.0  # the share of a gain from which on the radius grows, in units of that below which it shrinks
SHRUNK, GROWN = 0.5, 2.0


class Judgement(NamedTuple):
    """radius: of the next batch; clamped: 1 where it met a bound; rejected: 1 where the batch is not learnt from."""

    radius: Tensor
    clamped: Tensor
    rejected: Tensor


class Judged(NamedTuple):
    """ball: the state of the method in its ball; own, held: the losses of the batch and of the slice as the batch
    arrived; own_gain, held_gain: by how much the batch before lowered them; rejected: 1 where it was not
    learnt from."""

    ball: State
    own: Tensor
    held: Tensor
    own_gain: Tensor
    held_gain: Tensor
    rejected: Tensor


def held_out(slots: Tensor) -> Tensor:
    """Which slots [n] of the memory belong to the slice, bool [n]."""
    return slots % EVERY == 0


def held_loss(context: Context, params: Params) -> Tensor:
    """The mean cross-entropy of the slice, a scalar; rows that the memory repeats may not belong to it, and have weight
    0."""
    memory = context.given["memory"]
    losses = cross_entropy(context.network(params, memory.inputs[::EVERY]), memory.labels[::EVERY], reduction="none")
    counts = held_out(memory.positions[::EVERY]).to(losses.dtype)
    return (counts * losses).sum() / counts.sum()


def outside() -> Ball:
    """The ball of the forward KL divergence on the replayed examples outside the slice; 0 where there is none."""

    def look(context: Context, params: Params, inputs: Tensor) -> Seen:
        counts = ~held_out(context.given["replay"].positions)
        return {"logits": context.network(params, inputs), "counts": counts}

    def distance(now: Seen, then: Seen, params: Params) -> Tensor:
        counts = then["counts"]
        # Equal logits have no divergence, so that the mean over all has the sum over those that count.
        mean = forward_kl(torch.where(counts[:, None], now["logits"], then["logits"]), then["logits"])
        return mean * len(counts) / counts.sum().clamp_min(1)

    return Ball(distance, look)


def judgement(
    radius: Tensor, start: Tensor, doubted: Tensor, own_gain: Tensor, held_gain: Tensor, ratio: Tensor
) -> Judgement:
    """C2: by rho, the gain on the slice as a share of that on the batch; `ratio`: distance / radius.

    Below `doubted` the radius is halved, above three times that it is doubled if the ball was reached (1/4 and 3/4 are
    usual for trust regions); it stays in the range of all controllers, [r0 / 100, 10 r0] for r0 = `start`. A batch with
    rho < 0 is rejected, and so is one whose steps did not lower its own loss, for which the share has no meaning.
    """
    rejected = (held_gain < 0) | (own_gain <= 0)
    grown = torch.where((held_gain > TRUSTED * doubted * own_gain) & (ratio > REACHED), radius * GROWN, radius)
    wanted = torch.where(rejected | (held_gain < doubted * own_gain), radius * SHRUNK, grown)
    kept = torch.minimum(torch.maximum(wanted, LOWEST * start), LARGEST * start)
    return Judgement(kept, (kept != wanted).to(kept), rejected.to(kept))


def given_radius(radius: Tensor) -> Controller:
    """The controller of a ball whose radius is judged from outside: it passes on (radius, clamped), its state."""
    return Controller(lambda: (radius, (radius, torch.zeros(()))), lambda state, facts: (*state, state))


def judged(method: Method, radius: Tensor, doubted: Tensor) -> Method:
    """A method in a ball about the model before the batch (age 0) with `given_radius`: after each batch, its radius
    follows `judgement`, and the parameters are those before the batch where that rejects it.

    The loss of the slice is read twice a batch and that of the batch once more, after its last step. Reported of the
    batch before: `own_gain` and `held_gain`, in nats, and `rejected`.
    """

    def init(params):
        nothing = torch.zeros(())
        return Judged(method.init(params), nothing, nothing, nothing, nothing, nothing)

    def arrive(loss, params, state, batch, context):
        ball = method.arrive(loss, params, state.ball, batch, context)
        return state._replace(ball=ball, own=loss(params, batch), held=held_loss(context, params))

    def step(loss, params, state, batch, context):
        params, ball, info = method.step(loss, params, state.ball, batch, context)
        of_last = {"own_gain": state.own_gain, "held_gain": state.held_gain, "rejected": state.rejected}
        return params, state._replace(ball=ball), info | of_last

    def leave(loss, params, state, batch, context):
        before = state.ball.anchor
        params, ball = method.leave(loss, params, state.ball, batch, context)
        own_gain, held_gain = state.own - loss(params, batch), state.held - held_loss(context, params)
        found = judgement(ball.radius, radius, doubted, own_gain, held_gain, ball.ratio)
        params = where(found.rejected > 0, before, params)
        ball = ball._replace(anchor=params, control=(found.radius, found.clamped))
        return params, state._replace(ball=ball, own_gain=own_gain, held_gain=held_gain, rejected=found.rejected)

    return method.replace(
        init=init,
        arrive=arrive,
        step=step,
        leave=leave,
        readout=lambda params, state: method.readout(params, state.ball),
        needs={**method.needs, "memory": EVERY * HELD},
    )
