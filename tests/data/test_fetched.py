"""Fetched data sets from a server's files in their real format to a prepared file and its card.

CelebA and CivilComments have theirs in test_official_parts.py.
"""

import hashlib

import numpy as np
import pytest
import tiny
import torch

from robustpath.core.errors import UserError
from robustpath.data import corrupted, registry, sets
from robustpath.data.published_names import PUBLISHED
from robustpath.data.shifts import shifted_sets
from robustpath.data.splits import split

CLOSE = 4 / 255  # what JPEG may change of an image of one colour


def share(images):
    """uint8 [N, H, W, 3] as what is prepared of it at its own size."""
    return torch.from_numpy(np.ascontiguousarray(images)).permute(0, 3, 1, 2).float() / 255


def test_no_fetched_set_is_without_a_test_here():
    fetched = {name for name, dataset in registry.DATASETS.items() if dataset.fetched}
    assert fetched == {
        *("mnist", "kmnist", "usps", "svhn", "cifar10", "cifar10_1", "cifar10_c", "cifar100", "cifar100_c"),
        *("tiny_imagenet", "tiny_imagenet_c", "waterbirds", "celeba", "civil_comments"),
    }


@pytest.mark.parametrize("name", ["mnist", "kmnist"])
def test_idx_digits(fetch, name):
    images, labels = tiny.noise(14, 28, 28), np.arange(14) % 10
    prepared, card = fetch(name, tiny.idx_files(name, images, labels, 10), 28, tiny.known(labels, 10))
    assert torch.equal(prepared.inputs, torch.from_numpy(images).float() / 255)
    assert prepared.labels.tolist() == labels.tolist()
    assert prepared.official_test.tolist() == [False] * 10 + [True] * 4
    assert [source["name"] for source in card["sources"]] == [file.name for file in sets.load(name).ENTRY.files]
    assert [source["md5"] for source in card["sources"]] == [file.md5 for file in sets.load(name).ENTRY.files]


def test_sets_that_name_their_files_alike_do_not_mix(fetch):
    first, second = (tiny.noise(12, 28, 28, seed=seed) for seed in (1, 2))
    labels = np.arange(12) % 10
    one, _ = fetch("mnist", tiny.idx_files("mnist", first, labels, 10), 28, tiny.known(labels, 10))
    other, _ = fetch("kmnist", tiny.idx_files("kmnist", second, labels, 10), 28, tiny.known(labels, 10))
    assert not torch.equal(one.inputs, other.inputs)


def test_usps_lies_in_its_frame_as_mnist_does(fetch):
    images = np.random.default_rng(0).uniform(-1, 1, (13, 256)).round(3)
    images[:, 7] = 0  # left out of the file
    images[0, :2] = -1, 1
    labels = np.arange(13) % 10
    prepared, card = fetch("usps", tiny.usps_files(images, labels, 11), 28, tiny.known(labels, 11))
    assert prepared.inputs.shape == (13, 28, 28)
    assert not prepared.inputs[:, :4].any() and not prepared.inputs[:, :, 24:].any()
    middle = torch.from_numpy((images + 1) / 2).reshape(13, 1, 16, 16)
    expected = torch.nn.functional.interpolate(middle, (20, 20), mode="bilinear", align_corners=False)[:, 0]
    assert torch.allclose(prepared.inputs[:, 4:24, 4:24].double(), expected, atol=1e-6)
    assert prepared.labels.tolist() == labels.tolist()
    assert prepared.official_test.sum() == 2
    assert "20 x 20" in card["preprocessing"]


def test_svhn_is_made_grey_and_its_ten_is_nought(fetch):
    images, labels = tiny.noise(15, 32, 32, 3), np.arange(15) % 10
    files = tiny.svhn_files(images, labels, 11)  # made once: a MATLAB file bears the second in which it was written
    prepared, card = fetch("svhn", files, 32, tiny.known(labels, 11))
    grey = images @ np.array([0.299, 0.587, 0.114]) / 255
    assert torch.allclose(prepared.inputs, torch.from_numpy(grey).float(), atol=1e-6)
    assert prepared.labels.tolist() == labels.tolist()
    assert prepared.official_test.sum() == 4
    assert "grey" in card["preprocessing"]
    smaller, _ = fetch("svhn", files, 28, tiny.known(labels, 11))
    assert smaller.inputs.shape == (15, 28, 28)


