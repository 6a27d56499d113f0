"""BBI: frictionless motion of constant energy, which slows down where the loss is small."""

from typing import NamedTuple

import torch
from torch import Tensor

from robustpath.core.parameters import dot, norm, scale, tree_map, unit, where, zeros_like
from robustpath.methods.base import Method, Params, grad_and_value, log_uniform, register

# The authors' run on CIFAR-10 (150 epochs of 391 steps) bounces every 100 steps, 100 times, and after 2,000 steps
# without a new lowest loss. The same shares of 1,000 steps would be a bounce every other step: these are fewer.
BOUNCES = 5  # at fixed times (N_b)
BOUNCE_EVERY = 0.05  # of the budget (T_0)
PATIENCE = 0.1  # of the budget without a new lowest loss (T_1)
LEAST_LOSS = 1e-30  # below which it stands still, as E/V would overflow (1e-40 in the authors' code)


class State(NamedTuple):
    """momentum: pi; energy: E; lowest: the lowest loss so far; improved: the progress at which it, or a bounce, came;
    bounces: how many came at fixed times; started: whether the energy is known yet."""

    momentum: Params
    energy: Tensor
    lowest: Tensor
    improved: Tensor
    bounces: Tensor
    started: Tensor


def total_energy(potential: Tensor, momentum: Params) -> Tensor:
    """E = sqrt(V² + V |pi|²) (De Luca & Silverstein 2022)."""
    return (potential**2 + potential * dot(momentum, momentum)).sqrt()


def rescaled(momentum: Params, potential: Tensor, energy: Tensor) -> Params:
    """`momentum` with the length that gives the energy, |pi|² = V ((E/V)² - 1); as it is where V > E leaves none."""
    squared = (energy - potential) * (energy + potential) / potential
    return where(squared >= 0, scale(unit(momentum), squared.clamp_min(0).sqrt()), momentum)


def advanced(
    params: Params, momentum: Params, gradient: Params, potential: Tensor, energy: Tensor, time: Tensor
) -> tuple[Params, Params]:
    """(params, momentum) after `time`: pi <- pi - time/2 (V/E + E/V) g; w <- w + time (V/E) pi."""
    slowness = potential / energy
    momentum = tree_map(lambda p, g: p - 0.5 * time * (slowness + 1 / slowness) * g, momentum, gradient)
    return tree_map(lambda w, p: w + time * slowness * p, params, momentum), momentum


@register(search={"learning_rate": log_uniform(0.02, 0.5, default=0.2)}, cite="deluca2022born")
def bbi(learning_rate: Tensor) -> Method:
    """BBI: pi <- pi - lr/2 (V/E + E/V) g; w <- w + lr (V/E) pi, with the energy E = sqrt(V² + V |pi|²) of the start
    (De Luca & Silverstein 2022).

    V = L is the loss of the batch, g its gradient, E that of the first batch (their Delta V and delta E are zero, as in
    their run on CIFAR-10), so that pi starts at zero. The speed is at most sqrt(V): the motion has no friction and
    comes to rest where the loss vanishes. Before every step pi is rescaled to the energy, and left as it is where V is
    above E. A bounce takes the place of a step: pi gets a random direction and keeps the length that it has, which the
    next step rescales, as in the authors' code. It comes a few times after fixed shares of the budget, and whenever the
    loss has not reached a new low for some while; the authors count steps, and draw the direction uniformly from a
    cube.
    """

    def init(params):
        zero = torch.zeros_like(norm(params))
        return State(zeros_like(params), zero, zero + torch.inf, zero, zero, zero > 0)

    def step(loss, params, state, batch, context):
        gradient, value = grad_and_value(loss)(params, batch)
        potential = value.clamp_min(LEAST_LOSS)
        energy = torch.where(state.started, state.energy, potential)
        momentum = rescaled(state.momentum, potential, energy)
        due = (state.bounces < BOUNCES) & (context.progress >= BOUNCE_EVERY * (state.bounces + 1))
        bounce = due | (context.progress - state.improved >= PATIENCE)
        moves = ~bounce & (value > LEAST_LOSS)
        further = advanced(params, momentum, gradient, potential, energy, learning_rate)
        turned = scale(unit(context.given["noise"]), norm(state.momentum))
        better = moves & (potential < state.lowest)
        after = State(
            where(moves, further[1], where(bounce, turned, momentum)),
            energy,
            torch.where(better, potential, state.lowest),
            torch.where(better | bounce, context.progress, state.improved),
            state.bounces + due.to(state.bounces.dtype),
            torch.ones_like(state.started),
        )
        info = {"loss": value, "energy": total_energy(potential, momentum), "bounced": bounce.to(value.dtype)}
        return where(moves, further[0], params), after, info

    return Method(init, step, needs={"noise": 1})
