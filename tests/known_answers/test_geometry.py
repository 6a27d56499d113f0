"""Tangent directions against what is known of them: orthogonality, and how much of a random direction they keep.

I1 and I2 are the identities of a step in a random direction, derived from E[u u'] = P / rank(P) for a direction u that
is uniform on the unit sphere of the subspace onto which P projects.
"""

import math

import pytest
import torch

from robustpath.core.parameters import add, dot, norm, scale, tree_map, unit
from robustpath.methods.base import Batch, grad
from robustpath.methods.geometry import chain, rescaling, rescaling_products, tangent, without_rescaling
from robustpath.models.functional import initialise, mean_cross_entropy, predict
from robustpath.models.mlp import mlp


def doubles(tree):
    return tree_map(torch.Tensor.double, tree)


def normal(tree, seed):
    generator = torch.Generator().manual_seed(seed)
    return tree_map(lambda x: torch.randn(x.shape, generator=generator, dtype=x.dtype), tree)


def network(*widths):
    """A ReLU network of these widths, its parameters and the gradient of its loss on 40 random examples."""
    generator = torch.Generator().manual_seed(1)
    model = mlp(widths[0], widths[1:-1], widths[-1])
    params = doubles(initialise(model, generator))
    inputs = torch.randn(40, widths[0], generator=generator, dtype=torch.float64)
    batch = Batch(inputs, torch.randint(widths[-1], (40,), generator=generator))
    return model, params, grad(mean_cross_entropy(model))(params, batch), batch


def generators(params, widths):
    """Every v_j, built unit by unit from its definition (w_in, b, -w_out)."""
    layers = [name.removesuffix(".weight") for name in params if name.endswith(".weight")]
    for layer, following, width in zip(layers, layers[1:], widths[1:-1], strict=False):
        for unit_number in range(width):
            vector = tree_map(torch.zeros_like, params)
            vector[f"{layer}.weight"][unit_number] = params[f"{layer}.weight"][unit_number]
            vector[f"{layer}.bias"][unit_number] = params[f"{layer}.bias"][unit_number]
            vector[f"{following}.weight"][:, unit_number] = -params[f"{following}.weight"][:, unit_number]
            yield vector


WIDTHS = [(8, 7, 6, 3), (64, 64, 64, 10)]


@pytest.mark.parametrize("widths", WIDTHS)
def test_the_gradient_is_orthogonal_to_the_rescaling_of_every_hidden_unit(widths):
    """Rescaling its units leaves a ReLU network's function (Neyshabur, Salakhutdinov & Srebro 2015): <g, v_j> = 0."""
    _, params, gradient, _ = network(*widths)
    found = torch.cat(rescaling_products(params, gradient))
    by_hand = torch.stack([dot(vector, gradient) for vector in generators(params, widths)])
    assert by_hand.abs().max() < 1e-12
    assert torch.allclose(found, by_hand, rtol=0, atol=1e-15)
    other = normal(params, 2)
    by_hand = torch.stack([dot(vector, other) for vector in generators(params, widths)])
    assert torch.allclose(torch.cat(rescaling_products(params, other)), by_hand, rtol=0, atol=1e-12)


def test_rescaling_at_constant_rates_leaves_the_function():
    """exp(a) on the way in and exp(-a) on the way out: the motion is the derivative of a path of constant output."""
    model, params, _, batch = network(8, 7, 6, 3)
    rates = [torch.linspace(-1, 1, 7).double(), torch.linspace(-1, 2, 6).double()]
    moved = dict(params)
    for _ in range(1000):
        moved = add(moved, scale(rescaling(moved, rates), torch.tensor(1e-3)))
    before, after = (predict(model)(p, batch.inputs) for p in (params, moved))
    assert norm(rescaling(params, rates)) > 1
    # Euler's method multiplies by (1 + a/1000)^1000 instead of exp(a).
    assert torch.allclose(before, after, rtol=0, atol=5e-3)
    assert torch.allclose(moved["1.weight"], params["1.weight"] * rates[0].exp()[:, None], rtol=5e-3)


@pytest.mark.parametrize("widths", WIDTHS)
def test_a_tangent_is_orthogonal_to_parameters_gradient_and_every_rescaling(widths):
    _, params, gradient, _ = network(*widths)
    direction = unit(tangent(params, gradient, normal(params, 3)))
    normals = [params, gradient, *generators(params, widths)]
    assert max(abs(dot(unit(vector), direction)) for vector in normals) < 1e-12


@pytest.mark.parametrize("widths", WIDTHS)
def test_a_tangent_is_the_vector_less_its_least_squares_fit_by_the_normals(widths):
    """The projection against a dense solver: nothing but the part along the normals is removed."""
    _, params, gradient, _ = network(*widths)
    noise = normal(params, 4)
    flat = lambda tree: torch.cat([x.flatten() for x in tree.values()])  # noqa: E731
    normals = torch.stack([flat(unit(v)) for v in (params, gradient, *generators(params, widths))], 1)
    expected = flat(noise) - normals @ torch.linalg.lstsq(normals, flat(noise)).solution
    assert torch.allclose(flat(tangent(params, gradient, noise)), expected, rtol=0, atol=1e-11)


