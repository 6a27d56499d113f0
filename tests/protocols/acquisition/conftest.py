"""Helpers beside the tests, the tiny data of all of them, and the acquisitions that only the tests know."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))  # pytest's importlib mode leaves helpers beside the tests unseen

from small_pool import SETTINGS, TOYS, quarters, trained_files

from robustpath import methods
from robustpath.data.prepared import save


@pytest.fixture(scope="session")
def prepared():
    return quarters()


@pytest.fixture(scope="session")
def data(tmp_path_factory, prepared):
    """The file of the tiny data."""
    path = tmp_path_factory.mktemp("data") / "quarters.safetensors"
    save(prepared, path)
    return path


@pytest.fixture
def toys(monkeypatch):
    """The toy acquisitions can be loaded by name, as those of the package."""
    load = methods.load
    monkeypatch.setattr(methods, "load", lambda name: TOYS[name] if name in TOYS else load(name))


@pytest.fixture
def train(toys, data, tmp_path):
    """train(folder, method, …) -> the files of a cell."""
    return lambda folder, name, **changes: trained_files(SETTINGS | {"method": name} | changes, data, tmp_path / folder)
