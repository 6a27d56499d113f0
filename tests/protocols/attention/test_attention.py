"""Where attention maps lie, against plain loops; and that all else is that of supervised runs."""

import pandas as pd
import pytest
import torch
from safetensors.torch import load_file, save_file
from small_config import edited, message

from robustpath import models, protocols
from robustpath.core.randomness import generator
from robustpath.data.prepared import Prepared, load, save
from robustpath.data.splits import split
from robustpath.models import attention_cnn
from robustpath.protocols.attention import score, training
from robustpath.protocols.attention.core import MAPPED, SHORTCUT_ROWS, core_rows, core_share
from robustpath.protocols.supervised import score as supervised

SETTINGS = {
    "experiment": "causal", "dataset": "dominoes", "method": "causal_attention", "train_sizes": [24],
    "label_noise": [0.0], "grid": {"penalty": [0.0, 10.0]}, "points": 0, "seeds": 2, "draws": 1, "budget": 4,
    "vary": ["split", "initialisation", "order"], "batch_size": 8, "model": "attention_cnn", "device": "cpu",
    "validation_size": 12, "test_size": 14, "protocol": "attention",
}  # fmt: skip
ASKED = SETTINGS | {"severities": [1], "natural": [], "shifts": {"kind": "signal"}, "methods": ["causal_attention"]}
FILES = ("safetensors", "path.safetensors", "parquet", "seconds.parquet", "scores.parquet")
LESS = ("scales", "laptop", "further")


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """Four runs, one of each seed without a penalty: the data's file, and those of weights, path, runs, …"""
    folder = tmp_path_factory.mktemp("attention")
    images, labels = torch.rand(90, 16, 8, generator=generator("dominoes")), torch.arange(90) % 2
    save(Prepared(images, labels, torch.arange(90) >= 60, attribute=torch.arange(90) // 2 % 2), folder / "data")
    files = [folder / f"cell.{suffix}" for suffix in FILES]
    training.train(SETTINGS, folder / "data", *files, threads=1)
    weights = load_file(files[0])
    stream = generator("maps")
    for name in ("attention.weight", "attention.bias"):  # four steps move the map too little
        weights[name] = 0.3 * torch.randn(weights[name].shape, generator=stream)
    save_file(weights, files[0])
    return folder / "data", *files


def test_rows_of_the_core_by_hand():
    assert core_rows(4, (0.0, 0.5)) == [0.0, 0.0, 1.0, 1.0]
    assert core_rows(3, (0.0, 0.5)) == [0.0, 0.5, 1.0]
    assert core_rows(2, (0.25, 0.5)) == [0.5, 1.0]
    assert core_rows(1, (0.0, 0.5)) == [0.5]


def test_the_share_by_hand():
    """Rows with the mass 1 + 1, 2 + 0 and 0 + 4, of which the second lies on the core by half: (1 + 4) / 8."""
    maps = torch.tensor([[[1.0, 1.0], [2.0, 0.0], [0.0, 4.0]], [[0.5, 0.5]] * 3, [[0.0, 0.0]] * 3])
    assert core_share(maps, [0.0, 0.5, 1.0]).tolist() == pytest.approx([5 / 8, 1 / 2, 1 / 2])


def test_the_scores_are_those_of_supervised_runs_and_the_share_of_a_loop(trained, tmp_path, monkeypatch):
    data, weights, _, runs, *_ = trained
    monkeypatch.setattr(attention_cnn, "PORTION", (3, 5))
    for by, name in ((score, "own"), (supervised, "plain")):
        by.evaluate(ASKED, {"dominoes": data}, [weights], [runs], tmp_path / name, threads=1)
    own, plain = pd.read_parquet(tmp_path / "own"), pd.read_parquet(tmp_path / "plain")
    pd.testing.assert_frame_equal(own[: len(plain)], plain)
    added, table = own[len(plain) :], pd.read_parquet(runs)
    assert set(added["metric"]) == {"attention_core_share"} and set(added["split"]) == {"test"}
    assert len(added) == len(table) == 4 and not added.isna().any().any()
    prepared, params = load(data), load_file(weights)
    model, expected = models.network(SETTINGS, (16, 8), 2), {}
    for row, (seed, hyperparameters) in enumerate(zip(table["seed"], table["hyperparameters"], strict=True)):
        member, total = {name: tensor[row] for name, tensor in params.items()}, 0.0
        test = split(prepared, "dominoes", seed, 12, 14).test.tolist()
        for place in test:
            (seen,) = attention_cnn.maps(model, member, prepared.inputs[place : place + 1])
            total += (seen[2:].sum() / seen.sum()).item()  # of four rows the lower two
        expected[seed, hyperparameters] = total / len(test)
    found = added.set_index(["seed", "hyperparameters"])["value"].to_dict()
    assert found == pytest.approx(expected, abs=1e-6)
    assert len({round(value, 4) for value in expected.values()}) == 4
    assert added["value"].between(0.01, 0.99).all()


def test_what_is_stated_of_data_and_networks_is_there():
    for name in MAPPED:
        assert callable(models.load(name).maps)
    assert protocols.load("attention").metrics["attention_core_share"].part == "attention"
    assert set(SHORTCUT_ROWS) == {"dominoes"}


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"model": "cnn"}, "model = 'cnn' has no attention map; allowed: attention_cnn"),
        ({"datasets": ["fashion_mnist"]}, "datasets[0] = 'fashion_mnist' has no part of its images that is known to"),
        (
            {"model": "mlp", "methods": ["causal_attention"]},
            "methods = [\"causal_attention\"] holds 'causal_attention', which cannot use the network mlp; allowed",
        ),
    ],
)
def test_an_experiment_without_maps_is_refused_in_one_sentence(changed, said):
    plain = {"protocol": "attention", "datasets": ["dominoes"], "methods": ["sgd"], "model": "attention_cnn"}
    plain |= {"train_sizes": [50], "seeds": 2, "budget": 10} | changed
    assert f"further.maps.{said}" in message(edited(((*LESS, "maps"), plain)))
