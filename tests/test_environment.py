"""One set of versions: requirements.in, the lock, environment.yml, the citation and what the code imports agree."""

import ast
import re
import shutil
import sys
import tomllib
from importlib import metadata
from pathlib import Path

import pytest
import quick_yaml
from repositories import commit, git

import robustpath
from robustpath.data.registry import DATASETS
from robustpath.paper.build import PACKAGES

ROOT = Path(__file__).parents[1]
MADE = {".venv", ".snakemake", ".cache", "results", "build"}  # by the workflow
CONDA_NAMES = {
    "torch": "pytorch",
    "snakemake": "snakemake-minimal",
    "matplotlib": "matplotlib-base",
    "seaborn": "seaborn-base",
}


def normalised(name: str) -> str:
    """A distribution's name as PEP 503 compares it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def pins(lines) -> dict[str, str]:
    """Name -> version of lines `name==version`, without what follows the version."""
    found = (re.match(r"([A-Za-z0-9._-]+)==([^\s;]+)", line) for line in lines)
    return {normalised(match[1]): match[2] for match in found if match}


def lines(name: str) -> list[str]:
    return (ROOT / name).read_text().splitlines()


WANTED = pins(lines("requirements.in"))


def test_every_requirement_is_an_exact_version():
    named = [line for line in lines("requirements.in") if line.strip() and not line.startswith("#")]
    assert len(pins(named)) == len(named)


def test_lock_holds_every_requirement_at_its_version_except_torch():
    locked = pins(lines("requirements.lock"))
    assert {name: locked.get(name) for name in WANTED if name != "torch"} == {
        name: version for name, version in WANTED.items() if name != "torch"
    }


def test_lock_leaves_torch_and_its_gpu_packages_to_the_machine():
    gpu = re.compile(r"torch|triton|nvidia|cuda")
    assert [name for name in pins(lines("requirements.lock")) if gpu.match(name)] == []
    metadata_of_torch = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["uv"]["dependency-metadata"]
    assert [(entry["name"], entry["version"]) for entry in metadata_of_torch] == [("torch", WANTED["torch"])]


def test_lock_hashes_every_package_and_names_no_place():
    text = (ROOT / "requirements.lock").read_text()
    entries = [entry for entry in re.split(r"\n(?=[a-zA-Z0-9])", text) if not entry.startswith("#")]
    assert len(entries) > 100
    assert [entry.split()[0] for entry in entries if "--hash=sha256:" not in entry] == []
    assert re.findall(r"://|--index|--extra-index|--find-links|file:|@ ", text) == []


def test_conda_environment_has_the_same_packages_and_versions():
    entries = quick_yaml.loaded((ROOT / "environment.yml").read_text())["dependencies"]
    conda = dict(entry.split("=") for entry in entries if isinstance(entry, str) and "=" in entry)
    by_pip = next(entry["pip"] for entry in entries if isinstance(entry, dict))
    assert conda.pop("python") == "3.11"
    assert [line for line in by_pip if "==" not in line] == ["-e ."]
    assert "cxx-compiler" in entries
    by_conda = {name: version for name, version in WANTED.items() if name not in pins(by_pip)}
    assert {normalised(name): version for name, version in conda.items()} == {
        CONDA_NAMES.get(name, name): version for name, version in by_conda.items()
    }
    assert pins(by_pip).items() <= WANTED.items()


def test_conda_channels_are_free_ones():
    assert quick_yaml.loaded((ROOT / "environment.yml").read_text())["channels"] == ["conda-forge", "bioconda"]


@pytest.mark.parametrize("name", WANTED)
def test_installed_version_is_the_pinned_one(name):
    assert metadata.version(name).split("+")[0] == WANTED[name]


BY_HAND = {"population_jax.py"}  # compares with a library that a person installs for the comparison alone


def test_every_import_is_of_a_pinned_package():
    files = [file for folder in ("src", "tests", "notebooks", "benchmarks") for file in (ROOT / folder).rglob("*.py")]
    own = {"robustpath", *(file.stem for file in files), *(file.parent.name for file in files)}
    providers = metadata.packages_distributions()
    unpinned = {
        (name, file.relative_to(ROOT).as_posix())
        for file in files
        if file.name not in BY_HAND
        for name in imported(file) - sys.stdlib_module_names - own
        if not {normalised(provider) for provider in providers.get(name, [])} & WANTED.keys()
    }
    assert unpinned == set()


def imported(file: Path) -> set[str]:
    """First part of the name of every module that `file` imports, wherever the import stands."""
    nodes = list(ast.walk(ast.parse(file.read_text(), file)))
    names = {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
    names |= {node.module for node in nodes if isinstance(node, ast.ImportFrom) and not node.level}
    return {name.split(".")[0] for name in names}


def test_citation_is_complete_and_of_this_version():
    citation = quick_yaml.loaded((ROOT / "CITATION.cff").read_text())
    assert citation.keys() >= {"cff-version", "message", "title", "authors", "version", "license"}
    assert citation["cff-version"] == "1.2.0"
    assert citation["version"] == robustpath.__version__
    assert citation["authors"] == [{"name": "The robustpath authors"}]
    assert citation["license"] == "MIT" and lines("LICENSE")[0] == "MIT License"


def test_set_up_installs_what_the_errors_of_the_pipeline_name():
    script = (ROOT / "workflow/scripts/setup.sh").read_text()
    assigned = dict(re.findall(r'^([A-Z]+)="(.*)"$', script, re.MULTILINE))
    assert set(assigned["LATEX"].split()) == set(PACKAGES.split())
    files = [file for dataset in DATASETS.values() for file in dataset.files]
    assert {file.system_package for file in files if file.system_package} == {assigned["FASHION"]}


def test_what_is_made_is_ignored_though_it_be_a_link_to_another_disk(tmp_path):
    shutil.copy(ROOT / ".gitignore", tmp_path)
    commit(tmp_path)
    for name in MADE:
        (tmp_path / name).symlink_to(tmp_path.parent)
    assert git(tmp_path, "status", "--porcelain") == ""


def test_every_file_has_the_same_bytes_on_a_machine_with_other_line_ends(tmp_path):
    names = ("Makefile", "requirements.lock", "workflow/scripts/setup.sh", "published/laptop/claims.json")
    for name in (".gitattributes", *names):
        (tmp_path / "here" / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, tmp_path / "here" / name)
    (tmp_path / "here/published/laptop/other.txt").write_bytes(b"one\r\ntwo\n")
    commit(tmp_path / "here")
    git(tmp_path, "-c", "core.autocrlf=true", "clone", "here", "there")
    for name in (*names, "published/laptop/other.txt"):
        assert (tmp_path / "there" / name).read_bytes() == (tmp_path / "here" / name).read_bytes(), name


def test_no_file_of_the_repository_is_a_link():
    links = [path for path in ROOT.iterdir() if path.is_symlink() and path.name not in MADE]
    assert links + [path for path in (ROOT / "workflow").rglob("*") if path.is_symlink()] == []
