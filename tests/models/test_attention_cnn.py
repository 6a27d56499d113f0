"""The network with an attention map: its arithmetic by hand, and that the map tells what the logits come from."""

import math

import pytest
import torch

from robustpath import models
from robustpath.core.randomness import generator
from robustpath.models.attention_cnn import WIDTHS, maps
from robustpath.models.functional import activations, initialise, predict

SHAPE = (16, 8)


def network(shape=SHAPE, classes=2):
    return models.network({"model": "attention_cnn"}, shape, classes)


def begun(shape=SHAPE, seed=0):
    params = initialise(network(shape), generator("attention", seed))
    return {name: tensor.double() for name, tensor in params.items()}


def opened(seed=1):
    """Parameters whose map is not constant."""
    stream, params = generator("opened", seed), begun()
    for name in ("attention.weight", "attention.bias"):
        params[name] = 0.2 * torch.randn(params[name].shape, generator=stream, dtype=torch.float64)
    return params


def images(count, *shape):
    return torch.rand(count, *shape, generator=generator("images", *shape), dtype=torch.float64)


def gate_by_hand(features, weight, bias):
    """sigmoid of a 3 x 3 sum over the planes of maxima and means, pixel by pixel; beyond the edge is nothing."""
    channels, height, width = features.shape
    value = features.tolist()
    planes = [
        [[max(value[c][i][j] for c in range(channels)) for j in range(width)] for i in range(height)],
        [[sum(value[c][i][j] for c in range(channels)) / channels for j in range(width)] for i in range(height)],
    ]
    found = torch.zeros(height, width, dtype=torch.float64)
    for i in range(height):
        for j in range(width):
            total = bias.item()
            for plane in range(2):
                for di in (-1, 0, 1):
                    for dj in (-1, 0, 1):
                        if 0 <= i + di < height and 0 <= j + dj < width:
                            total += weight[0, plane, di + 1, dj + 1].item() * planes[plane][i + di][j + dj]
            found[i, j] = 1 / (1 + math.exp(-total))
    return found


def test_the_map_and_what_it_lets_through_are_those_of_a_hand():
    params, inputs, model = opened(), images(3, *SHAPE), network()
    layers, seen = activations(model)(params, inputs), maps(model, params, inputs)
    assert seen.shape == (3, 4, 2) and seen.std() > 0.05
    for example in range(3):
        features = layers["features"][example]
        expected = gate_by_hand(features, params["attention.weight"], params["attention.bias"])
        torch.testing.assert_close(seen[example], expected)
        torch.testing.assert_close(layers["attention"][example], features * expected)
        left = features - layers["attention"][example]
        torch.testing.assert_close(left, features * (1 - expected))  # sigmoid(-A) = 1 - sigmoid(A)


def test_at_the_start_both_parts_are_half_of_the_features():
    layers = activations(network())(begun(), images(2, *SHAPE))
    assert torch.equal(layers["attention"], layers["features"] / 2)
    assert torch.equal(maps(network(), begun(), images(2, *SHAPE)), torch.full((2, 4, 2), 0.5, dtype=torch.float64))
    assert (layers["features"] >= 0).all() and layers["features"].mean() > 0.1


def test_the_logits_come_from_the_part_that_is_let_through():
    params, inputs = opened(), images(3, *SHAPE)
    layers = activations(network())(params, inputs)
    pooled = layers["attention"].sum((2, 3)) / 8
    torch.testing.assert_close(
        predict(network())(params, inputs), pooled @ params["head.weight"].T + params["head.bias"]
    )
    shut = params | {"attention.weight": torch.zeros(1, 2, 3, 3).double(), "attention.bias": torch.tensor([-800.0])}
    shut["attention.bias"] = shut["attention.bias"].double()
    assert torch.equal(predict(network())(shut, inputs), params["head.bias"].expand(3, -1))


def test_the_map_has_a_quarter_of_the_rows_and_columns_and_a_signal_one_row():
    for shape, size in {(16, 8): (4, 2), (3, 32, 32): (8, 8), (56, 28): (14, 7), (20,): (1, 5), (6,): (1, 2)}.items():
        params, inputs = begun(shape), images(2, *shape)
        assert maps(network(shape), params, inputs).shape == (2, *size)
        logits = predict(network(shape))(params, inputs)
        assert logits.shape == (2, 2) and logits.isfinite().all()


def test_no_example_touches_another():
    params, inputs = opened(), images(3, *SHAPE)
    whole = predict(network())(params, inputs)
    alone = torch.cat([predict(network())(params, inputs[i : i + 1]) for i in range(3)])
    torch.testing.assert_close(whole, alone)


def test_its_parameters_and_their_start():
    """A member's attention begins at zero for every seed; all else is drawn."""
    first, second = begun(seed=0), begun(seed=1)
    fixed = {name for name in first if torch.equal(first[name], second[name])}
    assert fixed == {"attention.weight", "attention.bias", *(name for name in first if name.startswith("norm"))}
    one, two, three = WIDTHS
    sizes = [
        one * 10 + 2 * one,
        two * (9 * one + 1) + 2 * two,
        three * (9 * two + 1) + 2 * three,
        18 + 1,
        2 * three + 2,
    ]
    assert sum(tensor.numel() for tensor in first.values()) == sum(sizes)
    *_, weight, bias = first
    assert (weight, bias) == ("head.weight", "head.bias")  # methods that refit the last layer read these


@pytest.mark.parametrize("count", [1, 2])
def test_a_stack_of_networks_has_the_maps_of_each(count):
    members = [opened(seed) for seed in range(count)]
    together = {name: torch.stack([params[name] for params in members]) for name in members[0]}
    inputs, model = images(3, *SHAPE), network()
    stacked = torch.vmap(lambda params: maps(model, params, inputs))(together)
    for found, params in zip(stacked, members, strict=True):
        torch.testing.assert_close(found, maps(model, params, inputs))
