"""Double wells on activations: values, minima and barrier by hand, scales, schedule, bounds of the occupancy."""

import math

import pytest
import torch
from torch.nn.functional import cross_entropy

from robustpath import methods
from robustpath.core.errors import UserError
from robustpath.methods.activations import Units, followed, hidden, rising
from robustpath.methods.base import grad
from robustpath.methods.minima.sgd import sgd
from robustpath.methods.shortcuts.double_well import well, wells
from robustpath.methods.shortcuts.double_well_occupancy import guarded, occupancy
from robustpath.models.functional import activations, initialise
from robustpath.models.mlp import mlp

from .activations import BATCH, LABELS, descended, forward, start, stepped
from .conftest import double

LOSSES = [
    *("double_well", "double_well_occupancy", "double_well_layers", "activation_entropy", "activation_sigmoid"),
    *("activation_l1", "hoyer", "straight_through", "non_negative_contrast", "mono_loss", "binary_latent"),
]


def units(before, scale):
    before = double(before)
    return Units(before, before.clamp_min(0), double(scale))


def test_the_well_by_hand():
    """(1/4)² (3/4)² = 9/256; the barrier (1/2)⁴ = 1/16; above 1 a square, as a fourth power would be 3² 2² at 3."""
    found = well(double([0.0, 0.25, 0.5, 1.0, 1.5, 3.0]))
    assert found.tolist() == [0.0, 9 / 256, 1 / 16, 0.0, 0.25, 4.0]


def test_its_minima_are_zero_and_one_alone_and_slopes_meet_there():
    """w' = 2 a (1 - a) (1 - 2 a) to 1 and 2 (a - 1) above; the curvature is 2 on both sides of 1."""
    slope = grad(lambda a: well(a).sum())
    assert slope(double([0.0, 0.5, 1.0])).tolist() == [0.0, 0.0, 0.0]
    assert slope(double([0.25, 2.0])).tolist() == [2 * 0.25 * 0.75 * 0.5, 2.0]
    near = 1e-4
    assert (slope(double([1 - near, 1 + near])) / near).tolist() == pytest.approx([-2, 2], rel=1e-3)
    grid = torch.linspace(0, 3, 301, dtype=torch.float64)
    assert grid[well(grid) < 1e-12].tolist() == [0.0, 1.0]


def test_a_layer_is_the_sum_over_units_of_the_mean_over_examples():
    """Scales 2 and 4: a = (1/2, 1) and (0, 1/4); (1/16 + 0) / 2 + (0 + 9/256) / 2. At zero and at its scale: 0."""
    assert wells(units([[1.0, -3.0], [2.0, 1.0]], [2.0, 4.0])).item() == (1 / 16 + 9 / 256) / 2
    assert wells(units([[0.0, 4.0], [2.0, -9.0]], [2.0, 4.0])).item() == 0.0


def test_smaller_activations_pay_the_same_once_the_scale_has_followed():
    """The trick that a loss without a scale would invite: all units a tenth, all later weights ten times."""
    layer = units([[1.0, -3.0], [2.0, 1.0]], [2.0, 4.0])
    tenth = Units(layer.before / 10, layer.after / 10, layer.scale / 10)
    assert wells(tenth).item() == pytest.approx(wells(layer).item())


def test_scales_by_hand():
    """First the self-weighted mean, (1 + 9) / 4 = 5/2; then .99 of it and .01 of 4 / 2; units that are off keep theirs,
    also the 0 of those that were never on."""
    first = followed(torch.zeros(3, dtype=torch.float64), double([[1.0, 0.0, 0.0], [3.0, 2.0, 0.0]]))
    assert first.tolist() == [2.5, 2.0, 0.0]
    second = followed(first, double([[0.0, 0.0, 0.0], [2.0, 0.0, 0.0]]))
    assert second.tolist() == pytest.approx([0.99 * 2.5 + 0.01 * 2, 2.0, 0.0], rel=1e-14)


def test_a_tiny_scale_counts_as_a_thousandth():
    assert wells(units([[5e-4]], [1e-9])).item() == pytest.approx(1 / 16)


def test_the_schedule():
    found = rising(double([0.0, 0.2, 0.35, 0.5, 1.0]))
    assert found.tolist() == pytest.approx([0.0, 0.0, 0.5, 1.0, 1.0])


def test_the_occupancy_is_free_between_its_bounds():
    """Below 2 %: (1 - p / .02)²; above 50 %: ((p - .5) / .5)²; never and always 1 each."""
    for share, expected in [(0.02, 0), (0.2, 0), (0.5, 0), (0.01, 0.25), (0.75, 0.25), (0.0, 1), (1.0, 1)]:
        assert occupancy(double([share])).item() == pytest.approx(expected, abs=1e-15), share
    assert occupancy(double([0.0, 0.2, 0.75])).item() == pytest.approx(1.25)


