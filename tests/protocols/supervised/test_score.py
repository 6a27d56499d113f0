"""Scores of a population against one model after the other."""

import os
import signal

import pandas as pd
import pytest
import torch
from safetensors.torch import save_file

from robustpath import records
from robustpath.core.randomness import generator
from robustpath.data.label_noise import noisy
from robustpath.data.prepared import Prepared, save
from robustpath.data.shifts import ShiftedSet, shifted_sets
from robustpath.data.splits import split
from robustpath.models.functional import initialise, predict
from robustpath.models.mlp import mlp
from robustpath.protocols.supervised import score

SETTINGS = {
    "experiment": "data_efficiency",
    "dataset": "optdigits",
    "methods": ["sgd"],
    "hidden": [7],
    "validation_size": 30,
    "test_size": 40,
    "severities": [1, 5],
    "image_size": 8,
    "natural": ["mnist5k"],
    "shifts": {"kind": "image", "natural_shift_to": ["mnist5k"]},
    "device": "cpu",
}


def images(name: str) -> Prepared:
    labels = torch.arange(200) % 10
    inputs = torch.rand(200, 8, 8, generator=generator(name))
    return Prepared(inputs, labels, torch.zeros(200, dtype=torch.bool))


@pytest.mark.parametrize(
    ("vary", "fifths"), [(["split", "initialisation", "order"], 5), (["initialisation"], 5), (["split"], 4)]
)
def test_scores_equal_one_model_after_the_other(vary, fifths, tmp_path):
    """`fifths`: of the training set that a run learns from; the others are held out and scored by themselves."""
    prepared = {name: images(name) for name in ("optdigits", "mnist5k")}
    files = {name: tmp_path / f"{name}.safetensors" for name in prepared}
    for name, data in prepared.items():
        save(data, files[name])
    model = mlp(64, [7], 10)
    members = [
        (size, noise, seed, draw) for size in (20, 50) for noise in (0.0, 0.4) for seed in (0, 1) for draw in (0, 1)
    ]
    trees = [initialise(model, generator("member", number)) for number in range(len(members))]
    save_file({name: torch.stack([tree[name] for tree in trees]) for name in trees[0]}, tmp_path / "w.safetensors")
    table = pd.DataFrame(members, columns=["train_size", "label_noise", "seed", "draw"]).assign(
        experiment="data_efficiency", dataset="optdigits", method="sgd", family="minima",
        gradient_evaluations=10.0, steps=10, diverged=False, hyperparameters="{}",
    )  # fmt: skip
    table.to_parquet(tmp_path / "runs.parquet")
    settings = SETTINGS | {"vary": vary} | ({"held_out": 0.2} if fifths == 4 else {})
    score.evaluate(
        settings, files, [tmp_path / "w.safetensors"], [tmp_path / "runs.parquet"], tmp_path / "s.parquet", threads=1
    )

    scores = pd.read_parquet(tmp_path / "s.parquet")
    records.validate(records.complete(scores), "scores")
    found = scores.set_index(["train_size", "label_noise", "seed", "draw", "split", "shift", "severity", "metric"])[
        "value"
    ]
    assert set(scores["shift_family"]) == {"none", "natural", "corruption"}
    own, expected_rows = prepared["optdigits"], 0
    for tree, (size, noise, seed, draw) in zip(trees, members, strict=True):
        dealt = seed if "split" in vary else 0
        parts = split(own, "optdigits", dealt, 30, 40)
        labels = noisy(own.labels, 10, "optdigits", dealt, noise)
        parts_of = {"train": parts.train[: fifths * size // 5], "holdout": parts.train[fifths * size // 5 : size]}
        learnt = [
            ShiftedSet(name, "none", "none", 0, own.inputs[which], labels[which])
            for name, which in parts_of.items()
            if len(which)
        ]
        for examples in [*learnt, *shifted_sets("optdigits", dealt, prepared, SETTINGS)]:
            right = labels[parts.validation] if examples.split == "validation" else examples.labels
            logits = predict(model)(tree, examples.inputs)
            key = (size, noise, seed, draw, examples.split, examples.shift, examples.severity)
            assert found[*key, "accuracy"] == (logits.argmax(1) == right).double().mean().item()
            assert abs(found[*key, "cross_entropy"] - torch.nn.functional.cross_entropy(logits, right).item()) < 1e-5
            expected_rows += 2
    assert len(scores) == expected_rows


def test_a_signal_in_the_middle_of_writing_leaves_what_was_there(tmp_path, monkeypatch):
    model, scores = mlp(64, [7], 10), tmp_path / "s.parquet"
    for name in ("optdigits", "mnist5k"):
        save(images(name), tmp_path / f"{name}.safetensors")
    tree = initialise(model, generator("member"))
    save_file({name: tensor[None] for name, tensor in tree.items()}, tmp_path / "w.safetensors")
    pd.DataFrame([{"train_size": 20, "label_noise": 0.0, "seed": 0, "draw": 0}]).assign(
        experiment="data_efficiency", dataset="optdigits", method="sgd", family="minima",
        gradient_evaluations=10.0, steps=10, diverged=False, hyperparameters="{}",
    ).to_parquet(tmp_path / "runs.parquet")  # fmt: skip
    files = {name: tmp_path / f"{name}.safetensors" for name in ("optdigits", "mnist5k")}
    rest = [tmp_path / "w.safetensors"], [tmp_path / "runs.parquet"], scores
    score.evaluate(SETTINGS | {"vary": []}, files, *rest, threads=1)
    before = scores.read_bytes()

    def half(table, path, **_):
        path.write_bytes(before[: len(before) // 2])
        os.kill(os.getpid(), signal.SIGTERM)

    monkeypatch.setattr(pd.DataFrame, "to_parquet", half)
    child = os.fork()
    if not child:
        score.evaluate(SETTINGS | {"vary": []}, files, *rest, threads=1)
        os._exit(0)
    assert os.WTERMSIG(os.waitpid(child, 0)[1]) == signal.SIGTERM
    assert scores.read_bytes() == before
