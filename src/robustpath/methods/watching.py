"""What a controller of the radius wants to know of a batch as it arrives, and as its last step is done."""

from collections.abc import Collection
from typing import NamedTuple

import torch
from torch import Tensor

from robustpath.core.parameters import dot, subtract
from robustpath.methods.base import Batch, Loss, Params, grad
from robustpath.methods.radius import Facts


class Watched(NamedTuple):
    """before: the parameters before the last batch; loss: of that batch then; gain: by how much its own
    steps have lowered it."""

    before: Params
    loss: Tensor
    gain: Tensor


def watched_before(wants: Collection[str], params: Params) -> Watched:
    """What is remembered before the first batch; the parameters where a controller compares gains."""
    return Watched(params if "gain" in wants else {}, torch.zeros(()), torch.zeros(()))


def watch(
    wants: Collection[str], loss: Loss, params: Params, seen: Watched, batch: Batch, ratio: Tensor
) -> tuple[Facts, Watched]:
    """The facts of a batch that arrives, and what to remember. A forward pass for the loss, another for the gain, and
    a gradient for the halves."""
    nothing = torch.zeros_like(ratio)
    now = loss(params, batch) if {"loss", "gain"} & set(wants) else nothing
    held = loss(seen.before, batch) - now if "gain" in wants else nothing
    signal, noise = halves(loss, params, batch) if "halves" in wants else (nothing, nothing)
    facts = Facts(now, held, seen.gain, signal, noise, len(batch.inputs), ratio)
    return facts, seen._replace(before=params, loss=now) if "gain" in wants else seen


def watch_after(wants: Collection[str], loss: Loss, params: Params, seen: Watched, batch: Batch) -> Watched:
    """What to remember of a batch after its last step: a forward pass for the gain."""
    return seen._replace(gain=seen.loss - loss(params, batch)) if "gain" in wants else seen


def halves(loss: Loss, params: Params, batch: Batch) -> tuple[Tensor, Tensor]:
    """Unbiased estimates of |G|² and tr Sigma, Sigma the covariance of one example's gradient, from the gradients of
    two halves of a batch (McCandlish et al. 2018, appendix A.1): g_a g_b, and b/2 |g_a - g_b|² for b examples each."""
    size = len(batch.inputs) // 2
    parts = [Batch(batch.inputs[start : start + size], batch.labels[start : start + size]) for start in (0, size)]
    first, second = (grad(loss)(params, part) for part in parts)
    apart = subtract(first, second)
    return dot(first, second), 0.5 * size * dot(apart, apart)