def test_units_that_do_nothing_pay_with_the_guard_alone():
    """Off everywhere is a minimum of the wells; q = sigmoid(8 (-1 - 1/2)) is then far below 2 %, and the slope says up.
    Always at its scale: q = sigmoid(4)."""
    off, always = units([[-1.0], [-1.0]], [1.0]), units([[1.0], [1.0]], [1.0])
    assert (wells(off).item(), wells(always).item()) == (0.0, 0.0)
    low, high = 1 / (1 + math.exp(12)), 1 / (1 + math.exp(-4))
    assert guarded(off).item() == pytest.approx((1 - low / 0.02) ** 2)
    assert guarded(always).item() == pytest.approx(((high - 0.5) / 0.5) ** 2)
    slope = grad(lambda z: guarded(Units(z, z.clamp_min(0), double([1.0]))))(off.before)
    assert (slope < 0).all()


def test_two_values_are_not_one_feature():
    """Eight classes in three units, each class a vertex of the cube: no loss and no error, and every unit is on for
    four classes. A unit for each class costs nothing either: the loss cannot tell the two codes apart."""
    code = torch.cartesian_prod(*[double([0.0, 1.0])] * 3)
    ones = torch.ones(3, dtype=torch.float64)
    signs = 2 * code - 1
    assert (code @ signs.T - code.sum(1)).argmax(1).tolist() == list(range(8))
    layer = Units(code, code, ones)
    assert wells(layer).item() == 0.0
    assert guarded(layer).item() == pytest.approx(0, abs=1e-30)
    assert code.sum(0).tolist() == [4, 4, 4]
    alone = torch.eye(8, dtype=torch.float64)
    assert guarded(Units(alone, alone, torch.ones(8, dtype=torch.float64))).item() == pytest.approx(0, abs=1e-30)


@pytest.mark.parametrize(("name", "layers"), [("double_well", [1]), ("double_well_layers", [0, 1])])
@pytest.mark.parametrize(("progress", "share"), [(0.5, 1.0), (0.35, 0.5)])
def test_a_step_is_that_of_the_slow_arithmetic(name, layers, progress, share):
    """Unit by unit and example by example, with the scales of the batch, which are constants."""
    found, state, info = stepped(name, (progress,), strength=0.7)
    fixed = [own.detach() for own in forward(start(), BATCH.inputs)[:2]]
    scales = [[sum(h * h for h in column) / sum(column) if sum(column) else 0.0 for column in h.T.tolist()]
              for h in fixed]  # fmt: skip

    def objective(params):
        *chosen, logits = forward(params, BATCH.inputs)
        loss = cross_entropy(logits, LABELS)
        for layer in layers:
            for j, scale in enumerate(scales[layer]):
                for h in chosen[layer][:, j]:
                    a = h / max(scale, 1e-3)
                    loss = loss + share * 0.7 * (a**2 * (1 - a) ** 2 if a < 1 else (a - 1) ** 2) / 6
        return loss

    rate = 0.1 * 0.5 * (1 + math.cos(math.pi * progress))
    expected = descended(objective, rate=rate)
    assert info["loss"].item() == pytest.approx(objective(start()).item(), rel=1e-12)
    assert len(state.scales) == len(layers)
    for layer, scale in zip(layers, state.scales, strict=True):
        assert scale.tolist() == pytest.approx(scales[layer], rel=1e-12)
    for name, tensor in expected.items():
        torch.testing.assert_close(found[name], tensor, msg=name)


@pytest.mark.parametrize("name", LOSSES)
@pytest.mark.parametrize("how", [{"strength": 0.0}, {"progress": (0.05, 0.2)}])
def test_without_strength_and_before_its_time_it_is_the_base(name, how):
    progress = how.get("progress", (0.4, 0.9))
    found, *_ = stepped(name, progress, strength=how.get("strength", 0.1))
    params = start()
    for value in progress:
        rate = 0.1 * 0.5 * (1 + torch.cos(torch.pi * double(value)))
        params = descended(lambda p: cross_entropy(forward(p, BATCH.inputs)[2], LABELS), params, rate)
    for key, tensor in params.items():
        torch.testing.assert_close(found[key], tensor, rtol=1e-13, atol=1e-15, msg=key)


@pytest.mark.parametrize("name", LOSSES)
def test_what_all_losses_state(name):
    spec = methods.load(name)
    assert (spec.base, spec.off, list(spec.own_search)) == (sgd.spec, {"strength": 0.0}, ["strength"])
    expected = ("latent_mlp",) if name == "binary_latent" else ("mlp", "mlp_2", "mlp_4", "mlp_8")
    assert spec.networks == expected


def test_a_network_without_a_hidden_layer_is_refused():
    model = mlp(4, [], 3)
    outputs = activations(model)(initialise(model, torch.Generator().manual_seed(0)), torch.ones(2, 4))
    with pytest.raises(UserError, match="needs a hidden layer and the network has none: give `hidden` a width"):
        hidden(outputs)