def test_cifar10(fetch):
    images, labels = tiny.noise(24, 32, 32, 3), np.arange(24) % 10
    parts = [*(f"data_batch_{number}" for number in range(1, 6)), "test_batch"]
    content = tiny.cifar_file(images, labels, parts, b"labels")
    prepared, card = fetch("cifar10", {"cifar-10-python.tar.gz": content}, 32, tiny.known(labels, 20))
    assert torch.equal(prepared.inputs, share(images))
    assert prepared.labels.tolist() == labels.tolist()
    assert prepared.official_test.tolist() == [False] * 20 + [True] * 4
    assert card["tensors"]["inputs"]["shape"] == [24, 3, 32, 32]


def test_cifar100_has_its_fine_labels(fetch):
    images, labels = tiny.noise(20, 32, 32, 3), np.arange(20) * 5
    content = tiny.cifar_file(images, labels, ["train", "test"], b"fine_labels", other=[b"coarse_labels"])
    prepared, _ = fetch("cifar100", {"cifar-100-python.tar.gz": content}, 32, tiny.known(labels, 10, 100))
    assert torch.equal(prepared.inputs, share(images))
    assert prepared.labels.tolist() == labels.tolist()
    assert prepared.official_test.sum() == 10


def test_cifar10_1_is_for_testing_alone(fetch):
    images, labels = tiny.noise(10, 32, 32, 3), np.arange(10)
    files = {"cifar10.1_v6_data.npy": tiny.npy(images), "cifar10.1_v6_labels.npy": tiny.npy(labels.astype(np.int32))}
    prepared, card = fetch("cifar10_1", files, 32, tiny.known(labels, 0))
    assert torch.equal(prepared.inputs, share(images))
    assert prepared.labels.tolist() == labels.tolist()
    assert prepared.official_test.all()
    assert (card["examples"], card["official_test"]) == (0, 10)
    assert card["sources"][0]["sha256"] == hashlib.sha256(files["cifar10.1_v6_data.npy"]).hexdigest()


@pytest.mark.parametrize("name", ["cifar10_c", "cifar100_c"])
def test_published_corruptions_are_the_first_images_of_each_class(fetch, monkeypatch, name):
    monkeypatch.setattr(corrupted, "KEPT", 2 * 4)
    labels = np.repeat(np.arange(4), 3)
    images = tiny.noise(15, 5, 12, 32, 32, 3)
    file = registry.get(name).files[0].name
    kept = [0, 1, 3, 4, 6, 7, 9, 10]
    known = tiny.known(np.tile(labels[kept], 75), 0, 4)
    prepared, card = fetch(name, {file: tiny.corrupted_tar(images, labels)}, 32, known)
    assert torch.equal(prepared.inputs, share(images[:, :, kept].reshape(-1, 32, 32, 3)))
    assert prepared.labels.tolist() == labels[kept].tolist() * 75
    assert prepared.domain.tolist() == np.repeat(np.arange(15), 40).tolist()
    assert prepared.severity.tolist() == np.tile(np.repeat(np.arange(1, 6), 8), 15).tolist()
    assert prepared.official_test.all()
    assert card["corruptions"] == dict.fromkeys(PUBLISHED, 40)


def test_tiny_imagenet_is_tested_on_its_validation_images(fetch):
    names = ["n01", "n02", "n03"]
    train, labels = tiny.photographs(7, 64), np.array([2, 0, 1, 1, 0, 2, 2])
    test, test_labels = tiny.photographs(3, 64, seed=1), np.array([1, 2, 0])
    content = tiny.tiny_imagenet_zip(train, labels, test, test_labels, names)
    known = tiny.known([*labels, *test_labels], 7, 200)
    prepared, card = fetch("tiny_imagenet", {"tiny-imagenet-200.zip": content}, 32, known)
    assert prepared.inputs.shape == (10, 3, 32, 32)
    expected = share(np.concatenate([train, test])[:, ::2, ::2])
    assert torch.allclose(prepared.inputs, expected, atol=CLOSE)
    assert prepared.labels.tolist() == [*labels, *test_labels]
    assert prepared.official_test.tolist() == [False] * 7 + [True] * 3
    assert "averaged over area from 64 x 64 to 32 x 32" in card["preprocessing"]