def test_single_precision_leaves_a_millionth():
    _, params, gradient, _ = network(64, 64, 64, 10)
    params, gradient = (tree_map(torch.Tensor.float, tree) for tree in (params, gradient))
    direction = unit(tangent(params, gradient, normal(params, 3)))
    normals = [params, gradient, *generators(params, (64, 64, 64, 10))]
    assert max(abs(dot(unit(vector), direction)) for vector in normals) < 1e-6


def test_projecting_a_random_direction_removes_as_many_parts_as_there_are_normals():
    """I2: of the squared length of a random direction, rank/d is removed: here (13 units + 2) of 123 numbers."""
    _, params, gradient, _ = network(8, 7, 6, 3)
    numbers = sum(x.numel() for x in params.values())
    noise = {name: torch.randn(4000, *x.shape, generator=torch.Generator().manual_seed(5), dtype=x.dtype)
             for name, x in params.items()}  # fmt: skip

    def kept(vector):
        return norm(tangent(params, gradient, unit(vector))) ** 2

    removed = 1 - torch.vmap(kept)(noise)
    assert removed.mean() == pytest.approx(15 / numbers, rel=0.02)


def quadratic(curvatures):
    return lambda params: 0.5 * (curvatures * params["w"] ** 2).sum()


def unit_tangents(params, gradient, count, seed):
    noise = torch.randn(count, *params["w"].shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)
    return torch.vmap(lambda w: unit(tangent(params, gradient, {"w": w})))(noise)


def test_the_expected_rise_of_a_random_tangent_step():
    """I1: E[L(w + d u) - L(w)] = d²/2 (tr H - g'Hg/|g|²)/(n - 1) for u uniform on the unit tangents of the level set.

    At w along an axis g and w are parallel, so the sphere removes no further direction and the identity is exact.
    """
    curvatures = torch.linspace(1, 20, 20, dtype=torch.float64)
    loss, params, length = quadratic(curvatures), {"w": torch.eye(20, dtype=torch.float64)[4]}, 0.1
    steps = unit_tangents(params, grad(loss)(params), 4000, 6)
    rise = torch.vmap(lambda u: loss(add(params, scale(u, torch.tensor(length)))) - loss(params))(steps)
    expected = length**2 / 2 * (curvatures.sum() - curvatures[4]) / 19
    assert rise.mean() == pytest.approx(expected.item(), abs=3 * rise.std().item() / math.sqrt(4000))


def test_the_expected_rise_where_the_sphere_takes_a_direction_too():
    """I1 with P orthogonal to both w and g: E = d²/2 tr(P H)/(n - 2)."""
    curvatures = torch.linspace(1, 20, 20, dtype=torch.float64)
    loss, params = quadratic(curvatures), {"w": torch.linspace(2, 0.5, 20, dtype=torch.float64)}
    gradient = grad(loss)(params)
    basis, _ = torch.linalg.qr(torch.stack([params["w"], gradient["w"]], 1))
    expected = 0.005 * (curvatures.sum() - (basis.T * curvatures @ basis).trace()) / 18
    steps = unit_tangents(params, gradient, 4000, 7)
    rise = torch.vmap(lambda u: loss(add(params, scale(u, torch.tensor(0.1)))) - loss(params))(steps)
    assert rise.mean() == pytest.approx(expected.item(), abs=3 * rise.std().item() / math.sqrt(4000))


@pytest.mark.parametrize(
    "names",
    [
        {"w": (5,)},
        {"1.weight": (4, 3), "3.weight": (2, 5)},
        {"1.weight": (4, 3), "norm.weight": (4,)},
        {"1.weight": (4, 3, 2), "3.weight": (2, 4)},
        {"1.bias": (4,), "3.weight": (2, 4)},
    ],
)
def test_parameters_that_are_no_chain_have_no_rescaling(names):
    params = {name: torch.ones(shape) for name, shape in names.items()}
    vector = normal(params, 8)
    assert chain(params) == []
    assert all(torch.equal(without_rescaling(params, vector)[name], vector[name]) for name in names)


def test_layers_are_ordered_by_number_in_any_order_of_the_names():
    model = mlp(4, [4] * 5, 4)
    params = initialise(model, torch.Generator().manual_seed(0))
    assert chain(dict(sorted(params.items()))) == chain(params) == ["1", "3", "5", "7", "9", "11"]


def test_nothing_projected_is_nothing():
    _, params, gradient, _ = network(8, 7, 6, 3)
    nothing = tree_map(torch.zeros_like, params)
    assert norm(tangent(params, gradient, nothing)) == 0


def test_a_flat_point_and_dead_units_give_finite_tangents():
    model, params, _, batch = network(8, 7, 6, 3)
    params["1.weight"][2], params["1.bias"][2], params["3.weight"][:, 2] = 0, 0, 0
    gradient = grad(mean_cross_entropy(model))(params, batch)
    for slope in (gradient, scale(gradient, torch.tensor(0.0))):
        direction = tangent(params, slope, normal(params, 9))
        assert all(x.isfinite().all() for x in direction.values())
        assert abs(dot(unit(params), unit(direction))) < 1e-12
