"""The scores of runs that acquire labels, as functions of what was recorded in each round."""

import torch
from torch import Tensor


def area(curve: Tensor, labels: Tensor) -> Tensor:
    """The area under a curve [M, rounds] over numbers of labels [rounds], by the trapezoidal rule, as a share of their
    range [M]."""
    labels = labels.double()
    return torch.trapezoid(curve.double(), labels, dim=1) / (labels[-1] - labels[0])


def majorities(group: Tensor, attributes: int) -> Tensor:
    """The groups [G] among the groups of examples [n] that most examples of their label are of; of equal ones the
    first."""
    labels = int(group.max()) // attributes + 1
    counts = torch.bincount(group, minlength=labels * attributes).reshape(labels, attributes)
    return counts.argmax(1) + attributes * torch.arange(labels)


def discovery(bought: Tensor, batch: int, missing: int) -> dict[str, Tensor]:
    """How a run found a missing group, float64 scalars; bought: the groups of its labels [b] in the order in which it
    bought them.

    discovered: the share of the first `batch` that is of it; labels_to_first_hit: how many labels were bought until one
    was of it or, where never_hit is 1, all of them (censored: at least so many).
    """
    hit = bought == missing
    never = not hit.any()
    first = len(hit) if never else int(hit.int().argmax()) + 1
    found = {"discovered": hit[:batch].double().mean(), "labels_to_first_hit": first, "never_hit": never}
    return {name: torch.as_tensor(value, dtype=torch.float64) for name, value in found.items()}
