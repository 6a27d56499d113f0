"""EpiBall: an episodic memory inside the model, whose keys stay valid because the network stays in a ball."""

from typing import Any, NamedTuple

import torch
from torch import Tensor

from robustpath.core.parameters import lerp, where
from robustpath.core.types import Batch, Params
from robustpath.methods.base import Method, choice, log_uniform, register, uniform
from robustpath.methods.batches.online_sgd import online_sgd
from robustpath.methods.distances import forward_kl
from robustpath.methods.memory import empty, put
from robustpath.methods.stored import divided, emptied, features, layer, written
from robustpath.models.recall import energies

REPLAYED = 20  # examples a step, two for each of the batch
OLD = 200  # batches after which a key counts as old


class Validity(NamedTuple):
    """How valid keys are, on the examples replayed as a batch left, as shares of them or means over them (scalars).

    staleness: |φ(x) - k| / |k| of the features now and the key, 0 where the key is not written yet; old_read: the share
    whose keys are older than OLD batches; old_right: the share of those too whose label is that of the highest reading
    of the other old keys alone. The ratio of the last two, old_right / old_read, is the accuracy on old keys.
    """

    staleness: Tensor
    old_read: Tensor
    old_right: Tensor


class State(NamedTuple):
    """inner: the base's state; anchor: the slow parameters; batches: how many have left; since: the number of the batch
    with which each slot was written [CAPACITY + 1]; validity: of the keys, as the last batch left."""

    inner: Any
    anchor: Params
    batches: Tensor
    since: Tensor
    validity: Validity


def readings(queries: Tensor, stored: Params, readable: Tensor) -> Tensor:
    """log p_mem [b, classes] of `queries` [b, d] from the slots that are `readable`, [slots + 1] or [b, slots + 1]."""
    name = layer(stored)
    found = energies(queries, stored[f"{name}keys"], readable, stored[f"{name}reach"], stored[f"{name}tail"])
    mixed = (-found).softmax(1) @ stored[f"{name}values"]
    return mixed.clamp_min(torch.finfo(mixed.dtype).tiny).log()


def validity(stored: Params, since: Tensor, batches: Tensor, replay: Batch, now: Tensor) -> Validity:
    """How valid the keys of `replay` are when its features are `now` [b, d]; see Validity."""
    name = layer(stored)
    keys, filled = stored[f"{name}keys"], stored[f"{name}filled"]
    own, known = keys[replay.positions], filled[replay.positions]
    moved = (now - own).norm(dim=1) / own.norm(dim=1).clamp_min(torch.finfo(own.dtype).eps)
    old = filled * (batches - since > OLD)
    others = old * (torch.arange(len(old), device=old.device) != replay.positions[:, None])
    right = readings(now, stored, others).argmax(1) == replay.labels
    share = old[replay.positions]
    return Validity(torch.where(known > 0, moved, 0.0).mean(), share.mean(), (share * right).mean())


@register(
    search={
        "memory": choice(0.0, 1.0, default=1.0),
        "ball": log_uniform(0.3, 100.0, default=10.0),
        "consolidation": log_uniform(0.03, 10.0, default=0.3),
        "temperature": log_uniform(1e-3, 1.0, default=0.03),
        "trust": uniform(-4.0, 4.0, default=0.0),
        "decay": choice(0.8, 0.9, 0.95, default=0.9),
    },
    base=online_sgd,
    cite="sprechmann2018mbpa",
    off={"memory": 0.0, "ball": 0.0},
    networks=("episodic_mlp",),
)
def epi_ball(
    base: Method, memory: Tensor, ball: Tensor, consolidation: Tensor, temperature: Tensor, trust: Tensor, decay: Tensor
) -> Method:
    """CE_θ(B) + `ball` KL(p_a || p_θ) + `memory` `consolidation` KL(p_mem || p_θ), both on replayed inputs x'.

    p_θ is the network without its memory, p_a that of the anchor, an average of θ over batches with decay `decay`, and
    p_mem reads the keys by exp(-|φ(x') - k|² / τ), τ = `temperature` times the mean |k|². What is scored is
    (1 - g) p_θ + g p_mem with g = sigmoid(`trust` - |φ(x) - k|² / τ) for the nearest key k. As a batch leaves, those of
    its examples that the stream's memory keeps are written, with the features that they have then. `memory` 0 or 1 and
    `ball` 0 or more are the four cells of a 2 x 2 design; all take the same gradients. The method is ours; reading and
    mixing a memory of features is from Khandelwal et al. 2020 and Sprechmann et al. 2018.
    """

    def init(params):
        trained, _ = divided(params)
        zero = torch.zeros_like(next(iter(trained.values())).sum())
        return State(base.init(trained), trained, zero, empty().to(zero), Validity(zero, zero, zero))

    def step(loss, params, state, batch, context):
        trained, stored = divided(params)
        quiet, replay = emptied(stored), context.given["replay"]
        filled = stored[f"{layer(stored)}filled"]
        known = context.network(state.anchor | quiet, replay.inputs)
        holding = ball * (state.batches > 0)  # the start is no anchor
        teaching = consolidation * memory * (filled.sum() > 0)

        def held(p, b):
            queries, logits = features(context, p | stored, replay.inputs)
            pull = teaching * forward_kl(logits, readings(queries.detach(), stored, filled))
            return loss(p | quiet, b) + holding * forward_kl(logits, known) + pull

        trained, inner, info = base.step(held, trained, state.inner, batch, context)
        return trained | stored, state._replace(inner=inner), info | state.validity._asdict()

    def leave(loss, params, state, batch, context):
        replay, (trained, stored) = context.given["replay"], divided(params)
        entering, _ = features(context, params, torch.cat([batch.inputs, replay.inputs]))
        keys, now = entering[: len(batch.inputs)], entering[len(batch.inputs) :]
        found = validity(stored, state.since, state.batches, replay, now)
        params = written(params, batch, keys, memory > 0, offset=trust, slope=torch.ones_like(trust))
        name = layer(params)
        squares, filled = params[f"{name}keys"].square().sum(1), params[f"{name}filled"]
        reach = temperature * (filled * squares).sum() / filled.sum().clamp_min(1)
        params = params | {f"{name}reach": torch.where(reach > 0, reach, 1.0)}
        anchor = where(state.batches > 0, lerp(trained, state.anchor, decay), trained)
        since = put(state.since, batch.positions, state.batches.expand(len(keys)))
        return params, State(state.inner, anchor, state.batches + 1, since, found)

    return base.replace(init=init, step=step, leave=leave, needs={**base.needs, "replay": REPLAYED})
