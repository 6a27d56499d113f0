"""Third-order escape: Newton steps with a cubic penalty, and steps along the third derivative where they fall short."""

from collections.abc import Callable
from itertools import combinations_with_replacement
from typing import NamedTuple

import torch
from torch import Tensor

from robustpath.core.parameters import flatten, unflatten
from robustpath.methods.base import Method, grad, grad_and_value, log_uniform, register
from robustpath.methods.descent import cosine

DIRECTIONS = 3  # of least curvature, in whose span the third derivative is known
SECTIONS, PARTS = 9, 64  # of the bracket of a root: 64^-9 of it is the rounding of double precision
ASCENTS = 20  # of the power method for the direction of the largest third derivative


class Expansion(NamedTuple):
    """A loss near w: gradient [d], its curvatures in ascending order [d], their axes in columns [d, d], and the third
    derivative in the first axes [k, k, k]."""

    gradient: Tensor
    curvatures: Tensor
    axes: Tensor
    third: Tensor


def apply(tensor: Tensor, vector: Tensor) -> Tensor:
    """The product over the last axis. (BLAS rounds by where a matrix lies in memory, so by a member's place in the
    population.)"""
    return (tensor * vector).sum(-1)


def expand(gradient_at: Callable[[Tensor], Tensor], here: Tensor, gradient: Tensor) -> Expansion:
    """The expansion at `here` from differences of gradients: two for every dimension, two for every pair of axes.

    The error is that of central differences, of the order of the square root of the rounding error.
    """
    reach = torch.finfo(here.dtype).eps ** 0.25
    units = torch.eye(len(here), dtype=here.dtype, device=here.device)

    def differences(v):
        return gradient_at(here + reach * v) - gradient_at(here - reach * v)

    curvatures, axes = eigen(torch.vmap(differences)(units) / (2 * reach))
    first = axes.T[: min(len(here), DIRECTIONS)]
    pairs = list(combinations_with_replacement(range(len(first)), 2))

    def twice_along(v):
        return (gradient_at(here + reach * v) + gradient_at(here - reach * v) - 2 * gradient) / reach**2

    along = torch.vmap(twice_along)(torch.stack([first[i] if i == j else first[i] + first[j] for i, j in pairs]))
    found = dict(zip(pairs, (along[:, None] * first).sum(2), strict=True))
    slices = {(i, j): found[i, j] if i == j else (found[i, j] - found[i, i] - found[j, j]) / 2 for i, j in pairs}
    rows = [[slices[min(i, j), max(i, j)] for j in range(len(first))] for i in range(len(first))]
    return Expansion(gradient, curvatures, axes, torch.stack([torch.stack(row) for row in rows]))


def eigen(hessian: Tensor) -> tuple[Tensor, Tensor]:
    """Eigenvalues in ascending order and eigenvectors in columns, of the symmetric part.

    The matrix is filled up to a multiple of 16 rows, so that every member's begins at the same alignment: LAPACK rounds
    by that, too.
    """
    size, filling = len(hessian), -len(hessian) % 16
    limit = torch.finfo(hessian.dtype).max ** 0.5
    # What is not finite has no eigenvalues; the loss that is reported tells of it.
    symmetric = torch.nan_to_num((hessian + hessian.T) / 2, 0.0).clamp(-limit, limit)
    beyond = symmetric.abs().sum() + 1  # any eigenvalue
    extra = torch.cat([torch.zeros_like(symmetric[0]), beyond.expand(filling)]).diag()
    curvatures, axes = torch.linalg.eigh(torch.nn.functional.pad(symmetric, (0, filling, 0, filling)) + extra)
    return curvatures[:size], axes[:size, :size]


def cubic_step(at: Expansion, lipschitz: Tensor) -> tuple[Tensor, Tensor]:
    """The least s of <g, s> + ½ <s, Hs> + (R/6) |s|³ (Nesterov & Polyak 2006), and the fall R |s|³ / 12 it guarantees.

    s = -(H + (R r/2) I)⁻¹ g, where r = |s| is the root of a falling function, at least 2 max(0, -least curvature) / R.
    Where g has no part along the axis of least curvature there may be no root: then that axis makes up the length.
    """
    slope = apply(at.axes.T, at.gradient)
    floor = 2 * (-at.curvatures[0]).clamp_min(0) / lipschitz
    tiny = torch.finfo(slope.dtype).tiny

    def components(length):
        return -slope / (at.curvatures + lipschitz * length / 2).clamp_min(tiny)

    # |s| at the length a is at most 2 |g| / (R (a - floor)), which is below a from floor + width on.
    low, width = floor, (2 * slope.norm() / lipschitz).sqrt()
    for _ in range(SECTIONS):
        width = width / PARTS
        lengths = low + width * torch.arange(1, PARTS, dtype=slope.dtype, device=slope.device)
        low = low + width * (torch.vmap(components)(lengths).norm(dim=1) > lengths).sum()
    high = low + width
    step = components(high)
    missing = (high.square() - step.square().sum()).clamp_min(0).sqrt()
    missing = torch.where(missing > torch.finfo(slope.dtype).eps ** 0.25 * high, missing, 0)  # less is rounding
    step = torch.cat([step[:1] + torch.where(step[:1] < 0, -missing, missing), step[1:]])
    return apply(at.axes, step), lipschitz * high**3 / 12


