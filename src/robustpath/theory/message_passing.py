"""Networks that pass messages along the edges of graphs, with different aggregations of neighbours and of nodes.

One model and one batch of graphs; several models are the engine's business, or torch.vmap's.
"""

import math
from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Generator, Tensor

from robustpath.core.types import Params
from robustpath.theory.graphs import Graphs


class Architecture(NamedTuple):
    """How a node takes in the messages of its neighbours (sum, max or min), and how the answer is read out of all nodes
    (sum, mean, max or min)."""

    neighbours: str
    readout: str

    @property
    def name(self) -> str:
        return f"{self.neighbours} + {self.readout}"


def initial(features: int, width: int, iterations: int, weighted: bool, stream: Generator) -> Params:
    """Parameters, drawn as PyTorch draws those of linear layers: uniform within 1 / sqrt(inputs).

    The rows of `first_i` [2 f + 1 or 2 f + 2, k] are those of the f numbers of the neighbour, of those of the node, of
    the weight where edges have one, and of the bias; the last row of `second_i` [k + 1, k] and the last number of
    `head` [k + 1] are biases.
    """
    params = {}
    for number in range(iterations):
        inputs = 2 * (width if number else features) + weighted
        params[f"first_{number}"] = _uniform((inputs + 1, width), inputs, stream)
        params[f"second_{number}"] = _uniform((width + 1, width), width, stream)
    return params | {"head": _uniform((width + 1,), width, stream)}


def network(architecture: Architecture, iterations: int, weighted: bool) -> Callable[[Params, Graphs], Tensor]:
    """predict(params, graphs) -> answers [b].

    In every iteration h_u <- AGG_v MLP(h_v, h_u, w_uv) over the neighbours v of u, where the MLP has one hidden layer
    of ReLUs and h begins with the features; the answer is a linear function of READ_u h_u over all nodes (Xu et al.
    2021). A node without a neighbour takes in zeros. Where edges are not `weighted`, messages do not depend on w.
    """

    def predict(params: Params, graphs: Graphs) -> Tensor:
        states = graphs.features
        for number in range(iterations):
            first, second = params[f"first_{number}"], params[f"second_{number}"]
            inputs = states.shape[2]
            own = states @ first[inputs : 2 * inputs] + first[-1]
            hidden = own[:, :, None] + of_neighbours(states @ first[:inputs], graphs.neighbours)
            if weighted:
                hidden = hidden + graphs.weights[..., None] * first[2 * inputs]
            states = taken_in(architecture.neighbours, hidden.relu(), graphs.joined, second[:-1], second[-1])
        return read_out(architecture.readout, states, graphs.mask) @ params["head"][:-1] + params["head"][-1]

    return predict


def of_neighbours(values: Tensor, neighbours: Tensor) -> Tensor:
    """The values [b, n, k] of all neighbours [b, n, d, k]."""
    count, nodes, most = neighbours.shape
    places = neighbours.reshape(count, nodes * most, 1).expand(-1, -1, values.shape[2])
    return values.gather(1, places).reshape(count, nodes, most, values.shape[2])


def taken_in(how: str, hidden: Tensor, joined: Tensor, second: Tensor, bias: Tensor) -> Tensor:
    """The messages hidden second + bias [b, n, d, k] of neighbours, aggregated over them [b, n, k]. The sum takes the
    second layer after the aggregation, which is the same and cheaper."""
    if how == "sum":
        present = joined.to(hidden.dtype)
        return (present[:, :, None] @ hidden)[:, :, 0] @ second + present.sum(2, keepdim=True) * bias
    return extreme(how, hidden @ second + bias, joined)


def read_out(how: str, states: Tensor, mask: Tensor) -> Tensor:
    """The states [b, n, k] of the nodes that there are, aggregated over them [b, k]."""
    if how in ("sum", "mean"):
        present = mask.to(states.dtype)[:, None]
        total = (present @ states)[:, 0]
        return total if how == "sum" else total / present.sum(2)
    return extreme(how, states, mask)


def extreme(how: str, values: Tensor, kept: Tensor) -> Tensor:
    """The largest or the smallest of the kept values [..., n, k] over n, 0 where none is kept [..., n] -> [..., k]."""
    limits = torch.finfo(values.dtype)
    reduce, never = (torch.amax, limits.min) if how == "max" else (torch.amin, limits.max)
    found = reduce(torch.where(kept[..., None], values, never), -2)
    return torch.where(kept.any(-1, keepdim=True), found, 0.0)


def _uniform(shape: tuple[int, ...], inputs: int, stream: Generator) -> Tensor:
    return (2 * torch.rand(shape, generator=stream) - 1) / math.sqrt(inputs)
