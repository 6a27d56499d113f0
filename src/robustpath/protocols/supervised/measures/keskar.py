"""The sharpness of Keskar et al. 2017: how far the loss rises in a small box around the parameters."""

from collections.abc import Callable, Sequence

import numpy as np
import torch
from scipy.optimize import minimize
from torch import Tensor

from robustpath.protocols.supervised.measures.ascent import Ascent, ascend
from robustpath.protocols.supervised.measures.stacked import Losses, slopes

EPSILON = 1e-3
STEPS = 5
ITERATIONS = 10  # of L-BFGS-B, as in the paper


def sharpness(
    losses: Losses, points: Tensor, starts: Sequence[Tensor], epsilon: float = EPSILON, steps: int = STEPS
) -> Ascent:
    """100 max (L(w + z) - L(w)) / (1 + L(w)) over |z_i| <= epsilon (|w_i| + 1) (Keskar et al. 2017, eq. 4, A = I).

    An ascent from corner to corner. `starts`, each [M, d], are directions: an ascent begins in the corner of their
    signs. The centre is no start: there a minimum has no gradient to tell corners by.
    """
    box = epsilon * (points.abs() + 1)

    def corner(direction: Tensor) -> Tensor:
        return torch.where(direction < 0, -box, box)

    found = ascend(losses, points, [corner(start) for start in starts], corner, steps)
    with torch.no_grad():
        return found._replace(value=100 * found.value / (1 + losses(points)))


def reference(
    loss: Callable[[Tensor], Tensor],
    point: Tensor,
    start: Tensor,
    epsilon: float = EPSILON,
    iterations: int = ITERATIONS,
) -> float:
    """The same for one member [d] by L-BFGS-B, as in the paper; slow. What `sharpness` is tested against."""
    box = epsilon * (point.abs().double() + 1).numpy()
    here = float(loss(point))
    if not start.any():
        raise ValueError("start off the centre of the box: at a stationary point no ascent leaves it")

    def downhill(offset: np.ndarray) -> tuple[float, np.ndarray]:
        there = point + torch.as_tensor(offset).to(point)
        values, gradients = slopes(lambda points: loss(points[0])[None], there[None])
        return -float(values), -gradients[0].double().numpy()

    found = minimize(
        downhill, box * start.double().numpy(), jac=True, method="L-BFGS-B", bounds=list(zip(-box, box, strict=True)),
        options={"maxiter": iterations, "ftol": 0, "gtol": 0},
    )  # fmt: skip
    return 100 * (-found.fun - here) / (1 + here)
