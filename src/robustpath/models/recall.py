"""Last layers that read stored examples: a key and a value for each slot of a memory, as part of the parameters.

Gradients reach them as they reach all parameters; the methods that fill a memory keep it out of the descent.
"""

import math
from collections.abc import Sequence

import torch
from torch import Generator, Tensor, nn
from torch.nn.functional import linear

from robustpath.models.mlp import mlp

SLOTS = 512  # as many as a method keeps room for beside the memory of a stream (methods/memory.py)
UNREAD = 1e9  # the energy of an empty slot: the exponential of its negative is 0


def energies(queries: Tensor, keys: Tensor, filled: Tensor, reach: Tensor, tail: Tensor) -> Tensor:
    """log(1 + s x) / s of x = |q - k|² / `reach`, s = `tail`, for `queries` [b, d] and `keys` [n, d]: [b, n].

    At s = 0 it is x, so that exp(-energy) is a Gaussian kernel; at s = 1 exp(-energy) is in proportion to
    1 / (|q - k|² + `reach`), the kernel of neural episodic control (Pritzel et al. 2017). UNREAD where `filled` is 0.
    """
    squares = queries.square().sum(1)[:, None] + keys.square().sum(1) - 2 * queries @ keys.T
    ratio = squares.clamp_min(0) / reach
    slope = torch.where(tail > 0, tail, 1.0)
    return torch.where(filled > 0, torch.where(tail > 0, torch.log1p(slope * ratio) / slope, ratio), UNREAD)


class Recall(nn.Linear):
    """A linear layer [b, d] -> [b, classes] with room for the memory of a stream.

    keys [SLOTS + 1, d], values [SLOTS + 1, classes] and filled [SLOTS + 1] (1 where there is an example; the last slot,
    where methods put what no slot takes, is never read); reach and tail of the kernel.
    """

    def __init__(self, features: int, classes: int):
        super().__init__(features, classes)
        self.register_buffer("keys", torch.zeros(SLOTS + 1, features))
        self.register_buffer("values", torch.zeros(SLOTS + 1, classes))
        self.register_buffer("filled", torch.zeros(SLOTS + 1))
        self.register_buffer("reach", torch.ones(()))
        self.register_buffer("tail", torch.zeros(()))

    def start(self, generator: Generator) -> dict[str, Tensor]:
        """Weights and bias as those of any linear layer, and an empty memory."""
        bound = 1 / math.sqrt(self.in_features)
        drawn = {
            name: torch.empty(tensor.shape).uniform_(-bound, bound, generator=generator)
            for name, tensor in self.named_parameters()
        }
        empty = {name: torch.zeros(tensor.shape) for name, tensor in self.named_buffers()}
        return drawn | empty | {"reach": torch.ones(())}

    def weights(self, queries: Tensor) -> tuple[Tensor, Tensor]:
        """How much each slot counts [b, SLOTS], in sum 1, and the energy of the nearest [b]."""
        found = energies(queries, self.keys[:-1], self.filled[:-1], self.reach, self.tail)
        return (-found).softmax(1), found.amin(1)

    def read(self, features: Tensor, logits: Tensor) -> Tensor:
        """The logits [b, classes] with what is stored."""
        raise NotImplementedError

    def forward(self, features: Tensor) -> Tensor:
        logits = linear(features, self.weight, self.bias)
        return torch.where(self.filled[:-1].sum() > 0, self.read(features, logits), logits)


class Mixed(Recall):
    """log p with p = (1 - g) softmax(W h + b) + g p_mem, where p_mem is the mean of the stored values by their kernel.

    The gate is g = sigmoid(offset - slope * energy of the nearest key).
    """

    def __init__(self, features: int, classes: int):
        super().__init__(features, classes)
        self.register_buffer("offset", torch.zeros(()))
        self.register_buffer("slope", torch.zeros(()))

    def read(self, features: Tensor, logits: Tensor) -> Tensor:
        weights, nearest = self.weights(features)
        opening = self.offset - self.slope * nearest
        mixed = (-opening).sigmoid()[:, None] * logits.softmax(1)
        mixed = mixed + opening.sigmoid()[:, None] * (weights @ self.values[:-1])
        return mixed.clamp_min(torch.finfo(mixed.dtype).tiny).log()


class Adapting(Recall):
    """The linear layer after one step of gradient descent, for each query h by itself, on what is stored near it.

    Descended is Σ_i w_i CE(W k_i + b, v_i), the likelihood of memory-based parameter adaptation (Sprechmann et al.
    2018), whose pull towards the parameters before has no gradient at the first step. In closed form the logits become
    W h + b + rate Σ_i w_i (v_i - softmax(W k_i + b)) (k_i'h + 1).
    """

    def __init__(self, features: int, classes: int):
        super().__init__(features, classes)
        self.register_buffer("rate", torch.zeros(()))

    def read(self, features: Tensor, logits: Tensor) -> Tensor:
        weights, _ = self.weights(features)
        keys = self.keys[:-1]
        errors = self.values[:-1] - linear(keys, self.weight, self.bias).softmax(1)
        return logits + self.rate * (weights * (features @ keys.T + 1)) @ errors


def recalling(kind: type[Recall], shape: Sequence[int], classes: int, hidden: Sequence[int]) -> nn.Sequential:
    """The perceptron with a last layer of another kind, under the same names: keys are what enters that layer."""
    layers = mlp(math.prod(shape), hidden, classes)
    with torch.device("meta"):
        layers[-1] = kind(layers[-1].in_features, classes)
    return layers
