"""Arithmetic on parameters: dicts of tensors treated as one long vector."""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence

import torch
from torch import Tensor

from robustpath.core.types import Params


def tree_map(function: Callable[..., Tensor], *trees: Params) -> Params:
    """`function` applied to the tensors of the same name."""
    return {name: function(*(tree[name] for tree in trees)) for name in trees[0]}


def zeros_like(tree: Params) -> Params:
    """Zeros of the same shapes."""
    return tree_map(torch.zeros_like, tree)


def add(a: Params, b: Params) -> Params:
    """a + b."""
    return tree_map(torch.add, a, b)


def subtract(a: Params, b: Params) -> Params:
    """a - b."""
    return tree_map(torch.sub, a, b)


def scale(tree: Params, factor: Tensor) -> Params:
    """factor * tree, for a scalar factor."""
    return tree_map(lambda x: factor * x, tree)


def lerp(a: Params, b: Params, weight: Tensor) -> Params:
    """a + weight * (b - a), for a scalar weight."""
    return tree_map(lambda x, y: x + weight * (y - x), a, b)


def where(condition: Tensor, a: Params, b: Params) -> Params:
    """a where the scalar condition holds, else b."""
    return tree_map(lambda x, y: torch.where(condition, x, y), a, b)


def dot(a: Params, b: Params) -> Tensor:
    """The inner product over all entries, a scalar."""
    return torch.stack([(a[name] * b[name]).sum() for name in a]).sum()


def norm(tree: Params) -> Tensor:
    """The Euclidean norm over all entries, a scalar."""
    return dot(tree, tree).sqrt()


def unit(tree: Params) -> Params:
    """tree / |tree|, and zero for the zero vector."""
    return scale(tree, 1 / norm(tree).clamp_min(torch.finfo(next(iter(tree.values())).dtype).tiny))


def flatten(tree: Params, leading: int = 0) -> Tensor:
    """Tensors [*leading, …] as one vector [*leading, d], one tensor after another in the order of the dict; `leading`:
    how many first axes are no part of it (1: those of several models)."""
    return torch.cat([tensor.reshape(*tensor.shape[:leading], -1) for tensor in tree.values()], -1)


def unflatten(vectors: Tensor, shapes: Mapping[str, Sequence[int]]) -> Params:
    """Vectors [*leading, d] as tensors [*leading, *shape], in the order of `shapes`."""
    pieces = vectors.split([math.prod(shape) for shape in shapes.values()], -1)
    leading = vectors.shape[:-1]
    return {
        name: piece.reshape((*leading, *shape)) for (name, shape), piece in zip(shapes.items(), pieces, strict=True)
    }


def stack(trees: Iterable[Params]) -> Params:
    """Models' parameters one above the other: each tensor gets a first axis of models."""
    rows = list(trees)
    return tree_map(lambda *tensors: torch.stack(tensors), *rows)


def apart(tree: Params) -> list[Params]:
    """The parameters of each of several models: what `stack` has put together."""
    return [dict(zip(tree, row, strict=True)) for row in zip(*tree.values(), strict=True)]


def on_device(tree: Params, device: torch.device) -> Params:
    """The same tensors on a device."""
    return tree_map(lambda tensor: tensor.to(device), tree)
