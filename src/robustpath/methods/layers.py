"""What the layers of a network read and give, from the outputs of all of them by name."""

from collections.abc import Mapping
from itertools import pairwise

from torch import Tensor

from robustpath.methods.base import Params


def inputs_of_layers(params: Params, outputs: Mapping[str, Tensor], examples: Tensor) -> dict[str, Tensor]:
    """What every layer with parameters reads: {layer: [b, …]}, in the order of the network.

    `outputs` are those of all layers in order, {layer: [b, …]}, as `Context.activations` gives them for the inputs
    `examples` [b, …]; the parameters of a layer are named `{layer}.…`.
    """
    owners = {name.partition(".")[0] for name in params}
    names = list(outputs)
    before = {names[0]: examples} | {after: outputs[name] for name, after in pairwise(names)}
    return {name: values for name, values in before.items() if name in owners}


def hidden_features(params: Params, outputs: Mapping[str, Tensor], examples: Tensor) -> list[Tensor]:
    """The features of a network: what every layer with parameters reads, but the first, which reads the examples. Of a
    perceptron these are its hidden units after the ReLU; the logits are none."""
    return list(inputs_of_layers(params, outputs, examples).values())[1:]


def head(params: Params) -> tuple[str, str]:
    """The names of the last layer's weight and bias, after which a network may keep a memory."""
    layer = [name for name in params if name.rpartition(".")[2] == "bias"][-1].removesuffix("bias")
    return f"{layer}weight", f"{layer}bias"


def classes(params: Params) -> int:
    """The number of logits."""
    return len(params[head(params)[1]])
