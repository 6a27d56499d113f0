"""Planes through the loss: what they do not see, and trajectories whose plane is known (Li et al. 2018)."""

import pytest
import torch

from robustpath.models.functional import initialise
from robustpath.models.mlp import mlp
from robustpath.protocols.supervised.measures.stacked import flatten, mean_cross_entropy
from robustpath.protocols.supervised.surfaces import filter_normalised, plane, principal_plane

LINE = torch.linspace(-1, 1, 9, dtype=torch.float64)


@pytest.fixture
def network():
    """A network of two layers in double precision, some data, and a direction."""
    stream = torch.Generator().manual_seed(2)
    params = {name: tensor.double() for name, tensor in initialise(mlp(5, [7], 3), stream).items()}
    inputs = torch.randn(20, 5, generator=stream).double()
    direction = {name: torch.randn(t.shape, generator=stream).double() for name, t in params.items()}
    return params, inputs, torch.arange(20) % 3, direction


def curve(params, inputs, labels, direction):
    """The loss along a direction."""
    stacked = {name: tensor[None] for name, tensor in params.items()}

    def losses(points):
        return mean_cross_entropy(stacked, inputs, labels.expand(len(points), -1))(points)

    vector = flatten({name: tensor[None] for name, tensor in direction.items()})[0]
    directions = torch.stack([vector, torch.zeros_like(vector)])
    return plane(losses, flatten(stacked)[0], directions, LINE, torch.zeros(1, dtype=torch.float64))[:, 0]


def scaled(params, factors):
    """The same function with hidden units scaled by `factors`."""
    return {
        "1.weight": params["1.weight"] * factors[:, None],
        "1.bias": params["1.bias"] * factors,
        "3.weight": params["3.weight"] / factors,
        "3.bias": params["3.bias"],
    }


def test_a_layers_scale_changes_the_raw_curve_and_not_the_filter_normalised_one(network):
    params, inputs, labels, direction = network
    larger = scaled(params, torch.full((7,), 5.0, dtype=torch.float64))
    filtered = [curve(p, inputs, labels, filter_normalised(direction, p)) for p in (params, larger)]
    raw = [curve(p, inputs, labels, direction) for p in (params, larger)]
    torch.testing.assert_close(*filtered, rtol=0, atol=1e-12)
    assert (raw[0] - raw[1]).abs().max() > 0.1


def test_the_scale_of_single_units_changes_even_the_filter_normalised_curve(network):
    params, inputs, labels, direction = network
    uneven = scaled(params, torch.tensor([0.1, 10, 1, 0.2, 5, 1, 3], dtype=torch.float64))
    filtered = [curve(p, inputs, labels, filter_normalised(direction, p)) for p in (params, uneven)]
    assert (filtered[0] - filtered[1]).abs().max() > 0.1


def test_a_filter_is_as_long_as_the_weights_own_and_biases_do_not_move(network):
    params, _, _, direction = network
    filtered = filter_normalised(direction, params)
    for name in ("1.weight", "3.weight"):
        torch.testing.assert_close(filtered[name].norm(dim=1), params[name].norm(dim=1))
        cosine = torch.cosine_similarity(filtered[name], direction[name], dim=1)
        torch.testing.assert_close(cosine, torch.ones_like(cosine))
    assert not filtered["1.bias"].any()


def test_collinear_points_lie_on_the_first_axis_at_their_distances():
    along = torch.tensor([3.0, -4.0, 0.0], dtype=torch.float64) / 5
    path = torch.stack([7 * along, 2 * along, 0 * along]) + torch.tensor([1.0, 1.0, 1.0])
    found = principal_plane(path)
    torch.testing.assert_close(found.explained, torch.tensor([1.0, 0.0], dtype=torch.float64), rtol=0, atol=1e-12)
    torch.testing.assert_close(
        found.coordinates[:, 0], torch.tensor([7.0, 2.0, 0.0], dtype=torch.float64), rtol=0, atol=1e-12
    )
    torch.testing.assert_close(found.coordinates[:, 1], torch.zeros(3, dtype=torch.float64), rtol=0, atol=1e-12)


def test_a_path_in_a_plane_keeps_its_shape_in_any_space_around():
    flat = torch.tensor([[4.0, 1.0], [3.0, -1.0], [1.0, 0.5], [0.0, 0.0]], dtype=torch.float64)
    basis = torch.linalg.qr(torch.randn(30, 2, generator=torch.Generator().manual_seed(1)).double())[0]
    found = principal_plane(flat @ basis.T + 3.0)
    torch.testing.assert_close(torch.cdist(found.coordinates, found.coordinates), torch.cdist(flat, flat))
    torch.testing.assert_close(found.explained.sum(), torch.tensor(1.0, dtype=torch.float64))
    torch.testing.assert_close(found.coordinates @ found.directions, (flat @ basis.T), rtol=0, atol=1e-12)


def test_a_plane_holds_the_loss_at_every_point():
    origin, directions = torch.tensor([1.0, 2.0, 3.0]), torch.tensor([[1.0, 0.0, 0.0], [0.0, 0.0, 2.0]])
    found = plane(lambda points: points.square().sum(1), origin, directions, torch.arange(3.0), torch.arange(40.0))
    a, b = 2, 17
    assert found.shape == (3, 40)
    assert found[a, b] == (1 + a) ** 2 + 4 + (3 + 2 * b) ** 2


def test_the_shares_are_those_of_the_variance():
    cross = torch.tensor([[2.0, 0.0], [-2.0, 0.0], [0.0, 1.0], [0.0, -1.0]], dtype=torch.float64)
    found = principal_plane(cross)
    torch.testing.assert_close(found.explained, torch.tensor([0.8, 0.2], dtype=torch.float64))
