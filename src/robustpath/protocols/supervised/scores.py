"""The scores of a supervised run: how each is computed, and what is known of it.

A score is a function of the logits [M, n, classes] of all members and the labels [n]: one number a member [M]. torch is
imported inside the functions, since the workflow reads the facts before it plans.
"""

from typing import TYPE_CHECKING

from robustpath.protocols.accuracies import accuracy
from robustpath.protocols.base import Metric

if TYPE_CHECKING:
    from torch import Tensor

INFINITE = float("inf")
ALL_SPLITS = ("train", "holdout", "validation", "test")  # holdout: where an experiment holds examples out


def cross_entropy(logits: "Tensor", labels: "Tensor") -> "Tensor":
    """The mean over examples of the negative logarithm of the probability of the label, in nats."""
    from torch.nn import functional

    targets = labels.expand(len(logits), -1)
    return functional.cross_entropy(logits.transpose(1, 2), targets, reduction="none").mean(1).double()


SCORES = {"accuracy": accuracy, "cross_entropy": cross_entropy}
FACTS = {
    "accuracy": Metric("fraction", 0.0, 1.0, "higher", ALL_SPLITS, "accuracy", always=True),
    "cross_entropy": Metric("nats", 0.0, INFINITE, "lower", ALL_SPLITS, "cross_entropy"),
}
