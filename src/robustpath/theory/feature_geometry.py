"""How much of its dimensions a feature has, and who wins in the smallest toy model of superposition, in closed form.

Weights W are [..., m, n]: a column W_i in m dimensions for each of n features (Elhage et al. 2022).
"""

import math

import torch
from scipy.optimize import brentq, minimize
from torch import Tensor

NEGLIGIBLE = 1e-6  # the norm below which a feature has no direction
NODES = 24  # of the quadrature along each axis
AHEAD = 1e-6  # what a loss must be lower by: the pair's descent may end in the dedicated solution itself


def norms(weights: Tensor) -> Tensor:
    """|W_i| [..., n]."""
    return weights.norm(dim=-2)


def dimensionalities(weights: Tensor) -> Tensor:
    """D_i = |W_i|^2 / sum_j (u_i . W_j)^2 with u_i = W_i / |W_i| [..., n], 0 for a feature without a direction.

    Their sum is at most the rank of W, and so at most m: with S = sum_j W_j W_j^T, D_i = |W_i|^4 / (W_i^T S W_i), which
    is at most W_i^T S^+ W_i by Cauchy-Schwarz, and these sum to the trace of S^+ S.
    """
    lengths = norms(weights)
    overlaps = (weights.mT @ weights).square().sum(-1)
    present = lengths > NEGLIGIBLE
    return torch.where(present, lengths**4 / torch.where(present, overlaps, 1.0), 0.0)


def dimensions_per_feature(weights: Tensor) -> Tensor:
    """m / |W|^2 (Frobenius) [...]: features of norm 1 count once, features of norm 0 not at all."""
    return weights.shape[-2] / weights.square().sum((-2, -1))


def superposed(weights: Tensor) -> Tensor:
    """Of two features in one dimension, W [..., 1, 2]: the shorter weight, negative where it points against the longer
    one [...]. It is 0 where the dimension is that of one feature, and -1 for an antipodal pair."""
    first, second = weights[..., 0, 0], weights[..., 0, 1]
    return torch.minimum(first.abs(), second.abs()) * (first * second).sign()


def circle(count: int) -> list[tuple[float, float]]:
    """The corners of a regular polygon."""
    return [(math.cos(2 * math.pi * k / count), math.sin(2 * math.pi * k / count)) for k in range(count)]


def antiprism(squared_height: float) -> list[tuple[float, ...]]:
    """Two squares, one turned by 45 degrees, at both heights +-sqrt(squared_height) on the unit sphere.

    With u the squared height, W_i^T S W_i = 4 (1 - u)^2 + 8 u^2, so D = 1 / (4 - 8 u + 12 u^2): at most 3/8, at u =
    1/3, where sum_j W_j W_j^T is a multiple of the identity.
    """
    width, height = math.sqrt(1 - squared_height), math.sqrt(squared_height)
    corners = circle(8)
    return [(width * x, width * y, height * (1 - 2 * (place % 2))) for place, (x, y) in enumerate(corners)]


TETRAHEDRON = ((1, 1, 1), (1, -1, -1), (-1, 1, -1), (-1, -1, 1))
# The points of a polytope and the dimensionality that each of them has. All but the single feature are n unit vectors
# in m dimensions with sum_j W_j W_j^T = (n / m) I, so that D_i = 1 / (n / m) = m / n.
POLYTOPES = {
    "feature on its own": ([(1.0,)], 1.0),
    "tetrahedron": ([tuple(c / math.sqrt(3) for c in signs) for signs in TETRAHEDRON], 3 / 4),
    "triangle": (circle(3), 2 / 3),
    "antipodal pair": ([(1.0,), (-1.0,)], 1 / 2),
    "pentagon": (circle(5), 2 / 5),
    "square antiprism": (antiprism(1 / 3), 3 / 8),
}


def columns(points: list[tuple[float, ...]]) -> Tensor:
    """Points as the columns of a matrix, float64 [m, n]."""
    return torch.tensor(points, dtype=torch.float64).T


