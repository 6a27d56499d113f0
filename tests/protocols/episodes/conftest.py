"""Helpers beside the tests, and the tiny data of all of them."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))  # pytest's importlib mode leaves helpers beside the tests unseen

from small_episodes import patterns

from robustpath.data.prepared import save


@pytest.fixture(scope="session")
def prepared():
    return patterns()


@pytest.fixture(scope="session")
def data(tmp_path_factory, prepared):
    """The file of the tiny data."""
    path = tmp_path_factory.mktemp("data") / "patterns.safetensors"
    save(prepared, path)
    return path
