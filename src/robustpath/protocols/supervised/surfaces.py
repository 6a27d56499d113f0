"""Planes through the loss: random ones normalised filter by filter, and those of a trajectory's principal components
(Li et al. 2018, "Visualizing the loss landscape of neural nets")."""

from typing import NamedTuple

import torch
from torch import Tensor
from torch.linalg import vector_norm

from robustpath.methods.base import Params
from robustpath.protocols.supervised.measures.stacked import Losses

EPSILON = 1e-10  # keeps a filter of zeros from dividing by zero, as in the authors' code
CHUNK = 32  # points of a plane whose losses are taken together


class Trajectory(NamedTuple):
    """A trajectory in its plane: the plane's unit vectors [2, d], coordinates of each point [K, 2] with the last point
    at the origin, and the shares of the variance that the two directions carry [2]."""

    directions: Tensor
    coordinates: Tensor
    explained: Tensor


def filter_normalised(direction: Params, params: Params) -> Params:
    """`direction` with each filter (what leads to one unit or channel) as long as that of `params`, and zero for biases
    (sec. 4).

    The surface along it does not change when a layer is scaled up and the next one down. It does change when single
    units are: their scale lies in a column of the next layer.
    """

    def normalised(vector: Tensor, weights: Tensor) -> Tensor:
        if weights.dim() < 2:
            return torch.zeros_like(vector)
        rows = tuple(range(1, weights.dim()))
        lengths = vector_norm(vector, dim=rows, keepdim=True) + EPSILON
        return vector * (vector_norm(weights, dim=rows, keepdim=True) / lengths)

    return {name: normalised(direction[name], params[name]) for name in params}


def principal_plane(path: Tensor) -> Trajectory:
    """The plane of the first two principal components of a trajectory [K, d], K >= 2, from its last point (sec. 7).

    A direction points to the side on which the trajectory first leaves the line through its last point.
    """
    seen = path - path[-1]
    centred = seen - seen.mean(0)
    _, sizes, vectors = torch.linalg.svd(centred, full_matrices=False)
    directions = vectors[:2]
    if len(directions) < 2:
        directions = torch.cat([directions, torch.zeros_like(directions)])
        sizes = torch.cat([sizes, torch.zeros_like(sizes)])
    coordinates = seen @ directions.T
    largest = coordinates.abs().amax(0)
    first = (coordinates.abs() > 1e-6 * largest).to(torch.uint8).argmax(0)
    signs = torch.where(coordinates[first, torch.arange(2)] < 0, -1.0, 1.0).to(path)
    variance = sizes.square()
    return Trajectory(directions * signs[:, None], coordinates * signs, variance[:2] / variance.sum())


@torch.no_grad()
def plane(losses: Losses, origin: Tensor, directions: Tensor, first: Tensor, second: Tensor) -> Tensor:
    """L(origin + a d_1 + b d_2) for a in `first` [A] and b in `second` [B]: origin [d], directions [2, d] -> [A, B]."""
    steps = torch.cartesian_prod(first, second).to(origin)
    values = [losses(origin + chunk @ directions) for chunk in steps.split(CHUNK)]
    return torch.cat(values).reshape(len(first), len(second))