def dedicated_loss(density: float, importance: float) -> float:
    """The loss of W = (1, 0), b = (0, p/2), for importances (1, r): the first feature is exact, the second is always
    its mean, so r (E[x^2] - E[x]^2) = r (p/3 - p^2/4)."""
    return importance * (density / 3 - density**2 / 4)


def antipodal_loss(density: float, importance: float) -> float:
    """The loss of W = (1, -1), b = 0, for importances (1, r): p^2 (1 + r) / 6.

    One feature alone is exact. Of two, the larger comes out too small by the smaller one, and the smaller as 0: both
    are wrong by min(x_1, x_2), whose square has the mean 1/6.
    """
    return density**2 * (1 + importance) / 6


def boundary(importance: float) -> float:
    """The density below which the antipodal pair costs less: r (p/3 - p^2/4) = p^2 (1 + r) / 6, so p = 4 r / (2 + 5 r).

    Both losses are those of ideal weights and biases; `best_boundary` lets the pair have better ones.
    """
    return 4 * importance / (2 + 5 * importance)


def pair_loss(weights: Tensor, biases: Tensor, density: float, importance: float, nodes: int = NODES) -> Tensor:
    """The loss of two features in one dimension by the midpoint rule, a scalar: weights and biases float64 [2].

    Both are zero with probability (1 - p)^2, one alone is on with p (1 - p) each, both with p^2.
    """
    grid, counts = (torch.arange(nodes, dtype=torch.float64) + 0.5) / nodes, torch.tensor([1.0, importance])

    def mean(first: Tensor, second: Tensor) -> Tensor:
        inputs = torch.stack(torch.broadcast_tensors(first, second), -1)
        outputs = torch.relu((inputs @ weights)[..., None] * weights + biases)
        return ((inputs - outputs).square() * counts).sum(-1).mean()

    zero, off = torch.zeros(1, dtype=torch.float64), 1 - density
    alone = mean(grid, zero) + mean(zero, grid)
    return off**2 * mean(zero, zero) + density * off * alone + density**2 * mean(grid[:, None], grid)


def ideal_losses(density: float, importance: float, nodes: int = NODES) -> tuple[float, float]:
    """What `dedicated_loss` and `antipodal_loss` say, by the midpoint rule."""
    solutions = ((1.0, 0.0), (0.0, density / 2)), ((1.0, -1.0), (0.0, 0.0))
    tensors = [[torch.tensor(part, dtype=torch.float64) for part in solution] for solution in solutions]
    return tuple(pair_loss(*solution, density, importance, nodes).item() for solution in tensors)


def crossing(importance: float, nodes: int = 4 * NODES) -> float:
    """`boundary` by the midpoint rule in place of the closed forms."""

    def gap(density: float) -> float:
        dedicated, antipodal = ideal_losses(density, importance, nodes)
        return antipodal - dedicated

    return brentq(gap, 0.01, 1.0)


def best_pair(density: float, importance: float, nodes: int = NODES) -> float:
    """The loss of the minimum that a descent over weights and biases reaches from the antipodal pair."""

    def loss_and_slope(point):
        leaf = torch.from_numpy(point).requires_grad_()
        loss = pair_loss(*leaf.split(2), density, importance, nodes)
        return loss.item(), torch.autograd.grad(loss, leaf)[0].numpy()

    return minimize(loss_and_slope, [1.0, -1.0, 0.05, 0.05], jac=True, method="BFGS", options={"gtol": 1e-7}).fun


def best_boundary(importance: float, nodes: int = NODES, steps: int = 7) -> float:
    """The density up to which the best pair costs less than the dedicated solution, for an importance in (0, 1], by
    bisection; it is above `boundary`.

    A positive bias makes up for the interference of a pair, while the dedicated solution is stationary as it is. At r =
    1 it is 1: without ReLU all directions of W cost the same, for the features are independent and alike, and ReLU,
    which takes predictions below zero away, makes the pair better wherever there are some.
    """
    if importance == 1:
        return 1.0
    low, high = boundary(importance), 1.0
    for _ in range(steps):
        middle = (low + high) / 2
        better = best_pair(middle, importance, nodes) < ideal_losses(middle, importance, nodes)[0] - AHEAD
        low, high = (middle, high) if better else (low, middle)
    return (low + high) / 2
