"""A reference, not a method: the true attributes of the pool say which examples are of a rare group."""

import torch
from torch import Tensor

from robustpath.methods.acquiring import Acquisition, View
from robustpath.methods.base import register

PROTOCOLS = ("acquisition",)


@register(search={})
def oracle_acquisition() -> Acquisition:
    """One by one the example of which most is expected to be in the group with the fewest labels.

    A group is a label with an attribute. The attribute of an unlabelled example is known, its label is not: with n the
    labels of each group so far, the next example has the largest sum over labels y of p(y | x) / (1 + n(y, attribute)),
    p as the model predicts. Then p(y | x) is added to n. Where the model is sure and right, this fills up the smallest
    group first, until all are equal.
    """

    def acquire(view: View, count: int, generator: torch.Generator) -> Tensor:
        attributes = view.attribute[view.unlabelled]
        probabilities = view.logits[view.unlabelled].double().softmax(1)
        labelled = torch.zeros(view.classes, int(view.attribute.max()) + 1, dtype=torch.float64)
        places = (view.labels, view.attribute[view.labelled])
        labelled.index_put_(places, torch.ones(len(view.labels), dtype=torch.float64), accumulate=True)
        rows: list[int] = []
        for _ in range(count):
            wanted = (probabilities / (1 + labelled[:, attributes].T)).sum(1)
            wanted[rows] = -1.0
            rows.append(int(wanted.argmax()))
            labelled[:, attributes[rows[-1]]] += probabilities[rows[-1]]
        return view.unlabelled[torch.tensor(rows, dtype=torch.int64)]

    return acquire
