"""Losses of two numbers with a saddle at the origin: where descent stalls, and how long gradient descent takes."""

import math
from collections.abc import Callable
from typing import NamedTuple

from torch import Tensor


class Landscape(NamedTuple):
    """loss: of w [2]; slope: its gradient, for plain numbers; start: the point that methods are started from; left: the
    loss at which the saddle has been left; lowest: the loss at its minima."""

    loss: Callable[[Tensor], Tensor]
    slope: Callable[[float, float], tuple[float, float]]
    start: tuple[float, float]
    left: float
    lowest: float


def strict_saddle(w: Tensor) -> Tensor:
    """x²/2 - y²/2 + y⁴/4: curvature -1 along y at the origin, minima -1/4 at (0, ±1)."""
    x, y = w
    return x**2 / 2 - y**2 / 2 + y**4 / 4


def strict_slope(x: float, y: float) -> tuple[float, float]:
    """The gradient of strict_saddle."""
    return x, y**3 - y


def monkey_saddle(w: Tensor) -> Tensor:
    """y³ - 3 x² y + (x² + y²)²: gradient and Hessian vanish at the origin, the third derivative does not.

    At x + iy = r exp(it) it is r⁴ - r³ sin(3t): three minima of -27/256 at r = 3/4, one of them at (0, -3/4).
    """
    x, y = w
    return y**3 - 3 * x**2 * y + (x**2 + y**2) ** 2


def monkey_slope(x: float, y: float) -> tuple[float, float]:
    """The gradient of monkey_saddle."""
    square = x * x + y * y
    return 4 * x * square - 6 * x * y, 4 * y * square + 3 * (y * y - x * x)


def parabola_valley(w: Tensor) -> Tensor:
    """x² y + y²: a third-order minimum at the origin that is no minimum, as y = -x²/2 gives -x⁴/4."""
    x, y = w
    return x**2 * y + y**2


LANDSCAPES = {
    "strict saddle": Landscape(strict_saddle, strict_slope, (1.0, 0.0), -1 / 8, -1 / 4),
    "monkey saddle": Landscape(monkey_saddle, monkey_slope, (0.0, 0.0), -1 / 10, -27 / 256),
}


def euler_steps(
    rate: float, time: Callable[[float], float], speed: Callable[[float], float], start: float, end: float
) -> float:
    """Steps that r <- r + rate v(r) takes from `start` to `end`: the flow r' = v(r) takes time(end) - time(start).

    One Euler step covers less than the flow in the same time; over all, half of ln(v(end)/v(start)) steps more are
    taken, to first order in the rate.
    """
    return (time(end) - time(start)) / rate + 0.5 * math.log(speed(end) / speed(start))


def strict_saddle_steps(start: float, rate: float = 0.1) -> float:
    """Steps of gradient descent from height y = `start` until -y²/2 + y⁴/4 = -1/8, which is at y² = 1 - sqrt(1/2).

    The flow y' = y - y³ takes the time ln(y / sqrt(1 - y²)): the steps grow as the logarithm of 1/start. The first
    coordinate, which falls by 1 - rate a step, is gone by then where `start` is small.
    """
    end = math.sqrt(1 - math.sqrt(0.5))
    return euler_steps(rate, lambda y: math.log(y / math.sqrt(1 - y * y)), lambda y: y - y**3, start, end)


def monkey_saddle_steps(start: float, rate: float = 0.05) -> float:
    """Steps of gradient descent from (0, -start) until the loss, -r³ + r⁴ at distance r, is -0.1.

    The flow r' = 3 r² - 4 r³ takes the time (4/9) ln(r / (3 - 4r)) - 1/(3r): the steps grow as 1/start.
    """
    low, high = 0.0, 0.75
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if middle**4 - middle**3 > -0.1 else (low, middle)
    return euler_steps(
        rate, lambda r: 4 / 9 * math.log(r / (3 - 4 * r)) - 1 / (3 * r), lambda r: 3 * r**2 - 4 * r**3, start, high
    )
