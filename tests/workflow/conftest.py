"""A pretended finished run, for what is planned, and a real one, for its results."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))  # pytest's importlib mode leaves helpers beside the tests unseen

from checkouts import checkout, duplicate, run_whole, snakemake


@pytest.fixture(scope="session")
def sources(tmp_path_factory):
    """A checkout at smoke scale without results. Tests read it; they edit duplicates."""
    return checkout(tmp_path_factory.mktemp("sources") / "repository")


@pytest.fixture(scope="session")
def pretended(tmp_path_factory, sources):
    """A checkout whose smoke run Snakemake takes for finished: every file is there, empty, and on record."""
    folder = duplicate(sources, tmp_path_factory.mktemp("pretended") / "repository")
    listed = snakemake(folder, "--summary")
    assert listed.returncode == 0, listed.stderr
    for line in listed.stdout.splitlines()[1:]:
        file = folder / line.split("\t")[0]
        file.parent.mkdir(parents=True, exist_ok=True)
        file.touch()
    touched = snakemake(folder, "--touch", "--forceall")
    assert touched.returncode == 0, touched.stderr
    return folder


@pytest.fixture
def finished(tmp_path, pretended):
    """A duplicate of the pretended run, to edit."""
    return duplicate(pretended, tmp_path / "repository")


@pytest.fixture(scope="session")
def smoke_run(tmp_path_factory, sources):
    """A finished smoke run. Tests read it; they edit duplicates."""
    return run_whole(duplicate(sources, tmp_path_factory.mktemp("smoke") / "repository"))
