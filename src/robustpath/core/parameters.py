"""Arithmetic on parameters: dicts of tensors treated as one long vector."""

from collections.abc import Callable

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
