"""Rescaled start: the control of a walk that moves the weights and not the function, and then the base method."""

from functools import partial

from torch import Tensor

from robustpath.methods.base import Method, Params, log_uniform, register, sequence
from robustpath.methods.geometry import chain
from robustpath.methods.minima.sgd import sgd
from robustpath.methods.orbit import rescaled_to_distance
from robustpath.methods.waiting import waiting
from robustpath.methods.walk import SHARE


def rescaled_at_random(params: Params, noise: Params, distance: Tensor) -> Params:
    """`params` with every ReLU unit rescaled by a log-normal factor, at `distance` times their norm.

    A unit's normal number is the mean of those that its ingoing weights drew; its scale does not matter.
    """
    rates = [noise[f"{layer}.weight"].mean(1) for layer in chain(params)[:-1]]
    return rescaled_to_distance(params, rates, distance)


@register(search={"distance": log_uniform(0.1, 1.0, default=0.5)}, base=sgd, cite="dinh2017sharp")
def rescaled_start(base: Method, distance: Tensor) -> Method:
    """Rescaled start: w_in, b <- exp(a) (w_in, b), w_out <- exp(-a) w_out for every ReLU unit, then the base method.

    a is normal, of the deviation that moves the weights by `distance` |w|; the function stays what it is (the
    non-negative homogeneity of Dinh et al. 2017). What a walk gains beyond this control, it does not owe to
    the weights having moved. The jump comes first; the rest of the share of the budget that a walk takes is spent
    without moving, so the descent is as long as after a walk. No setting makes it the base method alone.
    """
    return sequence((SHARE, waiting(partial(rescaled_at_random, distance=distance))), (1 - SHARE, base))
