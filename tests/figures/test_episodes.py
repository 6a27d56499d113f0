"""The table of episodes and its caption."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
from sealed import sealed

from robustpath import records
from robustpath.figures import episodes

ROOT = Path(__file__).parents[2]
LEVELS = {"fine_tuning": (0.2, 0.4, 0.5, 0.6), "fomaml": (0.2, 0.3, 0.5, 0.7), "reptile": (0.2, 0.5, 0.5, 0.6)}
NAMES = ("accuracy_after_0", "accuracy_after_1", "accuracy_after_5", "accuracy")


def compared(*rows):
    return pd.DataFrame(rows, columns=["shots", "steps", "method", "mean", "low", "high"])


def test_the_finding_names_the_best_after_the_fewest_and_the_most_steps():
    table = compared(
        (1, 1, "fomaml", 0.05, 0.02, 0.08), (1, 1, "reptile", 0.01, -0.1, 0.12),
        (1, 5, "fomaml", 0.5, 0.4, 0.6), (1, 5, "reptile", 0.0, -0.1, 0.1),
        (1, 10, "fomaml", -0.2, -0.3, -0.1), (1, 10, "reptile", -0.04, -0.05, -0.03),
    )  # fmt: skip
    assert episodes.finding(table, "fine_tuning") == (
        "The best method that learns from episodes, compared with fine-tuning: FOMAML leads ($+5.0$ [$+2.0$, $+8.0$] "
        "points) after one step and Reptile is behind ($-4.0$ [$-5.0$, $-3.0$] points) after ten steps with one "
        "example a class."
    )
    unsure = compared((5, 1, "fomaml", 0.01, -0.02, 0.04))
    assert "FOMAML does not differ clearly ($+1.0$" in episodes.finding(unsure, "fine_tuning")
    assert episodes.finding(unsure[:0], "fine_tuning").startswith("Nothing is compared")


@pytest.fixture
def simulated(tmp_path):
    """Records of three methods whose accuracies differ between seeds by a tenth of a point."""
    about = {"experiment": "episodes", "dataset": "typefaces", "family": "batches", "draw": 0, "shift": "none",
             "shift_family": "none", "severity": 0, "converged": True, "gradient_evaluations": 400.0, "steps": 400,
             "diverged": False, "hyperparameters": "{}"}  # fmt: skip
    rows = [
        about | {"method": method, "shots": shots, "seed": seed, "split": split, "metric": name,
                 "value": level + (0.001 * seed if name != NAMES[0] else 0)}
        for method, levels in LEVELS.items() for shots in (1, 5) for seed in range(3)
        for split in ("validation", "test") for name, level in zip(NAMES, levels, strict=True)
    ]  # fmt: skip
    records.write(records.complete(pd.DataFrame(rows)), tmp_path / "records.parquet")
    return tmp_path / "records.parquet"


def test_the_notebook_makes_the_table_and_its_caption(simulated, tmp_path):
    each = {"datasets": ["typefaces"], "budget": 400, "seeds": 3, "draws": 1, "test_episodes": 60, "ways": 5}
    settings = {"scale": "laptop", "confidence": 0.95, "methods": dict.fromkeys(LEVELS)}
    settings["experiments"] = {"episodes": each | {"queries": 10, "methods": list(LEVELS)}}
    out, caption = tmp_path / "episodes.tex", tmp_path / "episodes.caption.tex"
    command = [sys.executable, "-m", "robustpath", "notebook", ROOT / "notebooks/episodes.py"]
    command += ["--records", sealed(simulated), "--settings", json.dumps(settings), "--out", out, "--caption", caption]
    command += ["--executed", tmp_path / "episodes.ipynb"]
    given = {**os.environ, "PYTHONPATH": str(ROOT / "src")}
    ended = subprocess.run([*map(str, command)], env=given, cwd=ROOT, capture_output=True, text=True)
    assert ended.returncode == 0, ended.stderr
    table = out.read_text()
    row = r"FOMAML & 20.0 & 30.1\,$\pm$\,0.2 & \textbf{50.1}\,$\pm$\,0.2 & \textbf{70.1}\,$\pm$\,0.2"
    assert row in table
    assert table.count(r"\toprule") == 1
    text = caption.read_text()
    assert text.startswith(r"\textbf{The best method that learns from episodes, compared with fine-tuning: Reptile")
    assert r"FOMAML leads ($+10.0$ [$+10.0$, $+10.0$] points) after ten steps with five examples a class" in text
    assert "60 test episodes of five classes with ten queries each" in text
    assert "nan" not in text
