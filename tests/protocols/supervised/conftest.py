"""A tiny cell, trained from settings to files."""

import sys
from pathlib import Path

import pytest
import torch

sys.path.insert(0, str(Path(__file__).parent))  # pytest's importlib mode leaves helpers beside the tests unseen

from cell import SETTINGS

from robustpath.core.randomness import generator
from robustpath.data.prepared import Prepared, save
from robustpath.protocols.supervised import training


@pytest.fixture
def data(tmp_path):
    labels = torch.arange(120) % 3
    inputs = torch.randn(120, 5, generator=generator("run")) + labels[:, None]
    path = tmp_path / "blobs.safetensors"
    save(Prepared(inputs, labels, torch.zeros(120, dtype=torch.bool)), path)
    return path


@pytest.fixture
def train(tmp_path, data):
    def call(folder: str, **changes):
        out = tmp_path / folder
        out.mkdir(exist_ok=True)
        files = [
            out / "sgd.safetensors",
            out / "sgd.path.safetensors",
            out / "sgd.parquet",
            out / "sgd.seconds.parquet",
            out / "sgd.scores.parquet",
        ]
        training.train(SETTINGS | changes, data, *files, threads=1)
        return files

    return call
