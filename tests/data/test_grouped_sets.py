"""What is special in each data set with an attribute: what is painted, drawn or chosen, looked at one by one."""

import hashlib
import math
from statistics import NormalDist

import numpy as np
import pytest
import torch

from robustpath.core.randomness import generator
from robustpath.data import sets, signal_generator
from robustpath.data.download import payload
from robustpath.data.group_generator import ceiling, chance, swapped
from robustpath.data.sets import coloured_mnist1d, digits_patch, gauss_groups, optdigits, typeface_shapes, typefaces

PATCHED = "c5b6adabbbd491bbb4d513aba32c90740471d7d7a56bf7dbf40a6605f0b566bf"


def contents(module):
    return {file.name: payload(file) for file in module.ENTRY.files}


def test_the_gaussian_groups_are_the_usual_recipe_with_their_factors():
    inputs, labels, official, _, _, _, attribute = gauss_groups.read({})
    examples = gauss_groups.examples("pool", 4 * gauss_groups.POOL)
    pool = ~official
    assert np.array_equal(inputs[pool], examples.inputs.numpy())
    assert np.array_equal(labels[pool], examples.labels.numpy())
    assert np.array_equal(attribute[pool], examples.attributes[:, 0].numpy())
    assert gauss_groups.ENTRY.ceiling == round(ceiling(examples.recipe), 7) == round(NormalDist().cdf(1.5), 7)
    assert gauss_groups.ENTRY.chance == chance(examples.recipe)
    assert len(np.unique(inputs, axis=0)) == len(inputs)
    assert inputs[0].size == gauss_groups.LENGTH
    # The attribute is as good as always seen, the label is not: the best linear rules for both.
    after = swapped(examples, 0, generator("swap")).inputs - examples.inputs
    towards = after[examples.attributes[:, 0] == 0][0]
    seen = (examples.inputs - examples.inputs.mean(0)) @ towards > 0
    assert ((seen.long() == examples.attributes[:, 0]).double().mean() - NormalDist().cdf(3)).abs() < 0.002


@pytest.mark.parametrize(("name", "interaction"), {"25": 0.25, "50": 0.5, "100": 1.0}.items())
def test_an_interaction_moves_each_group_by_itself_and_bounds_what_can_be_read(name, interaction):
    module = sets.load(f"gauss_interaction_{name}")
    inputs, labels, official, _, _, _, attribute = module.read({})
    plain, known, _, _, _, _, shown = gauss_groups.read({})
    assert np.array_equal(labels, known) and np.array_equal(attribute, shown)
    moved = (inputs - plain).astype(np.float64)
    means = np.array([moved[(labels == label) & (attribute == kind)].mean(0) for label in (0, 1) for kind in (0, 1)])
    # Nothing but four orthogonal vectors, each half of the attribute's margin of 6 at an interaction of 1.
    assert np.abs(moved - means[2 * labels + attribute]).max() < 1e-5
    assert np.abs(means @ means.T - (3 * interaction) ** 2 * np.eye(4)).max() < 1e-4
    assert module.recipe() == gauss_groups.recipe() | {"interaction": interaction}
    # The ceiling is that of the rule between the means of two labels whose attribute is known.
    right = []
    for kind in (0, 1):
        own = inputs[official & (attribute == kind)].astype(np.float64)
        label = labels[official & (attribute == kind)]
        pool = ~official & (attribute == kind)
        low, high = (inputs[pool & (labels == each)].mean(0).astype(np.float64) for each in (0, 1))
        right.append((((own - (low + high) / 2) @ (high - low) > 0) == label).mean())
    error = math.sqrt(module.ENTRY.ceiling * (1 - module.ENTRY.ceiling) / official.sum())
    assert abs(np.mean(right) - module.ENTRY.ceiling) < 4 * error
    assert inputs[0].size == module.LENGTH


def test_letters_are_those_of_typefaces_and_their_attribute_is_the_kind_of_face():
    images, labels, official, family, _, _, attribute = typeface_shapes.read(contents(typeface_shapes))
    assert not official.any()
    letters, letter, _, families, _ = typefaces.read(contents(typefaces))
    for label, capitals in enumerate(("BCDGJOPQRSU", "AEFHKLNTVXZ")):
        own = images[labels == label].reshape(-1, 11, 28, 28)
        for place, capital in enumerate(capitals):
            known = letters[(letter == ord(capital) - ord("A")) & np.isin(families, family)]
            assert np.array_equal(own[:, place], known)
    assert [len(np.unique(family[attribute == kind])) for kind in (0, 1)] == [23, 17]
    assert not set(family[attribute == 0]) & set(family[attribute == 1])
    assert np.bincount(family).max() == 2 * typeface_shapes.ENTRY.largest_group
    assert np.bincount(attribute).tolist() == [22 * 117, 22 * 72]


