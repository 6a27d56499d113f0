"""Accuracies of members of a population: over all examples, and over the groups of data sets with an attribute.

Apart from the scores of any one protocol, since a training that scores on its way depends on them, and not on those
scores. torch is imported inside the functions, since the workflow reads what imports this before it plans.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor


def accuracy(logits: "Tensor", labels: "Tensor") -> "Tensor":
    """The share of the examples whose largest logit is that of their label: [M, n, classes], [n] -> [M]."""
    return (logits.argmax(2) == labels).double().mean(1)


def of_groups(logits: "Tensor", labels: "Tensor", attribute: "Tensor") -> dict[str, "Tensor"]:
    """The lowest accuracy of a group (Sagawa et al. 2020), the mean over groups and, where label and attribute have two
    values, that of each group: logits [M, n, classes], labels and attribute [n] -> {metric: [M]}.

    A group is a pair (label, attribute). Groups without an example among those that are scored count for nothing.
    """
    import torch

    right = (logits.argmax(2) == labels).double()
    pairs, number = torch.stack([labels, attribute], 1).unique(dim=0, return_inverse=True)
    member = torch.nn.functional.one_hot(number, len(pairs)).double()
    each = right @ member / member.sum(0)
    found = {"accuracy_worst_group": each.amin(1), "accuracy_balanced": each.mean(1)}
    if logits.shape[2] > 2 or int(attribute.max()) > 1:
        return found
    named = [f"accuracy_label_{label}_attribute_{value}" for label, value in pairs.tolist()]
    return found | dict(zip(named, each.T, strict=True))
