"""The final scores of runs on a stream, against one model after the other on examples made by hand."""

import pandas as pd
import pytest
import torch
from safetensors.torch import save_file

from robustpath import records
from robustpath.core.randomness import generator
from robustpath.data.label_noise import noisy
from robustpath.data.prepared import Prepared, save
from robustpath.data.shifts import shifted_sets
from robustpath.data.splits import split
from robustpath.models.functional import initialise, predict
from robustpath.models.mlp import mlp
from robustpath.protocols.stream import score
from robustpath.protocols.stream.scores import calibration_error

CLASSES, TASKS = 10, 2
SETTINGS = {
    "experiment": "streams",
    "dataset": "optdigits",
    "protocol": "stream",
    "stream": "permuted",
    "tasks": TASKS,
    "examples": 20,
    "vary": ["split", "initialisation", "order"],
    "methods": ["online_sgd"],
    "hidden": [7],
    "validation_size": 31,
    "test_size": 40,
    "severities": [5],
    "image_size": 8,
    "natural": ["mnist5k"],
    "shifts": {"kind": "image", "natural_shift_to": ["mnist5k"]},
    "device": "cpu",
}
MODEL = mlp(64, [7], CLASSES)
RUNS = [(4.0, level, seed, draw) for level in (0.0, 0.5) for seed in (0, 1) for draw in (0, 1)]
TREES = [initialise(MODEL, generator("member", number)) for number in range(len(RUNS))]


def images(name: str) -> Prepared:
    """Every image is of its own, and half of each class is of the first of two data sets that were joined."""
    labels = torch.arange(240) % CLASSES
    inputs = torch.rand(240, 8, 8, generator=generator(name))
    halves = (torch.arange(240) // CLASSES) % 2
    return Prepared(inputs, labels, torch.zeros(240, dtype=torch.bool), attribute=halves)


DATA = {name: images(name) for name in ("optdigits", "mnist5k")}


@pytest.fixture
def scored(tmp_path):
    """scored(**changes) -> the table of scores of eight runs in two files."""

    def call(**changes):
        files = {name: tmp_path / f"{name}.safetensors" for name in DATA}
        for name, data in DATA.items():
            save(data, files[name])
        table = pd.DataFrame(RUNS, columns=["evaluations", "label_noise", "seed", "draw"]).assign(
            experiment="streams", dataset="optdigits", method="online_sgd", family="batches",
            gradient_evaluations=10.0, steps=10, diverged=False, hyperparameters="{}", **{"mean_0.loss": 1.0},
        )  # fmt: skip
        halves = []
        for half in (slice(0, 4), slice(4, 8)):
            weights, runs = tmp_path / f"w{half.start}.safetensors", tmp_path / f"r{half.start}.parquet"
            save_file({name: torch.stack([tree[name] for tree in TREES[half]]) for name in TREES[0]}, weights)
            table[half].to_parquet(runs)
            halves.append((weights, runs))
        weights, runs = zip(*halves, strict=True)
        score.evaluate(SETTINGS | changes, files, list(weights), list(runs), tmp_path / "s.parquet", threads=1)
        found = records.read(tmp_path / "s.parquet")
        records.validate(found, "the test")
        records.whole(found, "the test")
        return found.set_index(["evaluations", "label_noise", "seed", "draw", "split", "shift", "metric"])["value"]

    return call


def order_of(seed: int, task: int):
    """The order in which a task has the numbers of an input, drawn as streams.py states."""
    return torch.randperm(64, generator=generator("stream", "permutation", "optdigits", seed, task))


def classes_of(seed: int):
    """The classes of each task of a split stream."""
    return torch.randperm(CLASSES, generator=generator("stream", "classes", "optdigits", seed)).chunk(TASKS)


def by_hand(kind: str, seed: int, examples):
    """The examples of a set as the tasks have them, one after the other."""
    inputs, labels = [], []
    count = len(examples.labels)
    parts = split(DATA["optdigits"], "optdigits", seed, 31, 40)
    for task in range(TASKS):
        for place in range(count):
            if kind == "permuted":
                own = place < (count + 1) // 2 if task == 0 else place >= (count + 1) // 2
                change = examples.inputs[place].flatten()[order_of(seed, task)].reshape(8, 8)
            elif kind == "split":
                own, change = examples.labels[place] in classes_of(seed)[task], examples.inputs[place]
            else:
                part = getattr(parts, examples.split)
                natural = examples.shift_family == "natural"  # of no domain
                own = natural or DATA["optdigits"].attribute[part[place]] == task
                change = examples.inputs[place]
            if own:
                inputs.append(change)
                labels.append(examples.labels[place])
    return torch.stack(inputs), torch.stack(labels)


@pytest.mark.parametrize("kind", ["permuted", "split", "domains"])
def test_every_task_is_scored_on_its_share_of_every_set(kind, scored):
    """Corruptions come before what a task does to its inputs; validation labels are noisy, those of the test clean."""
    found = scored(stream=kind)
    expected = 0
    for tree, (spent, level, seed, draw) in zip(TREES, RUNS, strict=True):
        for examples in shifted_sets("optdigits", seed, DATA, SETTINGS):
            inputs, labels = by_hand(kind, seed, examples)
            if examples.split == "validation":
                labels = noisy(labels, CLASSES, "optdigits/validation/stream", seed, level)
            logits = predict(MODEL)(tree, inputs)
            key = spent, level, seed, draw, examples.split, examples.shift
            assert found[*key, "accuracy"] == pytest.approx((logits.argmax(1) == labels).double().mean().item())
            entropy = torch.nn.functional.cross_entropy(logits, labels).item()
            assert found[*key, "cross_entropy"] == pytest.approx(entropy, abs=1e-5)
            error = calibration_error(logits[None], labels).item()
            assert found[*key, "calibration_error"] == pytest.approx(error, abs=1e-5)
            expected += 3
    assert len(found) == expected


def test_without_shifts_only_unshifted_examples_are_scored(scored):
    found = scored(shifted=False)
    assert set(found.index.get_level_values("shift")) == {"none"}
    assert set(found.index.get_level_values("split")) == {"validation", "test"}
    assert len(found) == 8 * 2 * 3


def test_where_the_split_does_not_vary_all_runs_are_scored_on_that_of_seed_0(scored):
    found = scored(vary=["order"], shifted=False).xs("accuracy", level="metric")
    parts = {each.split: each for each in shifted_sets("optdigits", 0, DATA, SETTINGS) if each.shift == "none"}
    for tree, (spent, level, seed, draw) in zip(TREES, RUNS, strict=True):
        inputs, labels = by_hand("permuted", 0, parts["test"])
        right = (predict(MODEL)(tree, inputs).argmax(1) == labels).double().mean().item()
        assert found[spent, level, seed, draw, "test", "none"] == pytest.approx(right)
