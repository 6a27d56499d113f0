"""Four small convolutional networks side by side: the probability of a class is the mean of their four."""

from collections import OrderedDict
from collections.abc import Sequence

from torch import nn

from robustpath.models import strided_cnn
from robustpath.models.ensemble_mlp import COUNT, Mean, Members

KINDS = ("image",)
MEASURED = False
PORTION = (4, 250)


def network(shape: Sequence[int], classes: int, hidden: Sequence[int]) -> nn.Module:
    """Logits [b, classes] of four of strided_cnn.network, each with initial parameters of its own, averaged as in
    ensemble_mlp."""
    members = Members(strided_cnn.network(shape, classes, hidden) for _ in range(COUNT))
    return nn.Sequential(OrderedDict(members=members, mean=Mean()))