def third_order_step(at: Expansion, start: Tensor, lipschitz: Tensor) -> tuple[Tensor, Tensor]:
    """A step -(T(u,u,u)/L) u against the third derivative T in a direction of little curvature, and the fall it
    guarantees.

    Among the spans of the first axes, one, two, …, the one whose best direction u guarantees the largest fall is taken
    (the competitive subspace): curvature must not undo what the third derivative gives. u is a maximum of T(u,u,u) on
    the span's sphere, reached from `start` by the shifted power method (Kolda & Mayo 2011). The fall follows from
    |f''''| <= L: a <g, u> - ½ a² <u, Hu> + a³ T(u,u,u) / 6 - L a⁴ / 24 at length a.
    """
    tiny = torch.finfo(start.dtype).tiny
    shift = 2 * at.third.square().sum().sqrt()  # makes the ascent monotone
    first = at.axes[:, : len(at.third)]

    def within(span):
        third = at.third * span * span[:, None] * span[:, None, None]
        u = start * span
        for _ in range(ASCENTS):
            u = u / u.norm().clamp_min(tiny)
            u = apply(apply(third, u), u) + shift * u
        u = u / u.norm().clamp_min(tiny)
        steepness = apply(apply(apply(third, u), u), u)
        u, steepness = torch.where(steepness < 0, -u, u), steepness.abs()
        length, curvature = steepness / lipschitz, (at.curvatures[: len(u)] * u.square()).sum()
        along = apply(first, u)
        fall = length * apply(at.gradient, along) - length**2 * curvature / 2 + length**3 * steepness / 6
        return -length * along, fall - lipschitz * length**4 / 24

    steps, falls = torch.vmap(within)(torch.ones_like(at.third[0]).tril())
    best = falls.argmax()
    return steps[best], falls[best]


@register(
    search={
        "learning_rate": log_uniform(0.1, 1.0, default=1.0),
        "hessian_lipschitz": log_uniform(1.0, 100.0, default=10.0),
        "third_lipschitz": log_uniform(10.0, 1000.0, default=60.0),
    },
    cite="anandkumar2016escaping",
    largest=64,
)
def third_order(learning_rate: Tensor, hessian_lipschitz: Tensor, third_lipschitz: Tensor) -> Method:
    """Cubic-regularised Newton steps, and steps against the third derivative (Anandkumar & Ge 2016).

    w <- w + s, or w <- w - (T(u,u,u)/L) u in a competitive subspace, whichever guarantees the larger fall; R bounds the
    change of the Hessian (`hessian_lipschitz`), L that of the third derivative T (`third_lipschitz`). It stays at a
    third-order minimum and leaves what is none, monkey saddles too.

    Departures from the paper: its constants, which carry a factor d^(3/2), are left out and R and L tuned instead; both
    kinds of step are weighed at one point, where the paper adds the second to the first; u is refined from a normal
    vector, where the paper draws until one is good enough; and T is known in the span of three directions, those of
    least curvature. `learning_rate`, a factor of either step, falls by a cosine. A step costs 2 d + 13 gradients in d
    dimensions, so it is meant for toys.
    """

    def init(params):
        return ()

    def step(loss, params, state, batch, context):
        shapes = {name: tensor.shape for name, tensor in params.items()}

        def gradient_at(point):
            return flatten(grad(loss)(unflatten(point, shapes), batch))

        gradient, value = grad_and_value(loss)(params, batch)
        here = flatten(params)
        at = expand(gradient_at, here, flatten(gradient))
        second, sure = cubic_step(at, hessian_lipschitz)
        start = apply(at.axes.T[: len(at.third)], flatten(context.given["noise"]).to(here.dtype))
        third, hoped = third_order_step(at, start, third_lipschitz)
        climbs = hoped > sure
        rate = learning_rate * cosine(context.progress, torch.zeros_like(context.progress))
        after = unflatten(here + rate * torch.where(climbs, third, second), shapes)
        return after, state, {"loss": value, "third_order": climbs.to(value.dtype)}

    return Method(init, step, needs={"noise": 1})
