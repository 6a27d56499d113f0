"""What README.md says, held to the repository."""

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
import quick_yaml
from snakemake.cli import get_argument_parser, parse_config

from robustpath.study import expand, load, runs, train_settings

ROOT = Path(__file__).parents[1]
TEXT = (ROOT / "README.md").read_text(encoding="utf-8")
RESULTS = (ROOT / "docs/results.md").read_text(encoding="utf-8")
GALLERY = (ROOT / "docs/gallery/README.md").read_text(encoding="utf-8")
PYTEST = [sys.executable, "-m", "pytest", "-q", "-c", os.devnull, "-p", "no:cacheprovider", "--import-mode=importlib"]
EXAMPLE = "src/robustpath/methods/minima/signsgd.py"


def test_files_and_pictures_that_are_named_exist():
    named = set(re.findall(r"\]\(([\w./]+)\)", TEXT)) | set(
        re.findall(r"`((?:src|notebooks|workflow|docs|tests)/[\w./]+)`", TEXT)
    )
    assert len(named) > 8
    assert {name for name in named if not (ROOT / name).exists()} == {EXAMPLE}


def test_the_picture_of_the_workflow_shows_its_rules():
    drawn = set(re.findall(r">(\w+)</text>", (ROOT / "docs/workflow.svg").read_text()))
    rules = {
        name
        for file in (ROOT / "workflow/rules").glob("*.smk")
        for name in re.findall(r"^rule (\w+):", file.read_text(), re.M)
    }
    # Not on the way from raw data to the paper:
    rules -= {"unpack", "printed", "verify", "arxiv", "picture", "pictures"}
    notebooks = set(quick_yaml.loaded((ROOT / "notebooks/manifest.yaml").read_text()))
    assert drawn == rules | notebooks, "run `make gallery`"


def test_every_figure_and_table_has_its_row_and_every_figure_its_picture():
    """Where the figure is published: what has no published run yet has no picture of it either."""
    for name in quick_yaml.loaded((ROOT / "notebooks/manifest.yaml").read_text()):
        assert f"notebooks/{name}.py" in RESULTS
    figures = {file.stem for file in (ROOT / "published/laptop/generated").glob("*.pdf")}
    assert figures == set(re.findall(r"\((\w+)\.png\)", GALLERY))


@pytest.mark.parametrize("scale", ["smoke", "laptop", "cluster"])
def test_the_numbers_of_runs_are_those_of_the_config(scale):
    config = load(ROOT / "config.yaml", {"scale": scale})
    total = sum(runs(train_settings(config, cell)) for cell in expand(config))
    assert re.search(rf"\| `{scale}` \|.*\| {total:,} \|", TEXT), f"{scale}: {total:,}"


def test_the_example_of_a_method_passes_the_tests_of_every_method(tmp_path):
    source = re.search(r"```python\n(\"\"\"Sign descent.*?)```", TEXT, re.S).group(1)
    package = tmp_path / "src"
    subprocess.run(["cp", "-r", str(ROOT / "src"), str(package)], check=True)
    (tmp_path / EXAMPLE).write_text(source)
    environment = os.environ | {"PYTHONPATH": str(package), "OMP_NUM_THREADS": "1"}
    listed = subprocess.run(
        [sys.executable, "-m", "robustpath", "list", "methods"],
        env=environment,
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert "signsgd" in listed.stdout, listed.stderr
    tried = subprocess.run(
        [*PYTEST, "--rootdir", str(ROOT), "tests/methods", "-k", "signsgd"],
        env=environment,
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert tried.returncode == 0, tried.stdout + tried.stderr
    passed = re.search(r"(\d+) passed", tried.stdout)
    assert passed and int(passed.group(1)) >= 8, tried.stdout


def commands():
    """Every command of Snakemake that the documentation shows in a block, without its comment."""
    texts = [TEXT, *(file.read_text(encoding="utf-8") for file in sorted((ROOT / "docs").glob("*.md")))]
    return re.findall(r"^(snakemake\b[^#\n]*)", "\n".join(texts), re.MULTILINE)


def test_every_command_of_snakemake_is_one_that_it_can_read():
    read = []
    for command in commands():
        options = get_argument_parser().parse_args(shlex.split(command)[1:])
        read.append((options.targets, parse_config(options.config)))
    assert (["learning_curves"], {"scale": "smoke"}) in read