def test_tiny_imagenet_c_keeps_the_first_by_number(fetch, monkeypatch):
    monkeypatch.setattr(corrupted, "KEPT", 2 * 2)
    names = ["n01", "n02"]
    images = tiny.photographs(15 * 5 * 2 * 3, 64).reshape(15, 5, 2, 3, 64, 64, 3)
    known = tiny.known([0, 0, 1, 1] * 75, 0, 2)
    prepared, _ = fetch("tiny_imagenet_c", {"TinyImageNet-C.tar": tiny.tiny_imagenet_c_tar(images, names)}, 32, known)
    expected = share(images[:, :, :, :2, ::2, ::2].reshape(-1, 32, 32, 3))
    assert torch.allclose(prepared.inputs, expected, atol=CLOSE)
    assert prepared.labels.tolist() == [0, 0, 1, 1] * 75
    assert prepared.domain.tolist() == np.repeat(np.arange(15), 20).tolist()
    assert prepared.severity.tolist() == np.tile(np.repeat(np.arange(1, 6), 4), 15).tolist()


def test_waterbirds_keep_their_backgrounds_and_no_part_holds_the_validation_images(fetch):
    middle = tiny.photographs(12, 40)
    images = np.concatenate([np.zeros((12, 40, 16, 3), np.uint8), middle, np.zeros((12, 40, 16, 3), np.uint8)], axis=2)
    labels, parts, places = np.arange(12) % 2, np.arange(12) % 3, np.arange(12) // 2 % 2
    content = tiny.waterbirds_tar(images, labels, parts, places)
    known = tiny.counts(labels, places, parts)
    prepared, card = fetch("waterbirds", {"waterbird_complete95_forest2water2.tar.gz": content}, 64, known)
    assert prepared.inputs.shape == (12, 3, 64, 64)
    # The square in the middle: its edges mix with what lies beside it, as JPEG's blocks do.
    assert torch.allclose(prepared.inputs[..., 16:48, 16:48], share(middle)[..., :1, :1], atol=CLOSE)
    assert prepared.labels.tolist() == labels.tolist()
    assert prepared.attribute.tolist() == places.tolist()
    assert prepared.official_test.tolist() == (parts == 2).tolist()
    dealt = split(prepared, "waterbirds", 0, 2, 2)
    assert sorted([*dealt.train.tolist(), *dealt.validation.tolist()]) == np.flatnonzero(parts == 0).tolist()
    assert set(dealt.test.tolist()) <= set(np.flatnonzero(parts == 2).tolist())
    assert card["label_and_attribute"] == {"0, 0": 1, "0, 1": 1, "1, 0": 1, "1, 1": 1}
    assert card["sources"] == [
        {
            "name": "waterbird_complete95_forest2water2.tar.gz",
            "sha256": hashlib.sha256(content).hexdigest(),
            "checksum": "that of the first copy: none is published",
        }
    ]


def test_another_copy_of_what_has_no_checksum_is_refused(fetch, tmp_path):
    columns = np.arange(6) % 2, np.arange(6) % 3, np.arange(6) // 2 % 2
    name = "waterbird_complete95_forest2water2.tar.gz"
    known = tiny.counts(columns[0], columns[2], columns[1])
    fetch("waterbirds", {name: tiny.waterbirds_tar(tiny.photographs(6, 40), *columns)}, 64, known)
    (tmp_path / "cache" / name).unlink()
    with pytest.raises(UserError, match="first copy, kept in"):
        fetch("waterbirds", {name: tiny.waterbirds_tar(tiny.photographs(6, 40, seed=1), *columns)}, 64)


def test_what_cannot_be_read_sets_no_checksum(fetch, tmp_path):
    name = "waterbird_complete95_forest2water2.tar.gz"
    with pytest.raises(UserError, match=rf"{name} is not in the form of Waterbirds .*: replace it"):
        fetch("waterbirds", {name: b"<html>moved</html>"}, 64)
    assert not list((tmp_path / "cache").glob("*.sha256"))


class Evil:
    """What a pickle may do that is read blindly."""

    def __reduce__(self):
        return (print, ("read blindly",))


@pytest.mark.parametrize("protocol", [0, 2, 5])
def test_a_pickle_that_asks_for_more_than_arrays_is_refused(fetch, protocol, capsys):
    import pickle

    batch = pickle.dumps({"data": Evil(), "labels": [0]}, protocol)
    content = tiny.tar([("cifar-10-batches-py/data_batch_1", batch)], "w:gz")
    with pytest.raises(UserError, match=r"asks for .*print, which is no part of an array"):
        fetch("cifar10", {"cifar-10-python.tar.gz": content}, 32)
    assert "read blindly" not in capsys.readouterr().out


@pytest.mark.parametrize("broken", [b"", b"\x80\x02}(U\x04data", b"garbage"])
def test_a_broken_pickle_is_a_users_error(fetch, broken):
    content = tiny.tar([("cifar-10-batches-py/data_batch_1", broken)], "w:gz")
    with pytest.raises(UserError, match="not in the form of CIFAR-10"):
        fetch("cifar10", {"cifar-10-python.tar.gz": content}, 32)


