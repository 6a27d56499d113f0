"""A perceptron in double precision, and the steps that losses on its activations take."""

import torch

from robustpath.methods.base import Batch, Context
from robustpath.models.functional import activations, initialise, predict
from robustpath.models.mlp import mlp

from .conftest import bound, double

PLAIN = {"learning_rate": 0.1, "momentum": 0.0, "weight_decay": 0.0, "warmup": 0.0}
RATE_AT_END = 0.5 * 0.1  # of the cosine at the progress 1/2, where the loss on activations has its whole strength
LABELS = torch.tensor([0, 1, 2, 0, 1, 0])
BATCH = Batch(torch.randn(6, 4, generator=torch.Generator().manual_seed(0), dtype=torch.float64), LABELS)
MODEL = mlp(4, [5, 3], 3)


def start(model=MODEL):
    return {name: tensor.double() for name, tensor in initialise(model, torch.Generator().manual_seed(1)).items()}


def forward(params, inputs):
    """The hidden layers after the ReLU and the logits, by hand: [b, 5], [b, 3], [b, 3]."""
    first = (inputs @ params["1.weight"].T + params["1.bias"]).clamp_min(0)
    second = (first @ params["3.weight"].T + params["3.bias"]).clamp_min(0)
    return first, second, second @ params["5.weight"].T + params["5.bias"]


def stepped(name, progress=(0.5,), params=None, model=MODEL, **hyperparameters):
    """Parameters, state and what is reported after a step at each progress."""
    method, params = bound(name, **PLAIN | hyperparameters), params or start(model)
    state = method.init(params)
    for value in progress:
        context = Context(double(value), {}, predict(model), activations(model))
        params, state, info = method.step(None, params, state, BATCH, context)
    return method.readout(params, state), state, info


def descended(objective, params=None, rate=RATE_AT_END):
    """Parameters after a step by PyTorch's own derivative of objective(params)."""
    leaves = {name: tensor.clone().requires_grad_() for name, tensor in (params or start()).items()}
    objective(leaves).backward()
    return {name: (leaf - rate * leaf.grad).detach() for name, leaf in leaves.items()}
