"""How unsure a model is of each example, by its logits: the scores of acquisitions that ask where a model may err.

All are in double precision. What is nearly 1 is written as a sum of small numbers, so that examples of which a model is
almost sure still have a rank.
"""

import torch
from torch import Tensor


def entropy(logits: Tensor) -> Tensor:
    """-sum p ln p over the classes, in nats: logits [..., classes] -> [...]."""
    log_p = logits.double().log_softmax(-1)
    return -(log_p.exp() * log_p).sum(-1)


def least_confidence(logits: Tensor) -> Tensor:
    """1 - p1, p1 the largest probability: logits [n, classes] -> [n]."""
    return _others(logits).sum(1)


def margin(logits: Tensor) -> Tensor:
    """1 - (p1 - p2), p1 and p2 the two largest probabilities: logits [n, classes] -> [n]."""
    others = _others(logits)
    return others.sum(1) + others[:, 0]


def mutual_information(sampled: Tensor) -> Tensor:
    """H[E p] - E H[p] in nats, E the mean over passes: logits [T, n, classes] -> [n]; 0 where all passes agree."""
    mean = sampled.double().softmax(2).mean(0)
    return torch.special.entr(mean).sum(1) - entropy(sampled).mean(0)


def divergence(log_p: Tensor, log_q: Tensor) -> Tensor:
    """KL(p || q) in nats of log-probabilities [..., classes] -> [...]."""
    return (log_p.exp() * (log_p - log_q)).sum(-1)


def _others(logits: Tensor) -> Tensor:
    """All probabilities but the largest, in descending order [n, classes - 1]."""
    return logits.double().softmax(1).sort(1, descending=True).values[:, 1:]
