"""Persistent warm-up: a walk on a level set that keeps its heading and moves away from its start, then the base."""

from collections.abc import Callable

from torch import Tensor

from robustpath.core.parameters import subtract, tree_map, unit
from robustpath.methods.base import Method, Params, choice, register, sequence, uniform
from robustpath.methods.geometry import tangent
from robustpath.methods.minima.sgd import sgd
from robustpath.methods.walk import SHARE, STEP_LENGTH, Place, walk

SEARCH = STEP_LENGTH | {
    "persistence": choice(0.5, 0.9, 0.99, default=0.9),
    "repulsion": uniform(0.0, 1.0, default=0.5),
}


def from_start(place: Place) -> Params:
    """The unit vector from the start to here, zero at the start: where the distance between the weights grows."""
    return unit(subtract(place.params, place.start))


def persistent(
    persistence: Tensor, repulsion: Tensor, away: Callable[[Place], Params] = from_start
) -> Callable[[Place], Params]:
    """The direction P (m v + sqrt(1 - m²) n + r a) for the last direction v, the unit vectors n of the noise and a =
    away(place), and the projection P on the tangents."""

    def direction(place):
        fresh = (1 - persistence**2).sqrt()
        heading = tree_map(
            lambda v, n, a: persistence * v + fresh * n + repulsion * a,
            place.last,
            unit(place.context.given["noise"]),
            away(place),
        )
        return tangent(place.params, place.gradient, heading)

    return direction


@register(search=SEARCH, base=sgd)
def persistent_warmup(base: Method, step_length: Tensor, persistence: Tensor, repulsion: Tensor) -> Method:
    """contour_warmup with a heading: u = P (m v + sqrt(1 - m²) n + r a), normalised; v is the last step's direction.

    n is normal noise and a = w - w_0, both of length one; P projects on the tangents, so that v is carried along the
    level set. At m = r = 0 the walk is that of contour_warmup, whose displacement grows with the square root of the
    number of steps; with r > 0 it grows with the number itself, up to the far side of the sphere |w| = |w_0|.
    """
    return sequence((SHARE, walk(persistent(persistence, repulsion), step_length)), (1 - SHARE, base))