def test_an_array_of_objects_is_refused(fetch):
    objects = tiny.npy(np.array([Evil()], dtype=object))
    labels = tiny.npy(np.arange(1))
    with pytest.raises(UserError, match=r"CIFAR-10\.1.*allow_pickle"):
        fetch("cifar10_1", {"cifar10.1_v6_data.npy": objects, "cifar10.1_v6_labels.npy": labels}, 32)


def test_an_array_of_objects_in_an_archive_is_refused(fetch, capsys):
    content = tiny.tar([("CIFAR-10-C/labels.npy", tiny.npy(np.array([Evil()], dtype=object)))], "w")
    with pytest.raises(UserError, match=r"CIFAR-10-C.*allow_pickle"):
        fetch("cifar10_c", {"CIFAR-10-C.tar": content}, 32)
    assert "read blindly" not in capsys.readouterr().out


def test_cifar_is_evaluated_under_ours_theirs_and_on_new_images(fetch, monkeypatch):
    monkeypatch.setattr(corrupted, "KEPT", 20)
    parts = [*(f"data_batch_{number}" for number in range(1, 6)), "test_batch"]
    images, labels = tiny.noise(240, 32, 32, 3), np.arange(240) % 10
    content = tiny.cifar_file(images, labels, parts, b"labels")
    cifar = fetch("cifar10", {"cifar-10-python.tar.gz": content}, 32, tiny.known(labels, 200))[0]
    again = {"cifar10.1_v6_data.npy": tiny.npy(images[:30]), "cifar10.1_v6_labels.npy": tiny.npy(labels[:30])}
    worse = tiny.corrupted_tar(tiny.noise(15, 5, 20, 32, 32, 3), np.arange(20) % 10)
    prepared = {
        "cifar10": cifar,
        "cifar10_1": fetch("cifar10_1", again, 32, tiny.known(labels[:30], 0))[0],
        "cifar10_c": fetch("cifar10_c", {"CIFAR-10-C.tar": worse}, 32, tiny.known(np.arange(1500) % 10, 0))[0],
    }
    settings = {"severities": [1, 4], "validation_size": 20, "test_size": 10}
    settings["shifts"] = registry.get("cifar10").shifted_by
    found = list(shifted_sets("cifar10", 3, prepared, settings))
    families = [item.shift_family for item in found]
    counts = {name: families.count(name) for name in set(families)}
    assert counts == {"none": 2, "corruption": 20, "natural": 1, "published": 30}
    for item in found:
        assert item.inputs.shape == (20 if item.split == "validation" else 10, 3, 32, 32)
        assert item.labels.bincount().tolist() == [2 if item.split == "validation" else 1] * 10
    theirs = [item for item in found if item.shift_family == "published"]
    assert len({(item.shift, item.severity) for item in theirs}) == 30
    assert all(item.split == "test" and item.shift.startswith("published_") for item in theirs)
    mask = (prepared["cifar10_c"].domain == 3) & (prepared["cifar10_c"].severity == 4)
    (blurred,) = (item for item in theirs if (item.shift, item.severity) == ("published_defocus_blur", 4))
    assert all(any(torch.equal(image, own) for own in prepared["cifar10_c"].inputs[mask]) for image in blurred.inputs)
    # Of a seed, the same images under each: here their labels come in one order.
    assert all(torch.equal(item.labels, theirs[0].labels) for item in theirs)


def test_digits_are_natural_shifts_of_each_other_at_one_size(fetch):
    labels = np.arange(60) % 10
    known = tiny.known(labels, 40)
    prepared = {
        "mnist": fetch("mnist", tiny.idx_files("mnist", tiny.noise(60, 28, 28), labels, 40), 28, known)[0],
        "usps": fetch("usps", tiny.usps_files(np.full((60, 256), 0.5), labels, 40), 28, known)[0],
        "svhn": fetch("svhn", tiny.svhn_files(tiny.noise(60, 32, 32, 3), labels, 40), 28, known)[0],
    }
    settings = {"severities": [1], "validation_size": 10, "test_size": 20}
    for name in prepared:
        found = shifted_sets(name, 0, prepared, settings | {"shifts": registry.get(name).shifted_by})
        natural = [item for item in found if item.shift_family == "natural"]
        assert {item.shift for item in natural} == set(prepared) - {name}
        assert all(item.inputs.shape == (20, 28, 28) for item in natural)
