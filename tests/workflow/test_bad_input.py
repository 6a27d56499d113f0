"""Bad input ends the run before any job, with one sentence that names it."""

import re

import pytest
from checkouts import duplicate, edit, snakemake


def refused(folder, *arguments):
    """The one sentence of a refused run."""
    done = snakemake(folder, *arguments)
    assert done.returncode == 1, done.stdout + done.stderr
    assert done.stdout == ""
    lines = done.stderr.strip().splitlines()
    assert len(lines) == 1, done.stderr
    assert lines[0].startswith("error: ")
    assert not (folder / "results").exists()
    return lines[0]


@pytest.mark.parametrize(
    ("override", "named"),
    [
        ("scal=smoke", ["scal", "scale"]),
        ("methods=[sgd, sma]", ["sma", "sam"]),
        ("scales={smoke: {hidden: [-64]}}", ["scales.smoke.hidden", "-64"]),
        ("scales={smoke: {experiments: {data_efficiency: {datasets: [optdigit]}}}}", ["optdigit", "optdigits"]),
        ("scales={smoke: {experiments: {data_efficiency: {train_sizes: [50, 90000]}}}}", ["train_sizes", "90,?000"]),
    ],
)
def test_a_wrong_config_is_refused(sources, override, named):
    sentence = refused(sources, "--config", override)
    assert all(re.search(name, sentence) for name in named), sentence


def test_an_unknown_figure_is_refused_with_those_there_are(sources):
    sentence = refused(sources, "learning_curve")
    assert "'learning_curve'" in sentence
    assert "did you mean learning_curves" in sentence
    assert "shift_severity" in sentence


@pytest.mark.parametrize(
    ("file", "old", "new", "named"),
    [
        ("src/robustpath/training/run.py", "def train(", "def train((", "run.py, line"),
        ("notebooks/manifest.yaml", "learning_curves:", "learning_curve:", "learning_curve has no notebook"),
        ("config.yaml", "reference: sgd", "reference: [sgd", "config.yaml line"),
    ],
)
def test_a_broken_file_is_named(tmp_path, sources, file, old, new, named):
    folder = duplicate(sources, tmp_path / "repository")
    edit(folder / file, old, new)
    assert named in refused(folder)


def test_a_missing_config_is_named(tmp_path, sources):
    folder = duplicate(sources, tmp_path / "repository")
    (folder / "config.yaml").unlink()
    assert "config.yaml" in refused(folder)
