"""The inverse of a sum of outer products, kept up to date as rows come in: the core of least squares on a stream."""

import torch
from torch import Tensor
from torch.nn.functional import one_hot

from robustpath.core.types import Params
from robustpath.methods.base import Batch, Context


def random_features(context: Context, params: Params, inputs: Tensor) -> Tensor:
    """The features of the network `random_features` [b, width]."""
    return context.activations(params, inputs)["relu"]


def targets(batch: Batch, params: Params) -> Tensor:
    """The labels as rows of zeros and a one [b, classes], in the precision of the parameters."""
    bias = params["head.bias"]
    return one_hot(batch.labels, len(bias)).to(bias.dtype)


def whitened(inverse: Tensor, rows: Tensor, others: Tensor) -> tuple[Tensor, Tensor]:
    """V = L⁻¹ Z A⁻¹ [b, d] and L⁻¹ E [b, c], L L' = I + Z A⁻¹ Z', of A⁻¹ = `inverse` [d, d], Z = `rows`, E = `others`.

    By Woodbury's identity (A + Z'Z)⁻¹ = A⁻¹ - V'V. In this form rounding leaves the inverse symmetric. The factor L is
    found and divided by row after row, by arithmetic that can be compiled; a decomposition from a library cannot.
    """
    seen, solved = rows @ inverse, []
    left = torch.cat([torch.eye(len(rows), dtype=rows.dtype, device=rows.device) + seen @ rows.T, seen, others], 1)
    for _ in range(len(rows)):
        first = left[0] / left[0, 0].sqrt()
        left = left[1:, 1:] - torch.outer(left[1:, 0] / left[0, 0].sqrt(), first[1:])
        solved.append(first[-seen.shape[1] - others.shape[1] :])
    return torch.stack(solved)[:, : seen.shape[1]], torch.stack(solved)[:, seen.shape[1] :]
