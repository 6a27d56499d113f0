"""Eight methods and an acquisition: what is tested of the config does not depend on how many there are."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))  # pytest's importlib mode leaves helpers beside the tests unseen

from small_config import ACQUISITION, METHODS

from robustpath import methods


@pytest.fixture(autouse=True)
def eight_methods(monkeypatch):
    monkeypatch.setattr(methods, "names", lambda: dict.fromkeys(METHODS, "minima") | {ACQUISITION: "shortcuts"})
