"""The generator of groups against what its recipe says: distances, counts, and accuracies that are known exactly."""

import math
from statistics import NormalDist

import pytest
import torch

from robustpath.core.errors import UserError
from robustpath.core.randomness import generator
from robustpath.data.group_generator import Recipe, ceiling, generated, rendered, rotation, swapped

MANY = 40_000
PHI = NormalDist().cdf


def made(count=400, **knobs):
    return generated(count, Recipe(**knobs), generator("test"))


def means(**knobs):
    """The examples without their noise."""
    found = made(**knobs)
    factors = found.factors._replace(noise=torch.zeros_like(found.factors.noise))
    return rendered(factors, found.recipe)


def core_only(examples):
    """The class that the core's coordinates alone speak for, by the densities of every place where a mean can be."""
    recipe = examples.recipe
    x = examples.inputs.double() @ rotation(recipe)
    if recipe.core == "linear":
        return x[:, : recipe.classes].argmax(1)
    if recipe.core == "xor":
        return (x[:, 0] * x[:, 1] < 0).long()
    steps = (torch.arange(recipe.slabs) - (recipe.slabs - 1) / 2) * recipe.core_margin
    density = torch.exp(-0.5 * (x[:, :1] - steps) ** 2)
    of_class = [density[:, torch.arange(recipe.slabs) % recipe.classes == c].mean(1) for c in range(recipe.classes)]
    return torch.stack(of_class).argmax(0)


