"""Accuracies over the groups of data sets with an attribute, and what is known of them.

A group is a pair (label, attribute). Groups without an example among those that are scored count for nothing.
"""

from typing import TYPE_CHECKING

from robustpath.protocols.base import Metric
from robustpath.protocols.supervised.scores import ALL_SPLITS

if TYPE_CHECKING:
    from torch import Tensor


def _accuracy(always: bool = True) -> Metric:
    return Metric("fraction", 0.0, 1.0, "higher", ALL_SPLITS, "groups", always=always)


FACTS = {
    "accuracy_worst_group": _accuracy(),
    "accuracy_balanced": _accuracy(),
    **{f"accuracy_label_{label}_attribute_{value}": _accuracy() for label in range(2) for value in range(2)},
}


def of_groups(logits: "Tensor", labels: "Tensor", attribute: "Tensor") -> dict[str, "Tensor"]:
    """The lowest accuracy of a group (Sagawa et al. 2020), the mean over groups and, where label and attribute have two
    values, that of each group: logits [M, n, classes], labels and attribute [n] -> {metric: [M]}."""
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
