"""Bad input ends the run before any job, with one sentence that names it."""

import re

import pytest
from checkouts import duplicate, edit, planning, refused


@pytest.mark.parametrize(
    ("override", "named"),
    [
        ("scal=smoke", ["scal", "scale"]),
        ("scale=smok", ["--config: scale = 'smok'", "did you mean 'smoke'"]),
        ("confidence=0,95", ["--config: confidence = '0,95' is text; did you mean 0.95"]),
        ("nonsense=1", ["--config: nonsense = 1 is not a known key", "allowed: scale, start"]),
        ("start=records", ["start = 'records'", "nothing is published of the scale 'smoke'", "allowed: raw"]),
        ("methods=[sgd, sma]", ["sma", "sam"]),
        ("scale=2001-02-30", ["--config scale line 1", "'2001-02-30' reads as timestamp but is none; correct it"]),
        ("scales={smoke: {batch_size: 016}}", ["--config scales line 1, column 22: 016 would be read as 14"]),
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
    ("asked", "meant"),
    [
        ("data/optdigit.safetensors", "data/optdigits.safetensors"),
        ("train/minima/optdigits/sgdd.parquet", "train/minima/optdigits/sgd.parquet"),
        ("evaluate/minma/optdigits.parquet", "evaluate/minima/optdigits.parquet"),
        ("measure/minim/optdigits.parquet", "measure/minima/optdigits.parquet"),
        ("trace/trajectory/optdigits.npz", "trace/trajectories/optdigits.npz"),
        ("theory/saddle.parquet", "theory/saddles.parquet"),
    ],
)
def test_a_file_that_the_config_lacks_is_refused_with_the_nearest(sources, asked, meant):
    sentence = refused(sources, f"results/smoke/{asked}")
    assert f"the config has no results/smoke/{asked}; did you mean results/smoke/{meant}?" in sentence


def test_an_experiment_that_is_not_measured_has_no_measures(sources):
    assert "the config has no results/smoke/measure/streams" in refused(
        sources, "results/smoke/measure/streams/optdigits.parquet"
    )


@pytest.mark.parametrize(
    ("file", "old", "new", "named"),
    [
        ("src/robustpath/protocols/supervised/training.py", "def train(", "def train((", "training.py, line"),
        ("notebooks/manifest.yaml", "learning_curves:", "learning_curve:", "learning_curve has no notebook"),
        (
            "notebooks/manifest.yaml",
            "inputs: [traces]",
            "inputs: [trace]",
            "forgetting.inputs[0] = 'trace': did you mean",
        ),
        (
            "notebooks/manifest.yaml",
            "[data_efficiency]",
            "[data]",
            "learning_curves reads the unknown experiment data; ",
        ),
        (
            "paper/claims.yaml",
            "curve: lengths",
            "curve: lenghts",
            "the unknown experiment lenghts; did you mean lengths?",
        ),
        (
            "paper/claims.yaml",
            "threshold: 3.0",
            "threshold: 03",
            "paper/claims.yaml line 101, column 24: 03 would be read",
        ),
        ("config.yaml", "reference: sgd", "reference: [sgd", "config.yaml line"),
        ("config.yaml", "    device: cpu", "\tdevice: cpu", "a tab, where YAML wants spaces; indent with spaces"),
        ("config.yaml", "reference:", "reference: swa\nreference:", "reference = sgd is given twice; keep one"),
        (
            "config.yaml",
            "budget: 60",
            "budget: .nan",
            "data_efficiency.budget = NaN is not a finite number",
        ),
        (
            "config.yaml",
            "seeds: 3",
            "seed: 3",
            "data_efficiency.seed = 3 is not a known key; allowed: protocol",
        ),
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


def test_a_wrong_scale_beside_a_profile_is_refused(sources):
    done = planning(sources, "--profile", "slurm", "--config", "scale=smok", "-n")
    assert done.returncode == 1
    assert [line for line in done.stderr.splitlines() if line.startswith("error: ")] == done.stderr.splitlines()[-1:]
    assert "--config: scale = 'smok' is not a known scale; did you mean 'smoke'? Allowed: smoke" in done.stderr
    assert "Traceback" not in done.stderr
    assert not (sources / "results").exists()
