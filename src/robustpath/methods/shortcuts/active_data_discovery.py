"""Active Data Discovery: the batch that adds most to what the labelled examples span already."""

import torch
from torch import Tensor
from torch.nn.functional import normalize

from robustpath.methods.acquiring import Acquisition, View
from robustpath.methods.base import choice, register

PROTOCOLS = ("acquisition",)
Factors = tuple[Tensor, Tensor]  # [n, classes] and [n, d + 1]


@register(search={"hardness": choice(0.25, 0.5, 0.75, 1.0, default=1.0)}, cite="kothawade2022discovery")
def active_data_discovery(hardness: Tensor) -> Acquisition:
    """Greedily the largest conditional gain f(A | P) of a log-determinant, P the labelled examples (Kothawade 2022).

    f(A | P) = log det(S_A + I - nu² S_AP (S_P + I)^-1 S_PA), nu the `hardness`, S the cosines of the gradients of the
    last layer (weights and bias; the predicted class stands for an unknown label), the kernel and the defaults of
    decile-team/distil at 80d1796, scg.py. At nu = 1 it is log det(S_AP + I) - log det(S_P + I), AP both together.
    The paper's second function, a mutual information with the rare examples found so far, needs to know which these are
    and is left out: attributes stay unknown here.
    """

    def acquire(view: View, count: int, generator: torch.Generator) -> Tensor:
        labels = view.logits.argmax(1)
        labels[view.labelled] = view.labels
        directions = normalize(_loss_gradients(view.logits, labels))
        features = view.representations["penultimate"].double()
        features = normalize(torch.cat([features, torch.ones(len(features), 1, dtype=torch.float64)], 1))
        return view.unlabelled[greedy((directions, features), view.labelled, view.unlabelled, count, float(hardness))]

    return acquire


def greedy(factors: Factors, given: Tensor, pool: Tensor, count: int, hardness: float) -> Tensor:
    """Rows [count] of pool [u], each the one that raises f(A | P) most, P the examples at positions `given` [l].

    The gain of a row is the logarithm of its variance given P and A, kept by an incremental Cholesky factor, so a step
    costs one row of the kernel.
    """
    known = cosines(factors, given, given) + torch.eye(len(given), dtype=torch.float64)
    across = cosines(factors, given, pool)
    columns = torch.zeros(len(given) + count, len(pool), dtype=torch.float64)
    columns[: len(given)] = hardness * torch.linalg.solve_triangular(torch.linalg.cholesky(known), across, upper=False)
    variance = 1 + _lengths(factors, pool) - columns.square().sum(0)
    rows: list[int] = []
    for filled in range(len(given), len(given) + count):
        row = int(variance.argmax())
        rows.append(row)
        own = cosines(factors, pool[row : row + 1], pool)[0] - columns[:filled, row] @ columns[:filled]
        columns[filled] = own / variance[row].sqrt()
        variance = variance - columns[filled].square()
        variance[rows] = -torch.inf
    return torch.tensor(rows, dtype=torch.int64)


def cosines(factors: Factors, ones: Tensor, others: Tensor) -> Tensor:
    """The cosines [a, b] of the gradients at positions [a] with those at positions [b]: a gradient is the outer product
    of its two factors, both of length one."""
    directions, features = factors
    return (directions[ones] @ directions[others].T) * (features[ones] @ features[others].T)


def _lengths(factors: Factors, positions: Tensor) -> Tensor:
    """1, and 0 where a gradient is zero [n]."""
    directions, features = factors
    return directions[positions].square().sum(1) * features[positions].square().sum(1)


def _loss_gradients(logits: Tensor, labels: Tensor) -> Tensor:
    """p - e_label, the gradient of the cross-entropy by the logits: float64 [n, classes]."""
    gradients = logits.double().softmax(1)
    gradients[torch.arange(len(labels)), labels] -= 1
    return gradients
