"""Trained toy models whose arrangement of features is known, as the theory case `superposition` has them."""

import torch

from robustpath.theory import feature_geometry, superposition, table
from robustpath.theory.superposition import Trained
from robustpath.theory.table import Row


def arranged(*weights):
    """Models with these weights, each [m, n]; biases and losses of two seeds are zero and one."""
    stacked = torch.stack([own.double() for own in weights])
    return Trained(stacked, torch.zeros_like(stacked[:, 0]), torch.tensor([[0.0, 1.0]] * len(weights)))


def few(lengths=(1.0, 1.0, 1.0125, 1.0125, 1.28**0.5)):
    """Five features in a plane, density by density: two alone twice, two pairs twice, the pentagon."""
    plane = torch.eye(2)
    alone = torch.cat([plane, torch.zeros(2, 3)], 1)
    pairs = torch.cat([plane, -plane, torch.zeros(2, 1)], 1)
    pentagon = feature_geometry.columns(feature_geometry.circle(5))
    shapes = (alone, alone, pairs, pairs, pentagon)
    return arranged(*(length * shape for length, shape in zip(lengths, shapes, strict=True)))


def pair(importances, switch=feature_geometry.boundary):
    """Two features in a dimension: an antipodal pair below the density switch(r), the first alone above it."""
    return arranged(
        *(
            torch.tensor([[1.0, -0.9 if density < switch(importance) else -0.1]])
            for importance in importances
            for density in superposition.PAIR_DENSITIES
        )
    )


def many(squares=(8, *[16] * 6, 17.2, *[25] * 2, *[31] * 5)):
    """80 features in eight dimensions: at the first density each alone, at all others eight antipodal pairs, scaled so
    that the squared norm of W is that of `squares`."""
    axes = torch.eye(8)
    rest = torch.zeros(8, 64)
    pairs = torch.cat([axes, -axes, rest], 1)
    alone = torch.cat([axes, torch.zeros(8, 72)], 1)
    shapes = [alone, *[pairs] * (len(squares) - 1)]
    return arranged(
        *((square / shape.square().sum()).sqrt() * shape for square, shape in zip(squares, shapes, strict=True))
    )


def measured(importances=(0.5, 1.0), switch=feature_geometry.boundary, squares=None, judged=True):
    """The table of the theory case for these models; the best weights switch 0.04 above the ideal ones."""
    models = few(), pair(importances, switch), many(*[squares] if squares else [])
    shorter = superposition.phases(importances, models[1])
    rows = [
        *superposition.drawn(models[0], shorter, models[2]),
        *(
            Row(f"{superposition.PAIR}, r = {r:g}", superposition.BEST_SWITCH, feature_geometry.boundary(r) + 0.04)
            for r in importances
        ),
    ]
    values = superposition.of_few(models[0]) | superposition.of_many(models[2])
    rows += superposition.claims(values | superposition.of_pair(shorter)) if judged else []
    return table.frame(superposition.CASE, rows)
