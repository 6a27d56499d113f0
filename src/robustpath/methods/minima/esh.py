"""ESH dynamics: a warm-up that moves at constant total energy, then the base method."""

from typing import NamedTuple

import torch
from torch import Tensor

from robustpath.core.parameters import dot, norm, scale, subtract, tree_map, unit, where, zeros_like
from robustpath.methods.base import Method, Params, grad_and_value, log_uniform, register, sequence
from robustpath.methods.minima.sgd import sgd
from robustpath.methods.walk import PROBE, SHARE


class State(NamedTuple):
    """start: the first parameters; velocity: its direction, a unit vector; speed: log |v| less its first value;
    level: the first loss; started: whether velocity and level are known yet."""

    start: Params
    velocity: Params
    speed: Tensor
    level: Tensor
    started: Tensor


def turned(velocity: Params, gradient: Params, strength: Tensor) -> tuple[Params, Tensor]:
    """(unit velocity, gain of log |v|) after the time D/|g| in which the gradient keeps its direction, `strength` = D.

    With e = -g/|g| and c = <u, e>: u' = (u + e (sinh D + c (cosh D - 1))) / (cosh D + c sinh D), the solution of
    du/dD = e - <u, e> u, and d log|v|/dD = <u, e> (Ver Steeg & Galstyan 2021). Both parts of the quotient are
    multiplied by 2 exp(-D), as cosh and sinh overflow.
    """
    downhill = scale(unit(gradient), -torch.ones_like(strength))
    along = dot(velocity, downhill)
    decay = torch.exp(-strength)
    pull = (1 - decay**2) + along * (1 - decay) ** 2
    new = unit(tree_map(lambda u, e: 2 * decay * u + pull * e, velocity, downhill))
    growth = (1 + decay**2) + along * (1 - decay**2)
    return new, strength + torch.log(growth / 2)


@register(
    search={"step_length": log_uniform(0.01, 0.1, default=0.05), "temperature": log_uniform(0.1, 1.0, default=0.3)},
    base=sgd,
    cite="versteeg2021esh",
)
def esh(base: Method, step_length: Tensor, temperature: Tensor) -> Method:
    """ESH dynamics for the first quarter of the budget, then the base method: w <- w + eps u, du/dt = |g| (e - <u, e>
    u) / (d T) with e = -g/|g| (Ver Steeg & Galstyan 2021).

    A warm-up and not an optimiser, since its speed never falls: w moves by eps = step_length |w_0| in every step, and
    L/T + d log|v| stays constant, so a low loss is passed fast and a high one slowly. u starts at random and turns by
    the closed form of `turned` in a leapfrog of two half turns a move; d is the number of parameters. They sample from
    exp(-L/T) at T = 1; here T d = 2 `temperature` L(w_0): the energy at which a quadratic loss would average
    `temperature` times the first loss. L is the loss of the probe that our walks hold level, so a step costs what
    theirs does and the two differ in what they keep constant. No setting makes it the base method alone.
    """

    def init(params):
        zero = torch.zeros_like(norm(params))
        return State(params, zeros_like(params), zero, zero, zero > 0)

    def step(loss, params, state, batch, context):
        gradient, value = grad_and_value(loss)(params, context.given["probe"])
        level = torch.where(state.started, state.level, value)
        length = step_length * norm(state.start)
        half = length * norm(gradient) / (4 * temperature * level)
        arriving, gain = turned(state.velocity, gradient, half)
        velocity = where(state.started, arriving, unit(context.given["noise"]))
        speed = torch.where(state.started, state.speed + gain, 0)
        leaving, gain = turned(velocity, gradient, half)
        moved = tree_map(lambda w, u: w + length * u, params, leaving)
        info = {
            "loss": value,
            "energy": value / (temperature * level) + 2 * speed,
            "displacement": norm(subtract(moved, state.start)) / norm(state.start),
        }
        return moved, State(state.start, leaving, speed + gain, level, torch.ones_like(state.started)), info

    return sequence((SHARE, Method(init, step, needs={"noise": 1, "probe": PROBE})), (1 - SHARE, base))
