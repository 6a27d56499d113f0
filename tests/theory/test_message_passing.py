"""Networks on graphs: exact ones set by hand, the definition node by node, padding, order of nodes, turned signs."""

import pytest
import torch

from robustpath.theory import graphs
from robustpath.theory.message_passing import Architecture, initial, network

BIG = 1e3  # longer than any path
HOW = {"sum": sum, "max": max, "min": min, "mean": lambda values: sum(values) / len(values)}


def stream(seed=0):
    return torch.Generator().manual_seed(seed)


def doubled(examples):
    """The same in float64."""
    inputs = examples.graphs
    return examples._replace(
        graphs=inputs._replace(features=inputs.features.double(), weights=inputs.weights.double()),
        labels=examples.labels.double(),
    )


def paths(sizes, most, largest=5.0, seed=0):
    drawn = graphs.two_cycles(torch.tensor(sizes), largest, most, stream(seed))
    return doubled(graphs.shortest_path(drawn._replace(weights=drawn.weights.double()), stream(seed + 1)))


def degrees(sizes, most, seed=0):
    drawn = graphs.erdos_renyi(torch.tensor(sizes), torch.tensor([0.4] * len(sizes)), most, stream(seed))
    return doubled(graphs.maximum_degree(drawn))


def counting():
    """sum + max with messages of 1: h_u is the degree of u."""
    first = torch.tensor([[1.0], [0.0], [0.0]])  # of the neighbour's feature, of the node's own, bias
    return {"first_0": first, "second_0": torch.tensor([[1.0], [0.0]]), "head": torch.tensor([1.0, 0.0])}


def bellman_ford():
    """min + min with states (d, o, a): the distance so far, BIG where the node is not the target, and the answer there:
    d + o. Messages are (d_v + w, o_u, d_v + w + o_u), none of them negative."""
    rows = torch.tensor
    begin = rows(
        [
            [-BIG, 0.0, -BIG],  # the neighbour is the source: nothing is between
            [0.0, 0.0, 0.0],
            [0.0, 0.0, 0.0],
            [0.0, -BIG, -BIG],  # the node is the target
            [1.0, 0.0, 1.0],  # weight
            [BIG, BIG, 2 * BIG],
        ]
    )
    later = torch.zeros(8, 3)
    later[0, 0] = later[0, 2] = 1.0  # d of the neighbour
    later[4, 1] = later[4, 2] = 1.0  # o of the node
    later[6, 0] = later[6, 2] = 1.0  # weight
    second = torch.cat([torch.eye(3), torch.zeros(1, 3)])
    params = {"first_0": begin, "first_1": later, "first_2": later, "head": rows([0.0, 0.0, 1.0, 0.0])}
    return {name: own.double() for name, own in params.items()} | {
        f"second_{number}": second.double() for number in range(3)
    }


@pytest.mark.parametrize("size", [5, 25, 100])
def test_a_network_by_hand_counts_the_maximum_degree_at_every_size(size):
    examples = degrees([size, size - 2, size], size)
    params = {name: own.double() for name, own in counting().items()}
    assert network(Architecture("sum", "max"), 1, False)(params, examples.graphs).equal(examples.labels)


@pytest.mark.parametrize(("size", "largest"), [(5, 5.0), (25, 5.0), (80, 10.0)])
def test_a_network_by_hand_is_bellman_ford_at_every_size(size, largest):
    examples = paths([size] * 6, size, largest)
    found = network(Architecture("min", "min"), 3, True)(bellman_ford(), examples.graphs)
    torch.testing.assert_close(found, examples.labels, rtol=1e-9, atol=1e-9)
    other = network(Architecture("sum", "min"), 3, True)(bellman_ford(), examples.graphs)
    assert (other - examples.labels).abs().min() > 1


