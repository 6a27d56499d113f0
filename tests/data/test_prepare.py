import hashlib
import json
from functools import cache

import pytest
import torch

from robustpath.core.errors import UserError
from robustpath.data import sets
from robustpath.data.download import payload
from robustpath.data.group_splits import correlated
from robustpath.data.grouped import GroupedDataSet
from robustpath.data.prepare import prepare
from robustpath.data.prepared import load
from robustpath.data.registry import DATASETS, largest_train
from robustpath.data.splits import split

# The others are fetched: test_fetched.py.
SHIPPED = {name: dataset for name, dataset in DATASETS.items() if not dataset.fetched}
GROUPED = {name: dataset for name, dataset in SHIPPED.items() if isinstance(dataset, GroupedDataSet)}
SHAPES = {"mnist1d": (40,), "coloured_mnist1d": (2, 40), "dominoes": (16, 8), "dominoes_28": (56, 28)}
SHAPES |= dict.fromkeys([name for name in sets.names() if name.startswith("gauss_")], (20,))
SHAPES |= dict.fromkeys(("sentiment", "sentiment_kinds"), (1024,))
SHAPES |= dict.fromkeys(("solubility", "solubility_rings", "solubility_size"), (1024,))


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("prepared")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("robustpath.data.prepare.payload", cache(payload))  # several data sets are made of one file
        for dataset, entry in SHIPPED.items():
            out, card = folder / f"{dataset}.safetensors", folder / f"{dataset}.json"
            prepare({"dataset": dataset, "image_size": entry.side or 8}, out, card)
    return folder


@pytest.mark.parametrize("dataset", SHIPPED.values(), ids=SHIPPED)
def test_prepared_data_are_as_registered_and_the_card_tells_them_truly(folder, dataset):
    prepared = load(folder / f"{dataset.name}.safetensors")
    card = json.loads((folder / f"{dataset.name}.json").read_text())
    kept_apart = 0 if prepared.domain is None else int((prepared.domain >= 0).sum())
    count = dataset.examples + dataset.official_test + kept_apart
    assert prepared.inputs.shape == (count, *SHAPES.get(dataset.name, (dataset.side or 8,) * 2))
    assert (prepared.inputs.dtype, prepared.labels.dtype) == (torch.float32, torch.int64)
    assert prepared.official_test.sum() == dataset.official_test
    if dataset.kind == "image":
        assert prepared.inputs.min() == 0
        assert 0.99 < prepared.inputs.max() <= 1
    mask = ~prepared.official_test if prepared.group is None else prepared.group >= 0
    pool = torch.bincount(prepared.labels[mask])
    assert (len(pool), int(pool.min())) == (dataset.classes, dataset.smallest_class)
    assert card["examples_per_class"] == pool.tolist()
    assert (card["examples"], card["official_test"]) == (dataset.examples, dataset.official_test)
    assert card["licence"] == dataset.licence
    assert {source["payload_sha256"] for source in card["sources"]} == {file.sha256 for file in dataset.files}
    held = {name: tensor for name, tensor in prepared._asdict().items() if tensor is not None}
    assert set(card["tensors"]) == set(held)
    for name, tensor in held.items():
        assert card["tensors"][name]["shape"] == list(tensor.shape)
        assert card["tensors"][name]["sha256"] == hashlib.sha256(tensor.numpy().tobytes()).hexdigest()


@pytest.mark.parametrize("dataset", SHIPPED)
def test_the_registered_room_for_training_is_what_the_split_leaves(folder, dataset):
    prepared = load(folder / f"{dataset}.safetensors")
    entry = DATASETS[dataset]
    # Whole groups may be more than is asked for: up to all but one example of each class, in validation and in test.
    slack = 2 * entry.classes * (entry.largest_group - 1)
    sizes = (300, 600) if entry.examples > 1000 else (60, 120)
    for seed in range(1 if entry.largest_group == 1 else 10):
        parts = split(prepared, dataset, seed, *sizes)
        assert 0 <= len(parts.train) - largest_train(dataset, *sizes) <= slack


