"""A copy of the project with a protocol that it does not have: one folder, and lines of config.yaml."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import quick_yaml

sys.path.insert(0, str(Path(__file__).parents[1] / "workflow"))  # pytest's importlib mode leaves helpers unseen

from checkouts import checkout

HERE = Path(__file__).parent
STREAM = {
    "protocol": "toy",
    "datasets": ["mnist1d"],
    "methods": ["sgd", "anchored", "contour_warmup"],
    "steps_per_batch": [1, 2],
    "label_noise": [0.0, 0.2],
    "seeds": 2,
    "draws": 2,
    "budget": 24,
}
PLAIN = {"datasets": ["mnist1d"], "methods": ["sgd", "anchored"], "train_sizes": [50], "seeds": 2, "budget": 6}


def configure(folder: Path, **experiments) -> None:
    """Put further experiments, and the method `anchored`, into the config of a copy."""
    file = folder / "config.yaml"
    config = quick_yaml.loaded(file.read_text())
    config["methods"] = list(dict.fromkeys([*config["methods"], "anchored"]))
    config["scales"]["smoke"]["further"] = experiments
    file.write_text(quick_yaml.dumped(config, sort_keys=False))


def with_toy(folder: Path) -> Path:
    """A copy of the project with the toy protocol, a method for it, and experiments of both protocols."""
    checkout(folder)
    shutil.copytree(HERE / "toy", folder / "src/robustpath/protocols/toy")
    shutil.copy(HERE / "toy_methods/anchored.py", folder / "src/robustpath/methods/minima")
    configure(folder, stream=STREAM, plain=PLAIN)
    return folder


def python(folder: Path, *arguments: str) -> subprocess.CompletedProcess:
    """Python on the sources of a copy."""
    settings = {"OMP_NUM_THREADS": "1", "PYTHONPATH": str(folder / "src")}
    command = [sys.executable, *arguments]
    return subprocess.run(command, cwd=folder, env={**os.environ, **settings}, capture_output=True, text=True)


@pytest.fixture(scope="session")
def toy_sources(tmp_path_factory):
    """A copy with the toy protocol and no results. Tests read it; they edit duplicates."""
    return with_toy(tmp_path_factory.mktemp("toy") / "repository")
