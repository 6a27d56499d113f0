"""Random graphs: degrees and shortest paths by brute force and by Dijkstra, lists of neighbours, and what is drawn."""

import heapq
from itertools import pairwise, permutations

import pytest
import torch

from robustpath.theory import graphs


def stream(seed=0):
    return torch.Generator().manual_seed(seed)


def weighted(count=12, largest=5.0, most=9, seed=0):
    sizes = torch.randint(5, most + 1, (count,), generator=stream(seed))
    return sizes, graphs.two_cycles(sizes, largest, most, stream(seed + 1))


def edges(drawn, place):
    """Node -> {neighbour: weight} of one graph."""
    joined, weights = drawn.joined[place], drawn.weights[place]
    return {
        u: {v: weights[u, v].item() for v in range(len(joined)) if joined[u, v]}
        for u in range(len(joined))
        if drawn.mask[place, u]
    }


def dijkstra(near, source):
    """Length and number of edges of the shortest path from the source to every node."""
    done, queue = {}, [(0.0, 0, source)]
    while queue:
        length, hops, node = heapq.heappop(queue)
        if node not in done:
            done[node] = length, hops
            for other, weight in near[node].items():
                heapq.heappush(queue, (length + weight, hops + 1, other))
    return done


def test_shortest_paths_are_those_of_dijkstra():
    _, drawn = weighted()
    found = graphs.shortest_path(drawn, stream(2))
    for place, label in enumerate(found.labels.tolist()):
        source, target = (found.graphs.features[place, :, role].nonzero().item() for role in (0, 1))
        length, hops = dijkstra(edges(drawn, place), source)[target]
        assert label == pytest.approx(length, rel=1e-6)
        assert source != target and hops <= graphs.HOPS
        assert found.graphs.features[place].sum(0).tolist() == [1, 1]


def test_a_shortest_path_is_the_shortest_of_all_paths():
    """Every sequence of different nodes of a small graph, one after the other."""
    _, drawn = weighted(4, most=6)
    found = graphs.shortest_path(drawn, stream(3))
    for place, label in enumerate(found.labels.tolist()):
        near = edges(drawn, place)
        source, target = (found.graphs.features[place, :, role].nonzero().item() for role in (0, 1))
        others = [node for node in near if node not in (source, target)]
        paths = [(source, *middle, target) for many in range(len(others) + 1) for middle in permutations(others, many)]
        lengths = [
            sum(near[u][v] for u, v in pairwise(path)) for path in paths if all(v in near[u] for u, v in pairwise(path))
        ]
        assert label == pytest.approx(min(lengths), rel=1e-6)


def test_a_target_whose_shortest_path_has_more_edges_is_none():
    """Five nodes in a row, each a step of weight 1: from one end, four edges are too many."""
    row = torch.zeros(5, 5)
    row[range(4), range(1, 5)] = 1.0
    drawn = graphs.Adjacent((row + row.T > 0)[None], (row + row.T)[None], torch.ones(1, 5, dtype=torch.bool))
    looped = drawn._replace(joined=drawn.joined | torch.eye(5, dtype=torch.bool))
    near, far = graphs.distances(looped, torch.tensor([0]))
    assert near.tolist() == [[0, 1, 2, 3, torch.inf]] and far.tolist() == [[0, 1, 2, 3, 4]]
    ends = {
        tuple(graphs.shortest_path(drawn, stream(seed)).graphs.features[0].argmax(0).tolist()) for seed in range(200)
    }
    assert ends == {(u, v) for u in range(5) for v in range(5) if u != v} - {(0, 4), (4, 0)}


def test_the_maximum_degree_by_counting():
    sizes = torch.tensor([3, 6, 8])
    drawn = graphs.erdos_renyi(sizes, torch.tensor([0.9, 0.3, 0.5]), 8, stream())
    found = graphs.maximum_degree(drawn)
    assert found.labels.tolist() == [max(len(own) for own in edges(drawn, place).values()) for place in range(3)]
    assert found.graphs.features.unique().tolist() == [1]


def test_erdos_renyi_graphs_have_their_density_and_an_edge():
    sizes = torch.tensor([12] * 400 + [4] * 400)
    drawn = graphs.erdos_renyi(sizes, torch.tensor([0.3] * 400 + [0.05] * 400), 12, stream())
    assert torch.equal(drawn.joined, drawn.joined.mT) and not drawn.joined.diagonal(dim1=1, dim2=2).any()
    assert (drawn.joined[:400].float().sum((1, 2)) / (12 * 11)).mean().item() == pytest.approx(0.3, abs=0.01)
    assert drawn.joined.flatten(1).any(1).all()
    assert not drawn.joined[400:, 4:].any() and not drawn.joined[400:, :, 4:].any()


def test_two_cycles_are_connected_and_of_degree_four():
    sizes, drawn = weighted(30, most=12)
    for place, size in enumerate(sizes.tolist()):
        near = edges(drawn, place)
        assert len(near) == size and len(dijkstra(near, 0)) == size
        assert all(2 <= len(own) <= 4 and node not in own for node, own in near.items())
        assert min(min(own.values()) for own in near.values()) >= 1
        assert max(max(own.values()) for own in near.values()) <= 5
    assert torch.equal(drawn.weights, drawn.weights.mT) and not drawn.weights[~drawn.joined].any()
    degrees = graphs.two_cycles(torch.tensor([60]), 1.0, 60, stream()).joined.sum(2).float()
    assert degrees.mean().item() > 3.7
    assert weighted(200, 10.0)[1].weights.max() > 9.9


def test_lists_hold_every_neighbour_once():
    _, drawn = weighted()
    listed = graphs.listed(drawn, torch.zeros(12, 9, 1), 4)
    for place in range(12):
        for node, own in edges(drawn, place).items():
            kept = listed.joined[place, node]
            found = dict(
                zip(
                    listed.neighbours[place, node][kept].tolist(), listed.weights[place, node][kept].tolist(),
                    strict=True,
                )
            )  # fmt: skip
            assert found == own
    assert not listed.joined[~drawn.mask].any()


def test_choice_is_uniform_over_what_is_possible():
    possible = torch.tensor([[False, True, True, False, True]]).expand(3000, 5)
    shares = torch.bincount(graphs.chosen(possible, stream()), minlength=5) / 3000
    assert shares.tolist() == pytest.approx([0, 1 / 3, 1 / 3, 0, 1 / 3], abs=0.03)
