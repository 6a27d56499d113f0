"""Which part of the images of a data set holds the shortcut, and how much of a map lies on the rest, the core."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor

# The rows that hold the shortcut and nothing of the core, from and to, as shares of the height from the top.
SHORTCUT_ROWS = {"dominoes": (0.0, 0.5)}
CORE_SHARE = "attention_core_share"
# Networks whose module has a function maps(model, params, inputs).
MAPPED = ("attention_cnn",)


def core_rows(count: int, shortcut: tuple[float, float]) -> list[float]:
    """How much of each of `count` rows of a map lies on the core, a share of the row."""
    start, stop = (count * bound for bound in shortcut)
    return [1.0 - max(0.0, min(row + 1, stop) - max(row, start)) for row in range(count)]


def core_share(maps: "Tensor", rows: Sequence[float]) -> "Tensor":
    """The share of each map's mass that lies on the core, float64: maps [..., H, W], not negative, rows [H] -> [...].

    A map without mass counts as an even one.
    """
    import torch

    weights = torch.tensor(rows, dtype=torch.float64, device=maps.device)
    mass = maps.double().sum(-1)
    total = mass.sum(-1)
    return torch.where(total > 0, (mass * weights).sum(-1) / total, weights.mean())
