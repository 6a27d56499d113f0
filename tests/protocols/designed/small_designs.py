"""Small cells on designed training sets."""

import json
from pathlib import Path

import pandas as pd

from robustpath.protocols.designed import designs, score, training

SETTINGS = {
    "experiment": "features",
    "protocol": "designed",
    "dataset": "gauss_groups",
    "method": "sgd",
    "design": "sweep",
    "numbers": [0, 1, 2],
    "train_size": 200,
    "budget": 12,
    "batch_size": 16,
    "grid": {},
    "seeds": 2,
    "vary": ["split", "initialisation", "order"],
    "draws": 1,
    "hidden": [12, 12],
    "device": "cpu",
    "compile": "never",
    "validation_size": 100,
}
ENDINGS = (".safetensors", ".path.safetensors", ".parquet", ".seconds.parquet", ".scores.parquet")


def trained(folder: Path, **changes) -> list[Path]:
    """Train a whole cell; its files: weights, path, runs, seconds, scores. No data set is read."""
    folder.mkdir(exist_ok=True, parents=True)
    files = [folder / f"sgd{ending}" for ending in ENDINGS]
    training.train(SETTINGS | changes, folder / "none", *files, threads=1)
    return files


def scored(folder: Path, **changes) -> pd.DataFrame:
    """All rows of the records of a cell."""
    files = trained(folder, **changes)
    score.evaluate(SETTINGS | changes, {}, [files[0]], [files[2]], folder / "scores.parquet", threads=1)
    return pd.concat([pd.read_parquet(folder / "scores.parquet"), pd.read_parquet(files[4])], ignore_index=True)


def knobs(**changes) -> dict:
    """Those of a setting in the middle of a sweep, but for some."""
    low = {name: bounds[0] for name, bounds in designs.RANGES.items()}
    fixed = {"core": 0, "core_width": 1, "spurious_width": 1, "train_size": 200, "absent": 0.0}
    return low | fixed | {"core_margin": 3.0, "spurious_margin": 6.0} | changes


def behaviour(monkeypatch, folder: Path, given: list[dict], **changes) -> pd.Series:
    """The mean reliance on the attribute at each of some settings with given knobs."""
    monkeypatch.setattr(designs, "knobs_of", lambda design, numbers, size: given)
    table = scored(folder, numbers=list(range(len(given))), **changes)
    assert table["hyperparameters"].map(json.loads).tolist()[0] == given[0]
    return table[table["metric"] == "reliance_attribute"].groupby("setting")["value"].mean()
