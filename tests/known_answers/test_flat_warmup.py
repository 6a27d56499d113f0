"""The flat field: where it leads on a quadratic, its closed form there, and its cost."""

import pytest
import torch

from robustpath.core.parameters import add, dot, flatten, norm, scale, stack, subtract, tree_map, unflatten, unit
from robustpath.engine.plan import step_cost
from robustpath.engine.programs import leaves, traced
from robustpath.methods.base import Batch, grad
from robustpath.methods.geometry import tangent
from robustpath.methods.minima.flat_warmup import flattening
from robustpath.methods.walk import STEEPNESS, Place, steepness, walk
from robustpath.models.functional import initialise, mean_cross_entropy
from robustpath.models.mlp import mlp

from .conftest import context_with, double
from .walks import digit_images, digit_network, half_way_down_digits, phase, wander


def elongated(params, batch):
    return 0.5 * (params["v"][0] ** 2 + 10 * params["v"][1] ** 2)


def test_on_an_ellipse_it_ends_where_the_gradient_is_smallest():
    """I5: on L = (x² + 10 y²)/2 = c the field -P H ĝ has its sink at (sqrt(2c), 0), where |g|² = 2 c lambda_min = 1 for
    c = 0.5. z, on which the loss does not depend, is so large that the sphere of (x, y, z) is flat.

    Steps have a length, not a limit: a walk ends within one step d of the sink, where |g|² <= 1 + 90 d², so the steps
    are shortened three times, to d = 3e-5.
    """
    params = {"v": double([0.6, 0.064**0.5]), "z": double([1e4])}
    lengths = (3e-6, 3e-7, 3e-8, 3e-9)
    state = walk(flattening, double(lengths[0]), at_end=STEEPNESS).init(params)
    for length in lengths:
        method = walk(flattening, double(length), 1e-3, STEEPNESS)
        state = state._replace(step_length=double(length))
        for _ in range(40):
            params, state, info = method.step(elongated, params, state, None, context_with(double(0.5)))
            assert info["level_error"] < 1e-3
    assert elongated(params, None).item() == pytest.approx(0.5, abs=1e-8)
    assert norm(grad(elongated)(params, None)).square().item() == pytest.approx(1, abs=1e-6)
    assert params["v"][0].item() == pytest.approx(1, abs=1e-6)


def test_on_a_quadratic_the_direction_is_the_curvature_along_the_gradient():
    """H ĝ of ½ wᵀ H w is the matrix times the unit gradient."""
    generator = torch.Generator().manual_seed(0)
    factor = torch.randn(8, 8, generator=generator, dtype=torch.float64)
    hessian, params = factor @ factor.T, {"w": torch.randn(8, generator=generator).double()}
    gradient = {"w": hessian @ params["w"]}
    expected = tangent(params, gradient, {"w": -hessian @ gradient["w"] / norm(gradient)})
    seen = steepness(lambda p, b: 0.5 * p["w"] @ hessian @ p["w"], params, None)
    found = flattening(Place(params, gradient, seen[2], params, params, None, None, context_with(double(0.5))))
    assert norm(subtract(found, expected)) < 1e-12 * norm(expected)
    assert norm(expected) > 0.1


def cosine(a, b):
    return (dot(a, b) / (norm(a) * norm(b))).item()


@pytest.mark.parametrize("seed", range(4))
def test_on_a_relu_network_it_is_the_tangent_part_of_the_dense_hessian_times_the_gradient(seed):
    """H from torch.func.hessian, of a perceptron of 6-5-4-3 units."""
    generator = torch.Generator().manual_seed(seed)
    model = mlp(6, [5, 4], 3)
    params = tree_map(torch.Tensor.double, initialise(model, generator))
    inputs = torch.randn(30, 6, generator=generator, dtype=torch.float64)
    batch, loss = Batch(inputs, torch.randint(3, (30,), generator=generator)), mean_cross_entropy(model)
    shapes = {name: tensor.shape for name, tensor in params.items()}
    dense = torch.func.hessian(lambda w: loss(unflatten(w, shapes), batch))(flatten(params))
    gradient = grad(loss)(params, batch)
    product = unflatten(dense @ flatten(unit(gradient)), shapes)
    found = steepness(loss, params, batch)
    assert norm(subtract(found[2], product)) < 1e-12 * norm(product)
    assert norm(subtract(found[0], gradient)) == 0
    assert found[1] == loss(params, batch)

    place = Place(params, gradient, found[2], params, params, loss, None, context_with(double(0.5)))
    downhill = tree_map(torch.neg, tangent(params, gradient, product))
    assert cosine(flattening(place), downhill) > 0.9999


