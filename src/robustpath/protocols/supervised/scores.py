"""The scores of a supervised run, by the names that they have in metrics.py.

A score is a function of the logits [M, n, classes] of all members and the labels [n]: one number a member [M].
"""

from torch import Tensor
from torch.nn import functional


def accuracy(logits: Tensor, labels: Tensor) -> Tensor:
    """The share of the examples whose largest logit is that of their label."""
    return (logits.argmax(2) == labels).double().mean(1)


def cross_entropy(logits: Tensor, labels: Tensor) -> Tensor:
    """The mean over examples of the negative logarithm of the probability of the label, in nats."""
    targets = labels.expand(len(logits), -1)
    return functional.cross_entropy(logits.transpose(1, 2), targets, reduction="none").mean(1).double()


SCORES = {"accuracy": accuracy, "cross_entropy": cross_entropy}
