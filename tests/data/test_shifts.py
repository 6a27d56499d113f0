import subprocess
import sys
from collections import Counter

import pytest
import torch

from robustpath.data import registry, shifts, signal_generator
from robustpath.data.corruptions import CORRUPTIONS
from robustpath.data.prepare import prepare
from robustpath.data.prepared import load
from robustpath.data.splits import split

SETTINGS = {"severities": [1, 3, 5], "validation_size": 50, "test_size": 100}


@pytest.fixture(scope="module")
def prepared(tmp_path_factory):
    folder = tmp_path_factory.mktemp("prepared")
    found = {}
    for dataset in ("mnist5k", "optdigits", "mnist1d"):
        path = folder / f"{dataset}.safetensors"
        prepare({"dataset": dataset, "image_size": 8}, path, folder / f"{dataset}.json")
        found[dataset] = load(path)
    return found


def shifted_sets(dataset, seed, prepared, settings):
    return shifts.shifted_sets(dataset, seed, prepared, settings | {"shifts": registry.get(dataset).shifted_by})


def parts(prepared, dataset, seed):
    return split(prepared[dataset], dataset, seed, SETTINGS["validation_size"], SETTINGS["test_size"])


def test_an_image_data_set_is_seen_under_every_shift(prepared):
    found = list(shifted_sets("optdigits", 1, prepared, SETTINGS))
    counts = Counter((item.split, item.shift_family) for item in found)
    assert counts == {
        ("validation", "none"): 1,
        ("test", "none"): 1,
        ("test", "corruption"): 6 * 3,
        ("validation", "corruption"): 4 * 3,
        ("test", "natural"): 1,
    }
    assert all(len(item.inputs) == len(item.labels) == {"validation": 50, "test": 100}[item.split] for item in found)
    own = parts(prepared, "optdigits", 1)
    for item in found:
        if item.shift_family != "natural":
            assert torch.equal(item.labels, prepared["optdigits"].labels[getattr(own, item.split)])
        if item.shift_family == "none":
            assert torch.equal(item.inputs, prepared["optdigits"].inputs[getattr(own, item.split)])
            assert (item.shift, item.severity) == ("none", 0)


def test_the_natural_shift_is_the_partners_own_test_part(prepared):
    for dataset, partner in (("mnist5k", "optdigits"), ("optdigits", "mnist5k")):
        (natural,) = (item for item in shifted_sets(dataset, 2, prepared, SETTINGS) if item.shift_family == "natural")
        assert (natural.shift, natural.severity, natural.split) == (partner, 1, "test")
        indices = parts(prepared, partner, 2).test
        assert torch.equal(natural.inputs, prepared[partner].inputs[indices])
        assert torch.equal(natural.labels, prepared[partner].labels[indices])
    alone = {"mnist5k": prepared["mnist5k"]}
    assert not any(item.shift_family == "natural" for item in shifted_sets("mnist5k", 2, alone, SETTINGS))


def test_a_generated_shift_keeps_each_example(prepared):
    data = prepared["mnist1d"]
    found = list(shifted_sets("mnist1d", 0, prepared, SETTINGS))
    assert Counter(item.shift for item in found) == {"none": 2} | dict.fromkeys(signal_generator.RECIPE, 3)
    test = parts(prepared, "mnist1d", 0).test
    clean = data.inputs[test]
    assert torch.equal(signal_generator.part("test")[test - 10000], clean)
    for item in found[2:]:
        assert torch.equal(item.labels, data.labels[test])
        own = (item.inputs - clean).norm(dim=1).mean()
        assert 0 < own < (item.inputs - clean.roll(1, 0)).norm(dim=1).mean()


def test_a_shifted_set_depends_on_data_set_seed_shift_and_severity_alone(prepared):
    every = {(item.shift, item.severity, item.split): item for item in shifted_sets("mnist5k", 0, prepared, SETTINGS)}
    torch.manual_seed(7)
    one = [item for item in shifted_sets("mnist5k", 0, prepared, SETTINGS | {"severities": [3]}) if item.severity == 3]
    assert len(one) == 10
    assert all(torch.equal(item.inputs, every[item.shift, 3, item.split].inputs) for item in one)


def test_every_data_set_and_seed_has_noise_of_its_own(prepared):
    # All images alike, so that what differs is the noise.
    grey = {name: data._replace(inputs=torch.full_like(data.inputs, 0.5)) for name, data in prepared.items()}

    def noisy(dataset, seed):
        found = shifted_sets(dataset, seed, {dataset: grey[dataset]}, SETTINGS)
        return next(item.inputs for item in found if item.shift == "gaussian_noise")

    assert torch.equal(noisy("mnist5k", 0), noisy("mnist5k", 0))
    assert not torch.equal(noisy("mnist5k", 0), noisy("mnist5k", 1))
    assert not torch.equal(noisy("mnist5k", 0), noisy("optdigits", 0))


def test_the_listing_holds_every_shift_once():
    listed = registry.summary()
    rows = {row["name"]: row for row in listed}
    assert len(rows) == len(listed)
    assert set(rows) == {shift.name for name in registry.DATASETS for shift in registry.shifts_of(name)}
    assert set(CORRUPTIONS) < set(rows)
    assert rows["rotate"] == {
        "name": "rotate",
        "family": "corruption",
        "split": "test",
        "datasets": [
            *("digit_domains", "digit_domains_28", "digits_patch", "dominoes", "dominoes_28"),
            *("fashion_mnist", "fashion_mnist_28", "mnist5k", "mnist5k_28", "optdigits"),
            *("typeface_digits", "typeface_digits_28", "typeface_shapes", "typefaces"),
            *("celeba", "cifar10", "cifar100", "kmnist", "mnist", "svhn", "tiny_imagenet", "usps", "waterbirds"),
        ],
        "severities": [1, 2, 3, 4, 5],
    }
    assert rows["optdigits"]["datasets"] == ["mnist5k"]
    assert rows["mnist5k"]["datasets"] == ["optdigits", "typeface_digits"]
    assert rows["svhn"]["datasets"] == ["mnist", "usps"]
    assert rows["cifar10_1"]["datasets"] == ["cifar10"]
    assert rows["published_fog"]["datasets"] == ["cifar10", "cifar100", "tiny_imagenet"]
    assert rows["display"]["datasets"] == ["typeface_digits", "typeface_digits_28", "typefaces"]
    assert rows["shear"]["datasets"] == ["mnist1d"]
    assert set(registry.get("mnist1d").knobs) == set(signal_generator.SEVERITIES) == set(signal_generator.RECIPE)


def test_listing_every_data_set_needs_neither_torch_nor_numpy():
    code = (
        "import sys; from robustpath.data.registry import DATASETS; sys.exit(bool({'torch', 'numpy'} & {*sys.modules}))"
    )
    assert subprocess.run([sys.executable, "-c", code], env={"PYTHONPATH": "src"}, check=False).returncode == 0
