"""How far two networks are apart as functions."""

import torch
from torch import Tensor


def jensen_shannon(one: Tensor, other: Tensor) -> Tensor:
    """Mean Jensen-Shannon divergence of the classes' probabilities, in nats [M]: logits [M, n, classes], twice.

    Lin 1991; from 0 to log 2.
    """
    first, second = one.double().log_softmax(2), other.double().log_softmax(2)
    middle = torch.logaddexp(first, second) - torch.log(torch.tensor(2.0, dtype=torch.float64, device=one.device))
    halves = [(half.exp() * (half - middle)).sum(2) for half in (first, second)]
    return (0.5 * (halves[0] + halves[1])).mean(1)


def disagreement(one: Tensor, other: Tensor) -> Tensor:
    """Share of the examples whose likeliest classes differ [M]: logits [M, n, classes], twice."""
    return (one.argmax(2) != other.argmax(2)).double().mean(1)
