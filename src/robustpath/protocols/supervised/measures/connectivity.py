"""What lies between two minima: the barrier on the line from one to the other, raw and after matching hidden units."""

from itertools import pairwise

import numpy as np
import torch
from scipy.optimize import linear_sum_assignment
from torch import Tensor

from robustpath.protocols.supervised.measures.stacked import Losses, Params, layers

POINTS = 11
SWEEPS = 50


@torch.no_grad()
def barrier(losses: Losses, one: Tensor, other: Tensor, points: int = POINTS) -> Tensor:
    """max_t L(t one + (1 - t) other) - [t L(one) + (1 - t) L(other)] over `points` equidistant t in [0, 1] [M].

    one, other: [M, d]. (Frankle et al. 2020; the straight line of expected loss as in Entezari et al. 2022.)
    """
    first, last = losses(one), losses(other)
    rises = [torch.zeros_like(first)]
    for t in torch.linspace(0, 1, points, dtype=torch.float64)[1:-1].tolist():
        rises.append(losses(t * one + (1 - t) * other) - (t * first + (1 - t) * last))
    return torch.stack(rises).amax(0)


def matched(params: Params, reference: Params) -> Params:
    """Each network of the stack with its hidden units in the order that brings its weights nearest to the reference's.

    Its function is the same. The orders are found layer by layer, each given its neighbours, until none changes
    (Ainsworth et al. 2023, "Git Re-Basin", algorithm 1).
    """
    names = layers(params)
    orders = [
        _orders(_matrices(params, names, member), _matrices(reference, names, member))
        for member in range(len(next(iter(params.values()))))
    ]
    device, found = params[f"{names[0]}.weight"].device, dict(params)
    for (layer, following), order in zip(pairwise(names), zip(*orders, strict=True), strict=True):
        index = torch.as_tensor(np.stack(order), device=device)
        for name in (f"{layer}.weight", f"{layer}.bias"):
            found[name] = torch.stack([tensor[row] for tensor, row in zip(found[name], index, strict=True)])
        name = f"{following}.weight"
        found[name] = torch.stack([tensor[:, row] for tensor, row in zip(found[name], index, strict=True)])
    return found


def _matrices(params: Params, names: list[str], member: int) -> list[np.ndarray]:
    """A member's layers as matrices [out, in + 1], the bias beside the weights."""
    parts = [(params[f"{name}.weight"][member], params[f"{name}.bias"][member]) for name in names]
    return [torch.cat([weight, bias[:, None]], 1).double().cpu().numpy() for weight, bias in parts]


def _orders(moving: list[np.ndarray], fixed: list[np.ndarray]) -> list[np.ndarray]:
    """For every hidden layer, which of the moving units comes first, second, …; as they are if not all are finite."""
    orders = [np.arange(len(matrix)) for matrix in moving[:-1]]
    if not all(np.isfinite(matrix).all() for matrix in (*moving, *fixed)):
        return orders
    for _ in range(SWEEPS):
        changed = False
        for layer, order in enumerate(orders):
            entering = moving[layer] if layer == 0 else _columns(moving[layer], orders[layer - 1])
            leaving = moving[layer + 1]
            leaving = leaving[orders[layer + 1]] if layer + 1 < len(orders) else leaving
            likeness = fixed[layer] @ entering.T + fixed[layer + 1][:, :-1].T @ leaving[:, :-1]
            _, best = linear_sum_assignment(likeness, maximize=True)
            # An order as good as the present one would let the search go round for ever.
            gain = likeness[np.arange(len(best)), best].sum() - likeness[np.arange(len(order)), order].sum()
            if gain > 1e-9 * np.abs(likeness).sum():
                orders[layer], changed = best, True
        if not changed:
            break
    return orders


def _columns(matrix: np.ndarray, order: np.ndarray) -> np.ndarray:
    """The matrix with its columns reordered, the bias staying last."""
    return np.concatenate([matrix[:, order], matrix[:, -1:]], 1)
