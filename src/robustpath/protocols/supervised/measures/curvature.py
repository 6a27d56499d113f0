"""Curvature of the loss at a minimum and how far the loss rises around it."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from robustpath.protocols.supervised.measures.ascent import Ascent, ascend
from robustpath.protocols.supervised.measures.stacked import Losses, Params, activations, hessian_products, layers, unit

ITERATIONS = 10  # nearer than 30 power iterations
TOLERANCE = 0.05  # of the eigenvalue: the residual above which it counts as not converged
STEPS = 5
EXHAUSTED = 1e-6  # relative to the curvatures met: what is left of a vector is rounding


class Eigenpair(NamedTuple):
    """The largest eigenvalue [M], its unit vector [M, d] and the residual |H v - value v| [M].

    `second` [M, d] is the vector of the next eigenvalue, less exact, and zero where there was none to be found.
    """

    value: Tensor
    vector: Tensor
    residual: Tensor
    second: Tensor

    @property
    def converged(self) -> Tensor:
        """Whether the residual is within TOLERANCE of the eigenvalue [M]; an eigenvalue is then nearer than that."""
        return self.residual <= TOLERANCE * self.value.abs()


def lambda_max(losses: Losses, points: Tensor, start: Tensor, iterations: int = ITERATIONS) -> Eigenpair:
    """The largest (not: the largest in magnitude) eigenvalue of the Hessian by the method of Lanczos (1950).

    `start` [M, d] is any vector that is not orthogonal to the one sought; iterations: two at least. Every new vector is
    orthogonalised against all before it, so that no eigenvalue is found twice. NaN where the Hessian is not finite.
    """
    multiply = hessian_products(losses, points)
    basis = points.new_zeros(len(points), iterations + 1, points.shape[1])
    basis[:, 0] = unit(start)
    diagonal, beside = [], []
    alive = torch.ones(len(points), dtype=torch.bool, device=points.device)
    largest = points.new_zeros(len(points))
    for step in range(iterations):
        image = multiply(basis[:, step])
        along = (image * basis[:, step]).sum(1)
        largest = torch.maximum(largest, image.norm(dim=1))
        known = basis[:, : step + 1]
        for _ in range(2):
            parts = torch.bmm(known, image[:, :, None])
            image = image - torch.bmm(parts.transpose(1, 2), known).squeeze(1)
        left = image.norm(dim=1)
        # Once the space is exhausted its eigenvalues are exact; later rows must only stay below the one sought.
        diagonal.append(torch.where(alive, along, -largest - 1))
        alive = alive & ~(left <= EXHAUSTED * largest)
        beside.append(torch.where(alive, left, 0))
        basis[:, step + 1] = torch.where(alive[:, None], unit(image), 0)
    small = torch.diag_embed(torch.stack(diagonal, 1)).double()
    for offset in (-1, 1):
        small = small + torch.diag_embed(torch.stack(beside[:-1], 1).double(), offset)
    finite = small.isfinite().all(2).all(1)
    values, vectors = torch.linalg.eigh(torch.where(finite[:, None, None], small, 0))
    value = torch.where(finite, values[:, -1], torch.nan)
    weights = vectors[:, :, -2:].to(points.dtype)
    second, vector = (unit(each) for each in torch.bmm(weights.transpose(1, 2), basis[:, :-1]).unbind(1))
    return Eigenpair(value, vector, (beside[-1] * weights[:, -1, 1]).abs(), second)


def trace(params: Params, inputs: Tensor) -> Tensor:
    """Trace of the Hessian of the mean cross-entropy of ReLU networks [M]; labels have no part in it. Exact.

    A logit is linear in each single weight where no unit is at its kink, so the diagonal of the Hessian is that of its
    Gauss-Newton part (Schraudolph 2002), J' (diag p - pp') J. As diag p - pp' = sum_c a_c a_c', a_c = sqrt(p_c)
    (e_c - p), and the gradient of a layer is the outer product of what it reads and of what comes back to it, one
    backward pass of every a_c gives it: the cost of a Hessian-vector product, where Hutchinson's estimate takes many.
    """
    *read, outputs = activations(params, inputs)
    share = outputs.softmax(2)
    total = torch.zeros(len(outputs), dtype=outputs.dtype, device=outputs.device)
    for label in range(outputs.shape[2]):
        back = -share
        back = back + torch.nn.functional.one_hot(torch.tensor(label), outputs.shape[2]).to(back)
        back = back * share[:, :, label, None].sqrt()
        for layer, entering in zip(reversed(layers(params)), reversed(read), strict=True):
            bias = 1
            total = total + (back.square().sum(2) * (entering.square().sum(2) + bias)).mean(1)
            if entering is not read[0]:
                back = (back @ params[f"{layer}.weight"]) * (entering > 0)
    return total


def sharpness(losses: Losses, points: Tensor, scaling: Tensor, starts: Sequence[Tensor], steps: int = STEPS) -> Ascent:
    """max L(w + e) - L(w) over |e / scaling| <= 1, elementwise scaling [M, d] or a number.

    A constant scaling gives the sharpness of SAM (Foret et al. 2021); radius T, T the `units` of the method
    asam, that of ASAM (Kwon et al. 2021). On a parabola an ascent is power iteration. `starts` are directions of
    e / scaling, each [M, d]: those of large curvature and of the gradient need the fewest steps.
    """
    edge = [scaling * unit(start) for start in starts]
    return ascend(losses, points, edge, lambda slope: scaling * unit(scaling * slope), steps)


class Estimate(NamedTuple):
    """A mean over random draws [M] and its standard error [M]."""

    value: Tensor
    error: Tensor


@torch.no_grad()
def noise_sharpness(losses: Losses, points: Tensor, spread: Tensor, noise: Iterable[Tensor]) -> Estimate:
    """Mean of L(w + spread u) - L(w) over the normal vectors u of `noise` [M]; spread [M, d] or a number s.

    Near a stationary point it is ½ s² tr H for a number s.
    """
    here = losses(points)
    rises = torch.stack([losses(points + spread * vector) - here for vector in noise])
    return Estimate(rises.mean(0), rises.std(0) / len(rises) ** 0.5)
