"""Controllers of the radius of a ball: pure functions (state, facts) -> (radius, clamped, state), called as a batch
arrives. No controller knows a task or where the stream ends.

Each starts from r0 and keeps its radius in [r0 / 100, 10 r0]; `clamped` is 1 where it would have left that range.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import torch
from torch import Tensor

LOWEST, LARGEST = 0.01, 10.0  # of radius / r0
DECAY = 0.9  # of all averages, a batch
TRUSTED = 8 / 3  # the share of a gain from which on the radius grows, in units of that below which it shrinks
SHRUNK, GROWN = 0.9, 1.1
REACHED = 1 / 1.5  # distance / radius from which on a ball counts as used
SURPRISED = 4.0  # the largest factor of surprise
SHARE = 0.01  # of what is left of a budget, for an average batch


class Facts(NamedTuple):
    """What a controller may ask for (its `wants` in brackets), scalars; 0 where it does not.

    loss [loss, gain]: of the batch that arrives. held_gain [gain]: by how much the steps on the batch before have
    lowered it. own_gain [gain]: by how much they have lowered the loss of their own batch. signal, noise [halves]:
    estimates of |G|² and of the trace of the covariance of one example's gradient. size: of the batch. ratio: distance
    / radius after the batch before.
    """

    loss: Tensor
    held_gain: Tensor
    own_gain: Tensor
    signal: Tensor
    noise: Tensor
    size: int
    ratio: Tensor


class Controller(NamedTuple):
    """begin() -> (radius, state); arrived(state, facts) -> (radius, clamped, state); wants: of the facts, what it
    uses."""

    begin: Callable[[], tuple[Tensor | float, Any]]
    arrived: Callable[[Any, Facts], tuple[Tensor, Tensor, Any]]
    wants: frozenset[str] = frozenset()


class Averages(NamedTuple):
    """Decaying means of two numbers after so many batches; begun with the first."""

    first: Tensor
    second: Tensor
    batches: Tensor


def fixed(radius: Tensor | float) -> Controller:
    """C0: always the same."""

    def arrived(state, facts):
        nothing = torch.zeros_like(facts.ratio)
        return nothing + radius, nothing, state

    return Controller(lambda: (radius, ()), arrived)


def decay(radius: Tensor, horizon: Tensor, power: Tensor) -> Controller:
    """C1: r0 (1 + t / horizon)^-power on batch t = 0, 1, …"""

    def arrived(batches, facts):
        return *_bounded(radius * (1 + batches / horizon) ** -power, radius), batches + 1

    return Controller(lambda: (radius, torch.zeros(())), arrived)


def trust(radius: Tensor, doubted: Tensor) -> Controller:
    """C2p: by the share of the gain on a batch that the next batch, before its first step, confirms.

    Gains are averaged apart, then divided. Below `doubted` the radius shrinks by 0.9; above 8/3 of that it grows by
    1.1, if the ball was reached. For small steps the share is 1 / (1 + tr Sigma / (b |G|²)): where the gradients have
    more noise than `doubted` allows, the radius falls to its bound.
    """

    def arrived(state, facts):
        now, means = state
        means = _averaged(means, facts.held_gain, facts.own_gain)
        share = means.first / means.second.clamp_min(torch.finfo(means.second.dtype).tiny)
        grown = torch.where((share > TRUSTED * doubted) & (facts.ratio > REACHED), now * GROWN, now)
        wanted = torch.where(share < doubted, now * SHRUNK, grown)
        now, clamped = _bounded(torch.where(means.batches > 1, wanted, now), radius)  # none is before the first batch
        return now, clamped, (now, means)

    return Controller(lambda: (radius, (torch.zeros(()) + radius, _none())), arrived, frozenset({"gain"}))


def snr(radius: Tensor) -> Controller:
    """C3: r0 s², s = |G|² / (|G|² + tr Sigma / b), the best share of a full step (McCandlish et al. 2018, eq. 2.7)."""

    def arrived(means, facts):
        means = _averaged(means, facts.signal, facts.noise)
        return *_bounded(radius * _coherent(means, facts.size), radius), means

    return Controller(lambda: (radius, _none()), arrived, frozenset({"halves"}))


def surprise(radius: Tensor, gamma: Tensor) -> Controller:
    """C4: r0 (L / mean L)^gamma, the factor in [1/4, 4], with the mean over the batches before; gamma > 0 opens the
    ball for what is new, gamma < 0 closes it."""

    def arrived(means, facts):
        factor = _novel(means, facts, gamma)
        return *_bounded(radius * factor, radius), _averaged(means, facts.loss, facts.loss)

    return Controller(lambda: (radius, _none()), arrived, frozenset({"loss"}))


def surprise_snr(radius: Tensor, gamma: Tensor) -> Controller:
    """C5: the factors of `surprise` and `snr` together: wide for a batch that is new and coherent."""

    def arrived(state, facts):
        losses, gradients = state
        factor = _novel(losses, facts, gamma)
        gradients = _averaged(gradients, facts.signal, facts.noise)
        factor = factor * _coherent(gradients, facts.size)
        return *_bounded(radius * factor, radius), (_averaged(losses, facts.loss, facts.loss), gradients)

    return Controller(lambda: (radius, (_none(), _none())), arrived, frozenset({"loss", "halves"}))


def budget(radius: Tensor, gamma: Tensor) -> Controller:
    """C6: all radii together are at most r0 / SHARE. A batch gets SHARE of what is left, times the factor of
    `surprise_snr`; the least radius, r0 / 100, is given even when nothing is left."""
    inner = surprise_snr(torch.ones_like(radius), gamma)

    def arrived(state, facts):
        left, within = state
        factor, _, within = inner.arrived(within, facts)
        now, clamped = _bounded(SHARE * left * factor, radius)
        return now, clamped, ((left - now).clamp_min(0.0), within)

    return Controller(lambda: (radius, (torch.zeros(()) + radius / SHARE, inner.begin()[1])), arrived, inner.wants)


def _bounded(wanted: Tensor, start: Tensor) -> tuple[Tensor, Tensor]:
    """The radius in its range, and 1 where that changed it."""
    kept = torch.minimum(torch.maximum(wanted, LOWEST * start), LARGEST * start)
    return kept, (kept != wanted).to(kept)


def _none() -> Averages:
    return Averages(torch.zeros(()), torch.zeros(()), torch.zeros(()))


def _averaged(means: Averages, first: Tensor, second: Tensor) -> Averages:
    weight = torch.where(means.batches > 0, 1 - DECAY, 1.0)
    return Averages(
        means.first + weight * (first - means.first),
        means.second + weight * (second - means.second),
        means.batches + 1,
    )


def _coherent(means: Averages, size: int) -> Tensor:
    """s², 0 where the estimate of |G|² is not positive."""
    signal = means.first.clamp_min(0.0)
    return (signal / (signal + means.second / size).clamp_min(torch.finfo(signal.dtype).tiny)).square()


def _novel(means: Averages, facts: Facts, gamma: Tensor) -> Tensor:
    """(L / mean L)^gamma in [1/4, 4]; 1 on the first batch."""
    usual = torch.where(means.batches > 0, means.first, facts.loss)
    tiny = torch.finfo(usual.dtype).tiny
    return (
        (facts.loss.clamp_min(tiny) / usual.clamp_min(tiny)).clamp(1e-6, 1e6).pow(gamma).clamp(1 / SURPRISED, SURPRISED)
    )
