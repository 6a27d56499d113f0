import hashlib
import json

import pytest
import torch

from robustpath.core.errors import UserError
from robustpath.data.prepare import prepare
from robustpath.data.prepared import load
from robustpath.data.registry import DATASETS, largest_train
from robustpath.data.splits import split

# The others are fetched: test_fetched.py.
SHIPPED = {name: dataset for name, dataset in DATASETS.items() if not dataset.fetched}
LENGTHS = {"mnist1d": 40, "sentiment": 1024, "solubility": 1024, "solubility_size": 1024, "solubility_rings": 1024}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("prepared")
    for dataset in SHIPPED:
        prepare({"dataset": dataset, "image_size": 8}, folder / f"{dataset}.safetensors", folder / f"{dataset}.json")
    return folder


@pytest.mark.parametrize("dataset", SHIPPED.values(), ids=SHIPPED)
def test_prepared_data_are_as_registered_and_the_card_tells_them_truly(folder, dataset):
    prepared = load(folder / f"{dataset.name}.safetensors")
    card = json.loads((folder / f"{dataset.name}.json").read_text())
    kept_apart = 0 if prepared.domain is None else int((prepared.domain >= 0).sum())
    count = dataset.examples + dataset.official_test + kept_apart
    assert prepared.inputs.shape == ((count, 8, 8) if dataset.kind == "image" else (count, LENGTHS[dataset.name]))
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
    for seed in range(1 if prepared.group is None else 10):
        parts = split(prepared, dataset, seed, *sizes)
        assert 0 <= len(parts.train) - largest_train(dataset, *sizes) <= slack


def test_the_same_sources_give_the_same_bytes(folder, tmp_path):
    for dataset in ("optdigits", "mnist1d"):
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
    with pytest.raises(UserError, match="no data set 'emnist': choose one of cifar10, cifar100"):
        prepare({"dataset": "emnist", "image_size": 8}, tmp_path / "a", tmp_path / "b")
