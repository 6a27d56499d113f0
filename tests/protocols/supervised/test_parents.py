"""A cell whose runs begin with the parameters of another cell's runs."""

import pandas as pd
import pytest
import torch
from cell import SETTINGS
from safetensors.torch import load_file

from robustpath.core.errors import UserError
from robustpath.data.prepared import load
from robustpath.methods.base import Batch
from robustpath.methods.descent import cosine
from robustpath.models.functional import mean_cross_entropy
from robustpath.models.mlp import mlp
from robustpath.protocols.supervised import training

ENDINGS = (".safetensors", ".path.safetensors", ".parquet", ".seconds.parquet", ".scores.parquet")
LEVELS = {"label_noise": [0.0, 0.5]}


@pytest.fixture
def cell(tmp_path, data):
    """cell(folder, parent, **changes of the settings) -> weights and runs of a trained cell."""

    def train(folder: str, parent=None, **changes):
        (tmp_path / folder).mkdir()
        files = [tmp_path / folder / f"sgd{ending}" for ending in ENDINGS]
        training.train(SETTINGS | changes, data, *files, threads=1, parent=parent)
        return files[0], files[2]

    return train


def rows(files) -> dict[tuple, dict[str, torch.Tensor]]:
    """Each run's parameters by what tells it apart."""
    weights, runs = load_file(files[0]), pd.read_parquet(files[1])
    keys = runs[list(training.Run._fields)].itertuples(index=False, name=None)
    return {key: {name: tensor[row] for name, tensor in weights.items()} for row, key in enumerate(keys)}


def test_a_run_is_its_parents_default_run_and_one_step(cell, data):
    """The step by hand, at the settings of every draw: SGD's first with one batch a step."""
    parent = cell("parent", **LEVELS)
    child = cell("child", parent, train_sizes=[40], budget=1, grid={"learning_rate": [0.2, 0.4]}, draws=1, **LEVELS)
    begun, ended = rows(parent), rows(child)
    assert len(ended) == 2 * 2 * 2
    prepared, model = load(data), mlp(5, [6], 3)
    settings = SETTINGS | LEVELS | {"train_sizes": [40], "grid": {"learning_rate": [0.2, 0.4]}, "budget": 1}
    own = training.Cell(settings, training.methods.load("sgd"), prepared, torch.device("cpu"), len(ended))
    runs = [training.Run(*key) for key in ended]
    dealt = own.source(runs).next((), {}, own.stages[0], 0)[1]
    for row, (run, params) in enumerate(ended.items()):
        first = begun[*run[:3], 0]
        batch = Batch(*(dealt.batch[name][row] for name in ("inputs", "labels")))
        gradient = torch.func.grad(mean_cross_entropy(model))(first, batch)
        rate = (0.2, 0.4)[run[3]] * cosine(torch.tensor(0.5), torch.tensor(0.05))
        for name, tensor in params.items():
            torch.testing.assert_close(tensor, first[name] - rate * (gradient[name] + 5e-4 * first[name]))


def test_a_parent_without_a_run_of_the_child_is_named(cell):
    parent = cell("parent")
    with pytest.raises(UserError, match=r"sgd\.parquet has 0 runs of the default draw with train_size=30, label"):
        cell("child", parent, train_sizes=[30])
