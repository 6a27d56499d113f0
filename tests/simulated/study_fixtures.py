"""Records with the shape of the laptop scale and a known signal, drawn at random."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import planted
import pytest

from robustpath import records
from robustpath.claims import judge, verdict_errors

CLAIMS = Path(__file__).parents[2] / "paper" / "claims.yaml"
CONTRASTS = [
    CLAIMS.with_name(name) for name in ("claims_batches.yaml", "claims_shortcuts.yaml", "claims_together.yaml")
]

METHODS = {
    "sgd": "minima",
    "adamw": "minima",
    "radam": "minima",
    "swa": "minima",
    "ema": "minima",
    "sam": "minima",
    "contour_warmup": "minima",
    "isotropic_warmup": "minima",
}
DATASETS = {"mnist5k": 0.55, "optdigits": 0.70, "fashion_mnist": 0.50, "mnist1d": 0.30}
CORRUPTIONS = ["gaussian_noise", "impulse_noise", "defocus_blur", "fog", "contrast", "pixelate"]
VALIDATION_CORRUPTIONS = ["speckle_noise", "gaussian_blur", "saturate", "spatter"]
KNOBS = ["correlated_noise", "noise", "shear", "translation"]
NATURAL = {"mnist5k": "optdigits", "optdigits": "mnist5k"}
EXPERIMENT = "data_efficiency"


def settings(methods=METHODS, datasets=DATASETS, sizes=(50, 150, 500), seeds=10, draws=3):
    """Report settings as config.report_settings gives them."""
    experiment = {
        "datasets": list(datasets),
        "methods": list(methods),
        "train_sizes": list(sizes),
        "label_noise": [0.0],
        "seeds": seeds,
        "draws": draws,
        "budget": 1000,
    }
    return {
        "scale": "laptop",
        "reference": "sgd",
        "confidence": 0.95,
        "methods": dict(methods),
        "image_size": 8,
        "hidden": [64, 64],
        "batch_size": 32,
        "validation_size": 300,
        "test_size": 900,
        "severities": [1, 2, 3, 4, 5],
        "experiments": {EXPERIMENT: experiment},
    }


def splits(dataset):
    """Rows (split, shift, shift_family, severity) that a run on `dataset` is scored on."""
    rows = [(split, "none", "none", 0) for split in ("train", "validation", "test")]
    if dataset in NATURAL:
        rows.append(("test", NATURAL[dataset], "natural", 1))
    shifts = [("test", name, "generator") for name in KNOBS]
    if dataset != "mnist1d":
        shifts = [("test", name, "corruption") for name in CORRUPTIONS]
        shifts += [("validation", name, "corruption") for name in VALIDATION_CORRUPTIONS]
    return rows + [(*shift, severity) for shift in shifts for severity in range(1, 6)]


def synthetic(methods=METHODS, datasets=DATASETS, sizes=(50, 150, 500), seeds=10, draws=3, rng=0):
    """A valid table: accuracy rises with the train size, falls with severity, and differs a little by method."""
    rng = np.random.default_rng(rng)
    parts = []
    for dataset in datasets:
        base = DATASETS[dataset]
        run = pd.MultiIndex.from_product(
            [list(methods), sizes, range(seeds), range(draws)], names=["method", "train_size", "seed", "draw"]
        ).to_frame(index=False)
        seed_effect = rng.normal(0, 0.02, seeds)[run["seed"]]
        method_effect = run["method"].map({name: 0.006 * i for i, name in enumerate(methods)})
        draw_effect = rng.normal(0, 0.02, len(run))
        run["skill"] = base + 0.08 * np.log(run["train_size"] / 50) + seed_effect + method_effect + draw_effect
        run["diverged"] = rng.random(len(run)) < 0.004
        run["family"] = run["method"].map(methods)
        run["gradient_evaluations"] = 1000.0
        run["steps"] = np.where(run["method"] == "sam", 500, 1000)
        run["hyperparameters"] = [f'{{"learning_rate": {x:.4f}}}' for x in rng.lognormal(-3, 1, len(run))]
        where = pd.DataFrame(splits(dataset), columns=["split", "shift", "shift_family", "severity"])
        metric = pd.DataFrame({"metric": ["accuracy", "cross_entropy"]})
        table = run.merge(where, how="cross").merge(metric, how="cross")
        fall = 0.05 * table["severity"] * np.where(table["shift_family"] == "natural", 4, 1)
        accuracy = table["skill"] - fall + rng.normal(0, 0.008, len(table))
        accuracy = np.where(table["diverged"], 0.1, accuracy.clip(0.05, 1.0))
        table["value"] = np.where(table["metric"] == "accuracy", accuracy, -np.log(accuracy))
        parts.append(table.assign(dataset=dataset, experiment=EXPERIMENT, label_noise=0.0, converged=True))
    return records.complete(pd.concat(parts, ignore_index=True))[list(records.SCHEMA)]


def second_rule(*shape):
    """Records and settings of the comparison of methods and of runs whose training sets have a fifth held out."""
    first, second = synthetic(*shape), synthetic(*shape, rng=1).assign(experiment="held_out")
    held = second[(second["split"] == "validation") & (second["shift"] == "none")].assign(split="holdout")
    said = settings(*shape)
    said["experiments"]["held_out"] = said["experiments"][EXPERIMENT] | {"held_out": 0.2}
    return pd.concat([first, second, held], ignore_index=True), said


@pytest.fixture(scope="session")
def small_records():
    return synthetic(dict(list(METHODS.items())[:3]), ["optdigits", "mnist1d"], (50, 150), 4, 2)


@pytest.fixture(scope="session")
def small_settings():
    return settings(dict(list(METHODS.items())[:3]), ["optdigits", "mnist1d"], (50, 150), 4, 2)


@pytest.fixture(scope="session")
def make_records():
    """The generator itself, for tests that need another shape."""
    return synthetic


@pytest.fixture(scope="session")
def make_settings():
    """Report settings of another shape."""
    return settings


@pytest.fixture(scope="session")
def records_file(small_records, tmp_path_factory):
    """The small records on disk."""
    path = tmp_path_factory.mktemp("results") / "records.parquet"
    records.write(small_records, path)
    return path


@pytest.fixture(scope="session")
def minima_records():
    """Records of the study of minima with a void variant, a measure that fails and a few planted effects."""
    effects = {"gain": {"sam": 0.4, "contour_cooldown": 1.0}, "level": {"flat_warmup": 0.2}, "moved": {}}
    effects["moved"] = dict.fromkeys(planted.VARIANTS, 0.02)
    table = planted.study([*planted.METHODS, "esh"], seeds=8, **effects)
    failed = table["metric"] == "trace"
    return table.assign(value=table["value"].mask(failed), converged=table["converged"] & ~failed)


@pytest.fixture(scope="session")
def minima_settings():
    return planted.settings([*planted.METHODS, "esh"], seeds=8)


def judged(table, settings, folder):
    """Records and verdicts on disk: two paths."""
    records.write(table, folder / "records.parquet")
    judge.write(
        folder / "records.parquet",
        CLAIMS,
        settings,
        folder / "claims.json",
        CONTRASTS,
    )
    return folder / "records.parquet", folder / "claims.json"


@pytest.fixture
def make_study(tmp_path):
    """(records file, claims file, settings) of a study of some methods and seeds."""

    def make(methods, seeds):
        settings = planted.settings(methods, seeds=seeds)
        return *judged(planted.study(methods, seeds=seeds), settings, tmp_path), settings

    return make


@pytest.fixture(scope="session")
def claims_file(minima_records, minima_settings, tmp_path_factory):
    """The verdicts on the planted study, on disk beside its records."""
    return judged(minima_records, minima_settings, tmp_path_factory.mktemp("claims"))[1]


@pytest.fixture(scope="session")
def calibration_file(claims_file, minima_settings):
    """A few simulated claims on the planted study."""
    file = claims_file.with_name("calibration.parquet")
    few = minima_settings | {"claims": 3, "claims_with_effect": 2, "families": 1}
    verdict_errors.write(claims_file.with_name("records.parquet"), CLAIMS, few, file)
    return file


@pytest.fixture(scope="session")
def verdicts(claims_file):
    """What claims.json holds."""
    return json.loads(claims_file.read_text())
