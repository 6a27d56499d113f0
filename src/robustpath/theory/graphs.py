"""Random graphs with a known answer: their maximum degree, or the length of a shortest path.

Graphs of several sizes stand in one tensor, [b, n, n] with n the largest size and a mask of the nodes that there are.
Networks read them as lists of neighbours [b, n, d], which are as good and much shorter where graphs are sparse.
"""

from typing import NamedTuple

import torch
from torch import Generator, Tensor

HOPS = 3  # edges of a shortest path, at most


class Adjacent(NamedTuple):
    """joined bool [b, n, n], symmetric: which nodes have an edge; weights [b, n, n] of edges, 0 where there is none;
    mask bool [b, n] of the nodes that there are."""

    joined: Tensor
    weights: Tensor
    mask: Tensor


class Graphs(NamedTuple):
    """features [b, n, f] of nodes; neighbours int64 [b, n, d] of every node; joined bool [b, n, d]: which of these are
    neighbours and no padding; weights [b, n, d] of the edges to them; mask bool [b, n] of the nodes that there are."""

    features: Tensor
    neighbours: Tensor
    joined: Tensor
    weights: Tensor
    mask: Tensor


class Examples(NamedTuple):
    """Graphs, and the answers [b]."""

    graphs: Graphs
    labels: Tensor


def listed(graphs: Adjacent, features: Tensor, most: int) -> Graphs:
    """The graphs as lists of neighbours in the order of nodes, with room for `most` of them, which no node exceeds."""
    order = graphs.joined.to(torch.uint8).argsort(dim=2, descending=True, stable=True)[:, :, :most]
    weights, joined = (tensor.gather(2, order) for tensor in (graphs.weights, graphs.joined))
    return Graphs(features, order, joined, weights, graphs.mask)


def erdos_renyi(sizes: Tensor, densities: Tensor, most: int, stream: Generator) -> Adjacent:
    """Graphs of `sizes` int64 [b] nodes, at most `most`, of which each pair is joined with probability `densities` [b],
    each on its own (Gilbert 1959); weights are 1. A graph without an edge is drawn anew."""
    mask = torch.arange(most) < sizes[:, None]
    joined = torch.zeros(len(sizes), most, most, dtype=torch.bool)
    while (empty := ~joined.flatten(1).any(1)).any():
        here = mask[empty]
        upper = torch.rand(len(here), most, most, generator=stream) < densities[empty, None, None]
        upper = (upper & here[:, None] & here[:, :, None]).triu(1)
        joined[empty] = upper | upper.mT
    return Adjacent(joined, joined.float(), mask)


def two_cycles(sizes: Tensor, largest: float, most: int, stream: Generator) -> Adjacent:
    """Graphs of `sizes` int64 [b] nodes, at most `most`, each the union of two random cycles through all nodes:
    connected, and of degree 4 but where the cycles share an edge. Weights are uniform on [1, largest]."""
    mask = torch.arange(most) < sizes[:, None]
    rows, joined = torch.arange(len(sizes))[:, None], torch.zeros(len(sizes), most, most, dtype=torch.bool)
    for _ in range(2):
        order = torch.where(mask, torch.rand(mask.shape, generator=stream), torch.inf).argsort(1)
        following = order.gather(1, (torch.arange(most) + 1) % sizes[:, None])
        joined[rows, order, following] |= mask  # the first `sizes` places of the order are the nodes that there are
    weights = 1 + (largest - 1) * torch.rand(joined.shape, generator=stream)
    weights = torch.where((joined | joined.mT).triu(1), weights, 0.0)
    return Adjacent(joined | joined.mT, weights + weights.mT, mask)


def maximum_degree(graphs: Adjacent) -> Examples:
    """How many neighbours the node with most of them has; all nodes have the feature 1."""
    features = torch.ones(*graphs.mask.shape, 1)
    return Examples(listed(graphs, features, len(graphs.joined[0]) - 1), graphs.joined.sum(2).amax(1).float())


def shortest_path(graphs: Adjacent, stream: Generator) -> Examples:
    """The length of the shortest path from a random source to a random target, of those whose shortest path has at most
    HOPS edges; features [b, n, 2] name the two. Every node is its own neighbour by an edge of weight 0, so that HOPS
    rounds of Bellman and Ford find shorter paths too. For graphs of degree 4 at most in which every node has a
    neighbour: the nearest of these is then a target."""
    positions = torch.arange(graphs.mask.shape[1])
    looped = graphs._replace(joined=graphs.joined | torch.eye(len(positions), dtype=torch.bool))
    source = chosen(graphs.mask, stream)
    near, far = distances(looped, source)
    target = chosen(graphs.mask & (near == far) & (positions != source[:, None]), stream)
    roles = torch.stack([positions == source[:, None], positions == target[:, None]], 2)
    return Examples(listed(looped, roles.float(), 5), near.gather(1, target[:, None])[:, 0])


def distances(graphs: Adjacent, source: Tensor) -> tuple[Tensor, Tensor]:
    """Lengths [b, n] of shortest paths from the source int64 [b], of at most HOPS edges and of any number: rounds of
    d_u <- min_v d_v + w_uv, over itself too (Bellman 1958)."""
    lengths = torch.where(graphs.joined, graphs.weights, torch.inf)
    positions = torch.arange(lengths.shape[1])
    rounds = [torch.where(positions == source[:, None], 0.0, torch.inf)]
    for _ in range(max(HOPS, len(positions) - 1)):
        rounds.append((rounds[-1][:, None] + lengths).amin(2))
    return rounds[HOPS], rounds[-1]


def chosen(possible: Tensor, stream: Generator) -> Tensor:
    """A random one of the possible nodes bool [b, n] of each graph, int64 [b]."""
    return torch.where(possible, torch.rand(possible.shape, generator=stream), -1.0).argmax(1)
