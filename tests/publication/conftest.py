"""A small finished run and what it publishes: records of a planted study, and files that stand for all else."""

import json
from pathlib import Path

import pandas as pd
import planted
import pytest

from robustpath import methods, records, study
from robustpath.methods.base import draw
from robustpath.publication import machine, published, publishing

ROOT = Path(__file__).parents[2]
NUMBERS = r"""\newcommand{\RunCount}{597}% runs
\newcommand{\AccuracySgdId}{81.3}% accuracy of SGD, per cent
"""
VERDICT = {"id": "M1", "verdict": "refuted", "p": 0.25, "entries": [{"variant": "sam", "label_noise": 0.2, "n": 3}]}


@pytest.fixture(scope="session", autouse=True)
def _machine_as_it_is():
    """Found out once, not in every test."""
    machine.machine()


@pytest.fixture(scope="session")
def table():
    """Records of three methods with and without label noise, with the hyperparameters of their draws or a grid's."""
    rows = planted.study(["sgd", "sam", "contour_warmup"], seeds=3, draws=2)
    runs = [*rows[["method", "seed", "draw"]].itertuples(index=False, name=None)]
    texts = {run: json.dumps(draw(methods.load(run[0]), *run[1:]), sort_keys=True) for run in set(runs)}
    values = pd.Series([texts[run] for run in runs], index=rows.index)
    return rows.assign(hyperparameters=values.mask(rows["experiment"] == "lengths", '{"share": 0.3}'))


@pytest.fixture(scope="session")
def config():
    return study.load(ROOT / "config.yaml", {"scale": "smoke"})


@pytest.fixture
def results(tmp_path, table):
    """The folder of a finished run."""
    folder = tmp_path / "results" / "smoke"
    records.write(table, folder / "records.parquet")
    seconds = table[records.RUN].drop_duplicates().assign(seconds=1.5)
    records.write(seconds, folder / "seconds.parquet", records.SECONDS, records.RUN)
    for name, text in {
        "generated/numbers.tex": NUMBERS,
        "generated/walks.tex": "a & b \\\\\nc & d \\\\\n",
        "generated/walks.caption.tex": "\\textbf{Why?} Because.\n",
        "generated/escape.pdf": "%PDF one",
        "generated/learning_curves.pdf": "%PDF other",
        "claims.json": json.dumps({"scale": "smoke", "families": {"minima": {"verdicts": [VERDICT]}}}),
    }.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(text)
    for name in ("theory/saddles.parquet", "trace/trajectories/optdigits.parquet"):
        (folder / name).parent.mkdir(parents=True)
        pd.DataFrame({"value": [0.5]}).to_parquet(folder / name)
    return folder


@pytest.fixture
def out(tmp_path, results, table, config):
    """What the run publishes."""
    folder = published.folder("smoke", tmp_path)
    publishing.fill(folder, results, table, config, "a1b2c3d4" * 5)
    return folder


@pytest.fixture
def relist():
    """Write the manifest of altered files anew, as a careful cheat would."""

    def anew(folder):
        about = published.manifest(folder)
        about.pop("files")
        published.write_manifest(folder, about)

    return anew