@pytest.mark.parametrize("dataset", GROUPED)
def test_the_registered_groups_are_those_of_the_data_and_splits_leave_the_room_that_is_registered(folder, dataset):
    prepared, entry = load(folder / f"{dataset}.safetensors"), GROUPED[dataset]
    pool = ~prepared.official_test
    for table, mask in ((entry.pool_groups, pool), (entry.test_groups, ~pool)):
        number = prepared.labels[mask] * entry.attributes + prepared.attribute[mask]
        counted = torch.bincount(number, minlength=entry.classes * entry.attributes)
        assert counted.tolist() == [many for row in table for many in row] or not (table or mask.any())
    scarce = 0.1 / (entry.attributes - 1)
    room = entry.correlated_room(0.9, 300, 600)
    for seed in range(2 if entry.largest_group == 1 else 10):
        parts = correlated(prepared, dataset, seed, 0.9, 300, 600)
        slack = 2 * entry.classes * (entry.largest_group - 1)
        assert 0 <= len(parts.train) - room <= (slack + 2 * entry.classes) / scarce


def test_dominoes_are_the_images_of_two_data_sets_as_these_prepare_them(folder):
    own, mnist, fashion = (load(folder / f"{name}.safetensors") for name in ("dominoes", "mnist5k", "fashion_mnist"))

    def looks(images):
        return [image.tobytes() for image in images.contiguous().numpy()]

    chosen, clothes = mnist.labels < 2, (fashion.labels == 3) | (fashion.labels == 4)
    digits = dict(zip(looks(mnist.inputs[chosen]), mnist.labels[chosen].tolist(), strict=True))
    tested = zip(fashion.labels[clothes].tolist(), fashion.official_test[clothes].tolist(), strict=True)
    known = dict(zip(looks(fashion.inputs[clothes]), tested, strict=True))
    upper, lower = looks(own.inputs[:, :8]), looks(own.inputs[:, 8:])
    assert [digits[look] for look in upper] == own.attribute.tolist()
    assert [known[look] for look in lower] == list(
        zip((own.labels + 3).tolist(), own.official_test.tolist(), strict=True)
    )
    above = [
        {look for look, test in zip(upper, own.official_test.tolist(), strict=True) if test == kind} for kind in (0, 1)
    ]
    assert not above[0] & above[1]


def test_the_same_sources_give_the_same_bytes(folder, tmp_path):
    for dataset in ("optdigits", "mnist1d", "digits_patch", "gauss_groups"):
        out, card = tmp_path / f"{dataset}.safetensors", tmp_path / f"{dataset}.json"
        prepare({"dataset": dataset, "image_size": 8}, out, card)
        assert out.read_bytes() == (folder / out.name).read_bytes()
        assert card.read_bytes() == (folder / card.name).read_bytes()


def test_optdigits_larger_than_eight_pixels_lie_as_mnists_digits_do(tmp_path):
    prepare({"dataset": "optdigits", "image_size": 28}, tmp_path / "o.safetensors", tmp_path / "o.json")
    images = load(tmp_path / "o.safetensors").inputs
    assert images.shape[1:] == (28, 28)
    border = torch.ones(28, 28, dtype=torch.bool)
    border[4:24, 4:24] = False
    assert not images[:, border].any()
    assert images[:, 4].any()
    assert "20 x 20" in json.loads((tmp_path / "o.json").read_text())["preprocessing"]


def test_a_damaged_prepared_file_is_refused_with_the_remedy(folder, tmp_path):
    whole = (folder / "optdigits.safetensors").read_bytes()
    flipped = bytearray(whole)
    flipped[-2000] ^= 1
    path = tmp_path / "optdigits.safetensors"
    for damaged in (whole[:-100], whole[:4], b"", bytes(flipped)):
        path.write_bytes(damaged)
        with pytest.raises(UserError, match=r"optdigits\.safetensors is .*: delete it and run again"):
            load(path)
    path.unlink()
    with pytest.raises(UserError, match=r"optdigits\.safetensors is missing"):
        load(path)


def test_an_unknown_data_set_is_refused(tmp_path):
    with pytest.raises(UserError, match="no data set 'emnist': choose one of celeba, cifar10"):
        prepare({"dataset": "emnist", "image_size": 8}, tmp_path / "a", tmp_path / "b")