def test_a_difference_of_gradients_is_another_direction_at_any_distance_of_single_precision():
    """At an initialisation of 64-64-64-10 units, in double precision: as soon as some units have switched, at a
    distance of 0.01, it is further off than at 0.05, where each matters less; 1e-7 is near enough."""
    loss, _, probe = half_way_down_digits()
    params = tree_map(torch.Tensor.double, initialise(digit_network, torch.Generator().manual_seed(0)))
    gradient = grad(loss)(params, probe)
    exact = tangent(params, gradient, steepness(loss, params, probe)[2])
    cosines = []
    for radius in (0.05, 0.01, 1e-7):
        there = grad(loss)(add(params, scale(unit(gradient), double(radius))), probe)
        cosines.append(cosine(tangent(params, gradient, subtract(there, gradient)), exact))
    assert cosines == pytest.approx([0.53, 0.33, 1.0], abs=0.01)


def test_where_the_gradient_is_zero_so_is_the_direction():
    *_, found = steepness(lambda p, b: 0.5 * p["w"].square().sum(), {"w": double([0.0, 0.0])}, None)
    assert torch.equal(found["w"], double([0.0, 0.0]))


def test_the_product_of_a_population_is_traced_as_it_is_taken():
    """As the engine does it: vectorised over models, traced without values, in single precision."""
    models = [initialise(digit_network, torch.Generator().manual_seed(seed)) for seed in range(3)]
    batch = digit_images(0, 32)
    batch = Batch(batch.inputs.float(), batch.labels)

    def step(params, inputs, labels):
        loss = mean_cross_entropy(digit_network)
        return (torch.vmap(lambda p: steepness(loss, p, Batch(inputs, labels))[2])(params), {})

    graph, _ = traced(step, (stack(models), batch.inputs, batch.labels))
    found = graph(*leaves((stack(models), batch.inputs, batch.labels)))
    for name, products in zip(models[0], found, strict=True):
        alone = [steepness(mean_cross_entropy(digit_network), model, batch)[2][name] for model in models]
        torch.testing.assert_close(products, torch.stack(alone), rtol=1e-4, atol=1e-6)


def test_a_step_costs_three_gradients_on_the_probe():
    """The derivative of the gradient at the end of the step, which gives the gradient on its way."""
    loss, params, probe = half_way_down_digits()
    batch = Batch(probe.inputs[:32], probe.labels[:32])
    method = phase("flat_warmup")
    assert step_cost(method, loss, params, batch) == pytest.approx(3 * 128 / 32)
    assert method.needs == {"probe": 128}


def test_from_the_initialisation_the_gradient_shrinks_at_a_level_loss():
    loss, _, probe = half_way_down_digits()
    start = tree_map(torch.Tensor.double, initialise(digit_network, torch.Generator().manual_seed(0)))
    path, info = wander(phase("flat_warmup", step_length=0.01), loss, start, [None] * 40, probe)
    losses = torch.stack([loss(p, probe) for p in path])
    steepness = [norm(grad(loss)(p, probe)) for p in (path[0], path[-1])]
    assert ((losses - losses[0]).abs() <= 0.05 * losses[0]).all()
    assert max(abs(norm(p) / norm(start) - 1) for p in path) < 1e-12
    assert steepness[1] < 0.2 * steepness[0]
    assert info.keys() == {"loss", "accepted", "level_error", "displacement", "step_length"}