def slow(architecture, iterations, weighted, params, inputs, place):
    """The answer for one graph, node by node and message by message."""
    states = inputs.features[place]
    for number in range(iterations):
        new = []
        for node in range(len(states)):
            messages = []
            for slot, other in enumerate(inputs.neighbours[place, node].tolist()):
                if inputs.joined[place, node, slot]:
                    seen = [states[other], states[node]]
                    seen += [inputs.weights[place, node, slot][None]] if weighted else []
                    hidden = torch.cat([*seen, torch.ones(1)]) @ params[f"first_{number}"]
                    messages.append(torch.cat([hidden.clamp_min(0), torch.ones(1)]) @ params[f"second_{number}"])
            units = zip(*(message.tolist() for message in messages), strict=True)
            width = params["head"].shape[0] - 1
            new.append([HOW[architecture.neighbours](own) for own in units] if messages else [0.0] * width)
        states = torch.tensor(new)
    kept = [own.tolist() for own, present in zip(states, inputs.mask[place], strict=True) if present]
    read = [HOW[architecture.readout](own) for own in zip(*kept, strict=True)]
    return torch.tensor([*read, 1.0]) @ params["head"]


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("architecture", [("sum", "max"), ("sum", "mean"), ("max", "min"), ("min", "sum")])
def test_a_network_is_what_its_definition_says(architecture, weighted):
    architecture = Architecture(*architecture)
    sizes = torch.tensor([4, 6])
    drawn = graphs.erdos_renyi(sizes, torch.tensor([0.2, 0.5]), 6, stream(5))
    drawn = drawn._replace(weights=drawn.weights * torch.rand(6, 6, generator=stream(6)))
    inputs = graphs.listed(drawn, torch.randn(2, 6, 2, generator=stream(7)), 5)
    assert not inputs.joined.any(2)[inputs.mask].all()  # a node without a neighbour
    params = initial(2, 4, 2, weighted, stream(8))
    found = network(architecture, 2, weighted)(params, inputs)
    known = [slow(architecture, 2, weighted, params, inputs, place) for place in range(2)]
    torch.testing.assert_close(found, torch.stack(known), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("neighbours", ["sum", "max", "min"])
@pytest.mark.parametrize("readout", ["sum", "mean", "max", "min"])
def test_padding_and_the_order_of_nodes_change_nothing(neighbours, readout):
    predict = network(Architecture(neighbours, readout), 3, True)
    params = {name: own.double() for name, own in initial(2, 5, 3, True, stream(9)).items()}
    drawn = graphs.two_cycles(torch.tensor([7, 7]), 5.0, 7, stream(10))
    roles = torch.eye(7)[:, :2].expand(2, 7, 2).double()
    answers = predict(params, graphs.listed(drawn._replace(weights=drawn.weights.double()), roles, 4))

    wide = graphs.Adjacent(*(torch.nn.functional.pad(own, (0, 3, 0, 3)) for own in drawn[:2]), torch.arange(10) < 7)
    wide = wide._replace(mask=wide.mask.expand(2, 10), weights=wide.weights.double())
    noise = torch.cat([roles, torch.full((2, 3, 2), 50.0)], 1)
    torch.testing.assert_close(predict(params, graphs.listed(wide, noise, 6)), answers)

    order = torch.randperm(7, generator=stream(11))
    moved = graphs.Adjacent(drawn.joined[:, order][:, :, order], drawn.weights[:, order][:, :, order], drawn.mask)
    moved = graphs.listed(moved._replace(weights=moved.weights.double()), roles[:, order], 4)
    torch.testing.assert_close(predict(params, moved), answers)
    torch.testing.assert_close(predict(params, graphs.Graphs(*(own[:1] for own in moved))), answers[:1])


def test_a_maximum_over_neighbours_is_a_minimum_with_signs_turned():
    """-min_v m_v = max_v (-m_v): second layers turned, and the rows that read the states."""
    params = {name: own.double() for name, own in initial(2, 4, 2, True, stream(12)).items()}
    turned = {name: own.clone() for name, own in params.items()}
    for number in range(2):
        turned[f"second_{number}"] *= -1
    turned["first_1"][:8] *= -1
    turned["head"][:4] *= -1
    inputs = paths([6, 8], 8).graphs
    least = network(Architecture("min", "min"), 2, True)(params, inputs)
    torch.testing.assert_close(network(Architecture("max", "max"), 2, True)(turned, inputs), least)


def test_a_maximum_of_equal_messages_sees_no_degree():
    params = initial(1, 4, 1, False, stream(13))
    drawn = graphs.two_cycles(torch.tensor([6, 9]), 1.0, 9, stream(14))
    full = graphs.Adjacent(*(torch.nn.functional.pad(own, (0, 0)) for own in drawn))
    whole = full._replace(joined=(full.mask[:, None] & full.mask[:, :, None]) & ~torch.eye(9, dtype=torch.bool))
    answers = [
        network(Architecture("max", "max"), 1, False)(params, graphs.maximum_degree(own).graphs)
        for own in (drawn, whole)
    ]
    assert torch.cat(answers).unique().numel() == 1


def test_networks_begin_within_the_bounds_of_their_inputs():
    params = initial(3, 20, 2, True, stream(15))
    assert {name: tuple(own.shape) for name, own in params.items()} == {
        "first_0": (8, 20), "second_0": (21, 20), "first_1": (42, 20), "second_1": (21, 20), "head": (21,)
    }  # fmt: skip
    for name, inputs in {"first_0": 7, "second_0": 20, "first_1": 41, "second_1": 20, "head": 20}.items():
        assert 0.8 < params[name].abs().max().item() * inputs**0.5 <= 1
        assert params[name].min() < 0
