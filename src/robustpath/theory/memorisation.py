"""Two layers of ReLU with 2 n + d weights fit any n labels of d inputs (Zhang et al., Theorem 1)."""

from typing import NamedTuple

import pandas as pd
import torch
from torch import Tensor

from robustpath.core.randomness import generator
from robustpath.theory import table
from robustpath.theory.table import Row

CASE = "memorisation"
SOURCE = "zhang2021rethinking, Theorem 1"
DIRECTIONS = 100  # drawn for the first layer, of which the widest is taken


class Memory(NamedTuple):
    """The network sum_j w_j relu(a.x - b_j): a [d], b [n], w [n]."""

    direction: Tensor
    thresholds: Tensor
    weights: Tensor

    def __call__(self, inputs: Tensor) -> Tensor:
        """Outputs [m] of inputs [m, d]."""
        return torch.relu((inputs @ self.direction)[:, None] - self.thresholds) @ self.weights

    def size(self) -> int:
        """The number of weights."""
        return sum(part.numel() for part in self)


def memorise(inputs: Tensor, labels: Tensor, direction: Tensor) -> Memory:
    """The network whose outputs at `inputs` [n, d] are `labels` [n]; their projections on `direction` must differ.

    With thresholds b_1 < z_1 < b_2 < z_2 < … between the sorted projections z, relu(z_i - b_j) is lower triangular with
    a positive diagonal, so the weights solve it.
    """
    projections, order = (inputs @ direction).sort()
    between = (projections[:-1] + projections[1:]) / 2
    thresholds = torch.cat([projections[:1] - 1, between])
    system = torch.relu(projections[:, None] - thresholds)
    weights = torch.linalg.solve_triangular(system, labels[order][:, None], upper=False)[:, 0]
    return Memory(direction, thresholds, weights)


def widest(inputs: Tensor, directions: Tensor) -> Tensor:
    """The one of `directions` [k, d] on which the projections of `inputs` lie furthest apart: rounding grows with the
    weights, and they with the inverse of the gaps."""
    gaps = (directions @ inputs.T).sort(dim=1).values.diff(dim=1).amin(1)
    return directions[gaps.argmax()]


def run(settings: dict) -> pd.DataFrame:
    """The construction on Gaussian inputs with labels drawn at random, real or of two classes (0 or 1).

    settings: sizes (numbers of examples n), dimension (d), seeds.
    """
    rows = []
    for size in settings["sizes"]:
        for seed in range(settings["seeds"]):
            stream = generator(CASE, size, settings["dimension"], seed)
            inputs = torch.randn(size, settings["dimension"], generator=stream, dtype=torch.float64)
            directions = torch.randn(DIRECTIONS, settings["dimension"], generator=stream, dtype=torch.float64)
            direction = widest(inputs, directions)
            real = torch.randn(size, generator=stream, dtype=torch.float64)
            classes = torch.randint(0, 2, (size,), generator=stream).double()
            place = f"{size} random labels"
            for name, labels in (("real", real), ("classes", classes)):
                memory = memorise(inputs, labels, direction)
                error = (memory(inputs) - labels).abs().max().item()
                rows.append(Row(place, f"largest error, {name}", error, 0.0, SOURCE, seed=seed))
            weights = 2 * size + settings["dimension"]
            rows.append(Row(place, "weights", memory.size(), weights, SOURCE, seed=seed))
    return table.frame(CASE, rows)
