"""A network small enough for any method, of a form that the method can use."""

from torch import nn

from robustpath import models
from robustpath.methods.base import Spec

INPUTS, CLASSES = 6, 3


def small_network(spec: Spec) -> nn.Module:
    """Two hidden units where a method is meant for few parameters."""
    name = models.DEFAULT if models.DEFAULT in spec.networks or not spec.networks else spec.networks[0]
    hidden = [2] if spec.largest else [5, 4]
    return models.load(name).network((INPUTS,), CLASSES, hidden)
