"""The network that a job's settings name, and what of it is held in memory at once."""

import math
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from torch import nn

from robustpath.models.cnn import cnn
from robustpath.models.mlp import mlp
from robustpath.models.resnet18 import resnet18


class Portion(NamedTuple):
    """How much is scored at once: networks, and examples (0: all). Activations of convolutions fill a GPU otherwise."""

    members: int
    examples: int


PORTIONS = {"mlp": Portion(64, 0), "cnn": Portion(16, 250), "resnet18": Portion(4, 250)}


def name_of(settings: Mapping) -> str:
    """The model of a job's settings, which name it where it is not the multilayer perceptron."""
    return settings.get("model", "mlp")


def network(settings: Mapping, shape: Sequence[int], classes: int) -> nn.Module:
    """The network of a job's settings for examples of `shape`: [L], [H, W] or [C, H, W]."""
    name = name_of(settings)
    if name == "mlp":
        return mlp(math.prod(shape), settings["hidden"], classes)
    return {"cnn": cnn, "resnet18": resnet18}[name](shape[0] if len(shape) == 3 else 1, classes)
