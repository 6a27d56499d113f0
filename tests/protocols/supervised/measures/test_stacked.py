"""A stack of networks against one network after the other."""

import torch
from torch.nn.functional import cross_entropy

from robustpath.models.functional import predict
from robustpath.models.mlp import mlp
from robustpath.protocols.supervised.measures import stacked

from .conftest import networks, normal


def test_logits_and_losses_are_those_of_the_networks():
    params, inputs = networks(6, 5, 4, 3, members=3), normal(7, 2, 3, seed=1)
    labels = torch.randint(3, (3, 7), generator=torch.Generator().manual_seed(2))
    network = predict(mlp(6, [5, 4], 3))
    found = stacked.logits(params, inputs)
    losses = stacked.mean_cross_entropy(params, inputs, labels)(stacked.flatten(params))
    errors = stacked.error(params, inputs, labels)(stacked.flatten(params))
    for member in range(3):
        expected = network({name: tensor[member] for name, tensor in params.items()}, inputs)
        assert torch.allclose(found[member], expected, rtol=0, atol=1e-14)
        assert torch.allclose(losses[member], cross_entropy(expected, labels[member]), rtol=0, atol=1e-14)
        assert errors[member] == (expected.argmax(1) != labels[member]).double().mean()


def test_points_do_not_depend_on_the_order_of_the_names():
    params = networks(6, 5, 3, members=2)
    turned = dict(reversed(params.items()))
    assert torch.equal(stacked.flatten(params), stacked.flatten(turned))
    for like in (params, turned):
        back = stacked.unflatten(stacked.flatten(params), like)
        assert back.keys() == params.keys()
        assert all(torch.equal(back[name], params[name]) for name in params)


def test_hessian_products_are_those_of_the_whole_hessian(trained):
    vectors = normal(*trained.points.shape, seed=3)
    found = stacked.hessian_products(trained.losses, trained.points)(vectors)
    for member in range(4):
        assert torch.allclose(found[member], trained.hessian(member) @ vectors[member], rtol=0, atol=1e-12)