def test_a_patch_shows_the_attribute_and_the_rest_is_the_digit():
    images, labels, official, _, _, _, patch = digits_patch.read(contents(digits_patch))
    bits = (images[:, :2, :2] / 16).reshape(-1, 4) @ (1, 2, 4, 8)
    assert np.array_equal(bits, patch + 1)
    digits, known, _ = optdigits.read(contents(optdigits))
    rest = digits.copy()
    rest[:, :2, :2] = 0
    places = {image.tobytes(): place for place, image in enumerate(rest)}
    blank = images.copy()
    blank[:, :2, :2] = 0
    found = np.array([places[image.tobytes()] for image in blank])
    assert np.array_equal(known[found], labels)
    assert len(np.unique(found[~official])) == 1397 and len(np.unique(found[official])) == 400
    assert not set(found[~official]) & set(found[official])
    assert hashlib.sha256(images.tobytes()).hexdigest() == PATCHED


def test_a_quarter_of_the_labels_in_colour_is_wrong_in_every_colour():
    digits, labels, colours = coloured_mnist1d.drawn("pool", 4 * coloured_mnist1d.POOL)
    wrong = ((digits < 5).long() != labels).double()
    for chosen in (colours >= 0, colours == 0, colours == 1, labels == 0, labels == 1):
        error = math.sqrt(0.25 * 0.75 / int(chosen.sum()))
        assert abs(wrong[chosen].mean().item() - 0.25) < 4 * error
    share = torch.bincount(digits) / len(digits)
    assert (share - 0.1).abs().max() < 4 * math.sqrt(0.1 * 0.9 / len(digits))
    assert coloured_mnist1d.ENTRY.ceiling == 0.75
    assert coloured_mnist1d.LENGTH == 2 * signal_generator.LENGTH


def test_colour_is_the_channel_and_the_shift_of_colours_changes_nothing_else(monkeypatch):
    monkeypatch.setattr(coloured_mnist1d, "TEST", 250)
    coloured_mnist1d._tested.cache_clear()
    signals, labels, colours = coloured_mnist1d._part("test", 1000)
    digits = coloured_mnist1d.drawn("test", 1000)[0]
    plain = coloured_mnist1d._in_colour(signals, colours)
    rows = np.arange(1000)
    assert np.array_equal(plain[rows, colours], signals) and not plain[rows, 1 - colours].any()
    # The signals are MNIST-1D's: of the same mean and spread, and each nearer to its own digit's mean than to most.
    assert abs(signals.mean()) < 0.05 and abs(signals.std() - 1) < 0.05
    usual = signal_generator.part("pool")
    centres = torch.stack([usual[signal_generator.labels(len(usual)) == digit].mean(0) for digit in range(10)])
    near = torch.cdist(torch.from_numpy(signals), centres).argmin(1)
    assert (near == digits).double().mean() > 0.2
    before = None
    for severity, share in enumerate(coloured_mnist1d.DISAGREE, 1):
        shifted = coloured_mnist1d.shifted_test("colour", severity).numpy()
        assert np.array_equal(shifted.sum(1), signals)
        shown = (shifted[:, 1] != 0).any(1).astype(np.int64)
        disagree = shown != labels
        assert abs(disagree.mean() - share) < 4 * math.sqrt(share * (1 - share) / 1000)
        assert before is None or disagree[before].all()
        before = disagree
    coloured_mnist1d._tested.cache_clear()


def test_each_has_a_majority_attribute_for_every_label():
    for name in ("gauss_groups", "dominoes", "typeface_shapes", "digits_patch", "coloured_mnist1d", "waterbirds"):
        entry = sets.load(name).ENTRY
        assert {entry.majority(label) for label in range(entry.classes)} == set(range(entry.attributes))
        if entry.test_groups and name not in ("digits_patch", "waterbirds"):
            assert min(min(row) for row in entry.test_groups) >= 1000
