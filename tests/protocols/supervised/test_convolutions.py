"""A network of convolutions from training to scores and traces, on colour images."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import torch
from safetensors.torch import load_file

from robustpath import models
from robustpath.core.randomness import generator
from robustpath.data import registry
from robustpath.data.prepared import Prepared, load, save
from robustpath.data.splits import split
from robustpath.models import cnn
from robustpath.models.functional import predict
from robustpath.protocols.supervised import training
from robustpath.protocols.supervised.score import evaluate, score
from robustpath.protocols.supervised.trajectories import trace

SIZES = {"validation_size": 12, "test_size": 12, "device": "cpu"}
SETTINGS = {
    **{"experiment": "photographs", "dataset": "cifar10", "method": "sgd", "train_sizes": [24], "label_noise": [0.0]},
    **{"grid": {}, "points": 4, "seeds": 2, "vary": ["split", "initialisation", "order"], "draws": 1, "budget": 40},
    **{"batch_size": 8, "hidden": [6], "model": "cnn", **SIZES},
}
VARY = ["split", "initialisation", "order"]


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """Two runs of the CNN on coloured squares: prepared data, files of weights, path and runs."""
    folder = tmp_path_factory.mktemp("cnn")
    labels = torch.arange(90) % 3
    images = 0.3 * torch.rand(90, 3, 8, 8, generator=generator("squares"))
    images[torch.arange(90), labels, 2:6, 2:6] += 0.6
    data = folder / "cifar10.safetensors"
    save(Prepared(images, labels, torch.arange(90) >= 60), data)
    files = [
        folder / name
        for name in ("sgd.safetensors", "sgd.path.safetensors", "sgd.parquet", "sgd.seconds", "sgd.scores")
    ]
    training.train(SETTINGS, data, *files, threads=1)
    return data, *files[:3]


def test_it_learns_and_its_scores_are_those_of_its_own_predictions(trained, tmp_path, monkeypatch):
    data, weights, _, runs = trained
    table = pd.read_parquet(runs)
    assert not table["diverged"].any()
    settings = SETTINGS | {"severities": [1], "natural": [], "shifts": {"kind": "image"}, "methods": ["sgd"]}
    monkeypatch.setattr(cnn, "PORTION", (1, 5))
    evaluate(settings, {"cifar10": data}, [weights], [runs], tmp_path / "scores.parquet", threads=1)
    found = pd.read_parquet(tmp_path / "scores.parquet")
    clean = found[(found["split"] == "test") & (found["shift"] == "none") & (found["metric"] == "accuracy")]
    prepared, params = load(data), load_file(weights)
    network = predict(models.network(SETTINGS, (3, 8, 8), 3))
    for row, seed in enumerate(table["seed"]):
        test = split(prepared, "cifar10", seed, 12, 12).test
        own = network({name: tensor[row] for name, tensor in params.items()}, prepared.inputs[test]).argmax(1)
        accuracy = (own == prepared.labels[test]).double().mean().item()
        assert clean[clean["seed"] == seed]["value"].item() == pytest.approx(accuracy)
        assert accuracy > 0.9
    assert set(found["shift"]) == {"none", *(s.name for s in registry.shifts_of("cifar10") if s.family == "corruption")}


@pytest.mark.parametrize("portion", [(1, 1), (2, 5), (64, 0)])
def test_portions_do_not_change_the_scores(trained, portion):
    data, weights, *_ = trained
    prepared, params = load(data), load_file(weights)
    network = torch.vmap(predict(models.network(SETTINGS, (3, 8, 8), 3)), in_dims=(0, None))
    whole = score(network, params, prepared.inputs, prepared.labels)
    part = score(network, params, prepared.inputs, prepared.labels, portion)
    assert torch.equal(whole["accuracy"], part["accuracy"])
    assert torch.allclose(whole["cross_entropy"], part["cross_entropy"], rtol=1e-5)


def test_its_way_is_traced_with_its_own_network(trained, tmp_path):
    data, weights, path, runs = trained
    settings = {"experiment": "photographs", "dataset": "cifar10", "vary": VARY, "model": "cnn", **SIZES}
    trace(settings, data, [path], [runs], tmp_path / "t.parquet", tmp_path / "s.npz", threads=1)
    table = pd.read_parquet(tmp_path / "t.parquet")
    prepared, params = load(data), load_file(weights)
    parts = split(prepared, "cifar10", 0, 12, 12)
    logits = predict(models.network(SETTINGS, (3, 8, 8), 3))
    end = {name: tensor[0] for name, tensor in params.items()}
    own = torch.nn.functional.cross_entropy(
        logits(end, prepared.inputs[parts.train[:24]]), prepared.labels[parts.train[:24]]
    )
    last = table[(table["seed"] == 0) & (table["moment"] == table["moment"].max())]
    assert last[last["quantity"] == "loss"]["value"].item() == pytest.approx(own.item(), rel=1e-4)
    assert last[last["quantity"] == "lambda_max"]["value"].item() > 0
    with np.load(tmp_path / "s.npz") as surfaces:
        assert all(np.isfinite(surfaces[key]).all() for key in surfaces.files)


def test_it_trains_as_it_does_beside_others(trained, tmp_path):
    data, weights, *_ = trained
    files = [tmp_path / name for name in ("w.safetensors", "p.safetensors", "r.parquet", "s.parquet", "o.parquet")]
    training.train(SETTINGS | {"seeds": 3}, data, *files, threads=1)
    some, more = load_file(weights), load_file(files[0])
    assert all(torch.allclose(some[name], more[name][:2], rtol=1e-3, atol=1e-4) for name in some)


def test_the_registered_side_is_what_is_prepared_at_every_scale(monkeypatch):
    from robustpath import study as cfg

    for scale in ("smoke", "cluster"):
        config = cfg.load(overrides={"scale": scale})
        assert cfg.prepare_settings(config, "cifar10")["image_size"] == 32
        assert cfg.prepare_settings(config, "waterbirds")["image_size"] == 64
        assert cfg.prepare_settings(config, "svhn")["image_size"] == cfg.active(config).image_size
    entry = registry.get("cifar10")
    monkeypatch.setitem(registry.DATASETS, "cifar10", replace(entry, side=0))
    assert cfg.prepare_settings(config, "cifar10")["image_size"] == 28