@pytest.mark.parametrize("knobs", [{}, {"core_width": 3, "spurious_width": 2}, {"rotation": None}, {"rotation": 5}])
def test_two_values_of_a_feature_are_its_margin_apart(knobs):
    found = means(classes=3, attributes=3, core_margin=2.5, **knobs)
    group = found.labels * 3 + found.attributes[:, 0]
    centre = torch.stack([found.inputs[group == number].mean(0) for number in range(9)]).double()
    for one in range(9):
        for other in range(9):
            expected = math.hypot(2.5 * (one // 3 != other // 3), 6.0 * (one % 3 != other % 3))
            assert (centre[one] - centre[other]).norm().item() == pytest.approx(expected, abs=1e-5)
    matrix = rotation(found.recipe)
    assert torch.allclose(matrix @ matrix.T, torch.eye(20, dtype=torch.float64), atol=1e-12)


@pytest.mark.parametrize("share", [0.0, 0.4, 1.0])
def test_the_interaction_is_what_the_parallelogram_misses(share):
    found = means(classes=2, attributes=3, interaction=share)
    group = found.labels * 3 + found.attributes[:, 0]
    centre = torch.stack([found.inputs[group == number].mean(0) for number in range(6)]).double()
    missed = (centre[0] - centre[2]) - (centre[3] - centre[5])
    assert missed.norm().item() == pytest.approx(6.0 * share, abs=1e-5)
    # The coordinate of a pair is empty where one of its two features is absent.
    partly = means(attributes=3, interaction=share, absent=(0.4, 0.4))
    of_pairs = (partly.inputs.double() @ rotation(partly.recipe))[:, 5:11].abs() > 1e-5
    assert torch.equal(of_pairs.any(1), partly.factors.present.all(1) & (share > 0))


@pytest.mark.parametrize(
    "knobs",
    [
        {},
        {"classes": 4, "core_margin": 2.0},
        {"core": "xor", "core_margin": 2.0},
        {"core": "slabs", "slabs": 5, "core_margin": 1.5},
        {"core": "slabs", "classes": 3, "slabs": 6},
        {"absent": (0.3, 0.5), "label_noise": 0.2, "classes": 3},
    ],
)
def test_the_rule_that_reads_the_core_alone_is_as_accurate_as_the_ceiling_says(knobs):
    found = made(MANY, **knobs)
    known = ceiling(found.recipe)
    error = math.sqrt(known * (1 - known) / MANY)
    assert abs((core_only(found) == found.labels).double().mean().item() - known) < 4 * error


def test_ceilings_that_have_a_formula():
    assert ceiling(Recipe()) == pytest.approx(PHI(1.5), abs=1e-9)
    assert ceiling(Recipe(core="xor", core_margin=2.0)) == pytest.approx(PHI(1) ** 2 + PHI(-1) ** 2, abs=1e-9)
    # Two slabs are the linear core; more of them are harder, since all but the outer ones have two neighbours.
    assert ceiling(Recipe(core="slabs", slabs=2)) == pytest.approx(PHI(1.5), abs=1e-7)
    assert ceiling(Recipe(core="slabs", slabs=8)) < ceiling(Recipe(core="slabs", slabs=4)) < PHI(1.5)
    assert ceiling(Recipe(label_noise=0.25, core_margin=50.0)) == pytest.approx(0.75)
    assert ceiling(Recipe(absent=(1.0, 0.0))) == pytest.approx(0.5)


@pytest.mark.parametrize("core", ["linear", "slabs", "xor"])
def test_a_swap_changes_one_factor_and_nothing_else(core):
    knobs = {"core": core, "spurious_margins": (6.0, 3.0), "correlations": (0.9, 0.7), "label_noise": 0.2}
    found = made(3000, attributes=3, absent=(0.2, 0.2, 0.2), **knobs)
    for feature in ("core", 0, 1):
        after = swapped(found, feature, generator("swap"))
        changed = {
            name
            for name, one, other in zip(found.factors._fields, found.factors, after.factors, strict=True)
            if not torch.equal(one, other)
        }
        assert changed <= ({"classes", "codes"} if feature == "core" else {"attributes"})
        assert torch.equal(after.factors.noise, found.factors.noise)
        values = (lambda made: made.labels) if feature == "core" else lambda made, k=feature: made.attributes[:, k]
        assert (values(after) != values(found)).all()
        for other in {0, 1} - {feature}:
            assert torch.equal(after.attributes[:, other], found.attributes[:, other])
        assert feature == "core" or torch.equal(after.labels, found.labels)
        # The inputs move inside the coordinates of that feature alone, and not at all where it is absent.
        moved = ((after.inputs - found.inputs).double() @ rotation(found.recipe)).abs() > 1e-4
        width = {"linear": 2, "slabs": 1, "xor": 2}[core]
        start, stop = {"core": (0, width), 0: (width, width + 3), 1: (width + 3, width + 6)}[feature]
        assert not moved[:, :start].any() and not moved[:, stop:].any()
        place = 0 if feature == "core" else feature + 1
        assert torch.equal(moved.any(1), found.factors.present[:, place])
    if core == "slabs":
        again = swapped(found, "core", generator("swap")).factors
        assert torch.equal(again.codes % 2, again.classes)


def test_counts_follow_correlations_absence_label_noise_and_frequencies():
    knobs = {"spurious_margins": (6.0, 3.0), "correlations": (0.9, 0.6), "absent": (0.1, 0.3, 0.0), "label_noise": 0.2}
    found = made(MANY, classes=3, attributes=3, **knobs)
    agree = (found.attributes == found.factors.classes[:, None]).double().mean(0)
    missing = (~found.factors.present).double().mean(0)
    wrong = (found.labels != found.factors.classes).double().mean()
    seen = [*agree.tolist(), *missing.tolist(), wrong.item()]
    for share, expected in zip(seen, (0.9, 0.6, 0.1, 0.3, 0.0, 0.2), strict=True):
        assert abs(share - expected) <= 4 * math.sqrt(expected * (1 - expected) / MANY)
    frequencies = (0.5, 0.0, 0.2, 0.3)
    skewed = made(MANY, frequencies=frequencies)
    counts = torch.bincount(skewed.labels * 2 + skewed.attributes[:, 0], minlength=4) / MANY
    for share, expected in zip(counts.tolist(), frequencies, strict=True):
        assert abs(share - expected) <= 4 * math.sqrt(expected * (1 - expected) / MANY)


def test_redundant_features_agree_together_and_as_often_as_alone():
    knobs = {"spurious_margins": (6.0, 3.0), "correlations": (0.7, 0.7)}
    together, apart = made(MANY, redundancy=1.0, **knobs), made(MANY, **knobs)
    agree, alone = (each.attributes == each.factors.classes[:, None] for each in (together, apart))
    assert torch.equal(agree[:, 0], agree[:, 1])
    assert abs((alone[:, 0] == alone[:, 1]).double().mean().item() - 0.58) < 4 * math.sqrt(0.58 * 0.42 / MANY)
    assert abs(agree[:, 1].double().mean().item() - 0.7) < 4 * math.sqrt(0.7 * 0.3 / MANY)


def test_another_value_of_one_knob_leaves_the_rest_of_an_example():
    usual, other = made(), made(correlations=(0.9,), label_noise=0.3, absent=(0.5, 0.0))
    assert torch.equal(usual.factors.noise, other.factors.noise)
    assert torch.equal(usual.factors.classes, other.factors.classes)
    kept = usual.attributes == usual.factors.classes[:, None]
    assert (other.attributes[kept] == usual.attributes[kept]).all()
    assert torch.equal(made().inputs, usual.inputs)


@pytest.mark.parametrize(
    ("knobs", "said"),
    [
        ({"core": "moons"}, "core = 'moons' is unknown: choose one of linear, slabs, xor"),
        ({"attributes": 1}, "classes and attributes must be 2 or more"),
        ({"core": "xor", "classes": 3}, "classes = 3 does not fit core = 'xor'"),
        ({"core": "slabs", "slabs": 1}, "slabs = 1 are fewer than the 2 classes"),
        ({"correlations": (0.5, 0.5)}, "correlations must be 1 numbers"),
        ({"absent": (0.0,)}, "absent must be 2 numbers"),
        ({"frequencies": (0.0, 0.0, 0.0, 0.0)}, "frequencies must be 4 numbers"),
        ({"correlations": (1.5,)}, "must lie between 0 and 1"),
        ({"dimension": 3}, "dimension = 3 is too small: the features take 4 coordinates"),
    ],
)
def test_an_impossible_recipe_is_one_sentence(knobs, said):
    with pytest.raises(UserError, match="the recipe of the group generator is impossible: ") as error:
        made(**knobs)
    assert said in str(error.value) and "\n" not in str(error.value)
