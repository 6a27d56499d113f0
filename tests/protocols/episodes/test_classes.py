"""Which labels and families each part has, and what episodes are made of them."""

from importlib.resources import files
from itertools import combinations

import pytest
import torch

from robustpath.core.randomness import generator
from robustpath.data import typeface_archive
from robustpath.data.prepared import Prepared
from robustpath.protocols.episodes import classes, deals, sizes

SEEDS = range(12)


@pytest.fixture(scope="module")
def letters():
    """The labels and families of the typefaces as they are shipped, without their images."""
    payload = (files("robustpath") / "data" / "typefaces.npz").read_bytes()
    _, labels, official, group, domain = map(torch.as_tensor, typeface_archive.glyphs(payload, 10, 36))
    return Prepared(torch.zeros(len(labels), 1, 1), labels, official, group, domain)


@pytest.mark.parametrize("seed", SEEDS)
def test_parts_share_neither_letters_nor_families(letters, seed):
    parts = classes.parts(letters, "typefaces", seed)
    assert {name: len(part.labels) for name, part in parts.items()} == {"validation": 5, "test": 8, "train": 13}
    assert sorted(torch.cat([part.labels for part in parts.values()]).tolist()) == list(range(26))
    families = {name: set(letters.group[part.faces].flatten().tolist()) for name, part in parts.items()}
    assert not any(families[one] & families[other] for one, other in combinations(families, 2))
    assert all(min(each) >= 0 for each in families.values())  # faces for books alone
    for part in parts.values():
        assert (letters.labels[part.faces] == part.labels[:, None]).all()
        assert len(part.faces.unique()) == part.faces.numel()


@pytest.mark.parametrize("seed", SEEDS)
def test_a_part_has_as_many_faces_as_the_check_of_the_config_counts_on(letters, seed):
    least = sizes.faces(typeface_archive.FACES, typeface_archive.LARGEST_FAMILY)
    found = {name: part.faces.shape[1] for name, part in classes.parts(letters, "typefaces", seed).items()}
    assert all(found[name] >= least[name] for name in classes.PARTS)


def test_letters_that_look_alike_when_turned_are_of_one_part_which_differs_between_seeds():
    held = {word: set() for word in classes.ALIKE["typefaces"]}
    for seed in range(40):
        parts = classes.labels_of_parts(26, "typefaces", seed)
        of = {chr(ord("A") + label): name for name, labels in parts.items() for label in labels}
        for word in held:
            assert len({of[letter] for letter in word}) == 1
            held[word].add(of[word[0]])
    assert all(len(names) >= 2 for names in held.values())


def test_turns_are_quarter_turns():
    images = torch.arange(18.0).reshape(2, 3, 3)
    found = classes.turned(images)
    assert found.shape == (8, 3, 3)
    assert torch.equal(found[:2], images)
    assert found[2].tolist() == [[2, 5, 8], [1, 4, 7], [0, 3, 6]]
    assert torch.equal(found[4:6], images.flip(1, 2))
    assert torch.equal(found[6:].rot90(1, (1, 2)), images)


def test_an_episode_has_different_letters_each_in_one_turn_and_no_face_twice(prepared):
    part, images = classes.parts(prepared, "patterns", 0)["test"], len(prepared.labels)
    drawn = deals.episodes(part, 200, 3, 5, images, generator("test"))
    assert drawn.places.shape == drawn.labels.shape == (200, 5, 3)
    turns, letters = drawn.places // images, prepared.labels[drawn.places % images]
    assert (turns == turns[:, :1]).all() and (letters == letters[:, :1]).all()
    assert all(len(set(own.tolist())) == 3 for own in letters[:, 0])
    assert all(len(set(own.flatten().tolist())) == 15 for own in drawn.places)
    assert set(letters.flatten().tolist()) == set(part.labels.tolist())
    assert (drawn.labels == torch.arange(3)).all()
    # Each turn, and each letter in each place, comes up as often as chance has it: 4 standard deviations.
    assert ((turns[:, 0].flatten().bincount(minlength=4) - 150).abs() < 4 * (600 * 3 / 16) ** 0.5).all()
    first = (letters[:, 0, 0] == part.labels[0]).sum()
    assert abs(first - 200 / 3) < 4 * (200 * 2 / 9) ** 0.5


def test_examples_of_all_classes_have_the_label_of_letter_and_turn(prepared):
    part, images = classes.parts(prepared, "patterns", 0)["train"], len(prepared.labels)
    drawn = deals.examples(part, 3, 400, 7, images, generator("test"))
    letter = torch.searchsorted(part.labels, prepared.labels[drawn.places % images])
    assert torch.equal(drawn.labels, 7 + 4 * letter + drawn.places // images)
    assert set(drawn.labels.flatten().tolist()) == set(range(7, 7 + 4 * 5))
