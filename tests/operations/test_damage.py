"""Which files of a scale are the config's, to which stage they belong, and how a fault is said in few words."""

from pathlib import Path

import pandas as pd
import pytest

from robustpath.core import seals
from robustpath.operations import damage, state
from robustpath.operations.state import DAMAGED, FRESH, Part
from robustpath.study import Cell

CELLS = {Cell("minima", "optdigits", "sgd")}


@pytest.mark.parametrize(
    ("name", "stage", "own"),
    [
        ("data/optdigits.safetensors", "data", True),
        ("train/minima/optdigits/sgd.path.safetensors", "runs", True),
        ("train/minima/optdigits/adamw.parquet", "runs", False),
        ("train/lengths/optdigits/sgd.parquet", "runs", False),
        ("evaluate/minima/optdigits.parquet", "records", True),
        ("measure/minima/mnist1d.parquet", "records", False),
        ("records.parquet", "records", True),
        ("claims.json", "claims", True),
        ("generated/learning_curves.caption.tex", "figures and tables", True),
        ("generated/an_old_figure.pdf", "figures and tables", False),
        ("generated/numbers.tex", "paper", True),
        ("paper.pdf", "paper", True),
    ],
)
def test_a_file_has_a_stage_and_may_be_of_an_earlier_config(name, stage, own):
    assert damage.stage_of(name) == stage
    assert damage.belongs(name, CELLS, {"learning_curves"}) == own


def test_a_fault_is_said_in_few_words(tmp_path):
    results = tmp_path / "results/smoke"
    (results / "evaluate/minima").mkdir(parents=True)
    (results / "train/minima/optdigits").mkdir(parents=True)
    scores, runs = results / "evaluate/minima/optdigits.parquet", results / "train/minima/optdigits/sgd.parquet"
    for file in (scores, runs):
        pd.DataFrame({"a": [1.0]}).to_parquet(file)
    seals.seal([runs], "", {})
    seals.seal([scores], "", seals.check([runs]) | {"smoke/data/optdigits.safetensors": "0" * 16})
    lost = {f"train/minima/optdigits/sgd{end}" for end in damage.OUTPUTS.values()} - {
        "train/minima/optdigits/sgd.parquet"
    }
    assert damage.find(results) == dict.fromkeys({"data/optdigits.safetensors", *lost}, "lost")
    pd.DataFrame({"a": [2.0]}).to_parquet(runs)
    assert damage.find(results)["train/minima/optdigits/sgd.parquet"] == "it has no seal"
    seals.seal([runs], "", {})
    assert (
        damage.find(results)["evaluate/minima/optdigits.parquet"]
        == "made of another train/minima/optdigits/sgd.parquet"
    )
    scores.write_bytes(scores.read_bytes()[:-1])
    assert damage.find(results)["evaluate/minima/optdigits.parquet"] == "its digest is another"
    scores.write_bytes(b"")
    assert damage.find(results)["evaluate/minima/optdigits.parquet"] == "empty"


def test_a_stage_with_damaged_files_says_which_and_the_step_names_them():
    wrong = {f"train/minima/optdigits/{name}.parquet": "lost" for name in "abcd"} | {"claims.json": "empty"}
    part = state.whole(Part("runs", FRESH, ""), wrong)
    files = [f"train/minima/optdigits/{name}.parquet" for name in "abc"]
    assert part == Part("runs", DAMAGED, f"lost: {', '.join(files)} and 1 more")
    assert state.whole(Part("data", FRESH, ""), wrong) == Part("data", FRESH, "")
    named = " ".join(str(Path("results/smoke") / file) for file in files)
    step = state.mending(wrong, "smoke")
    assert step == f"rm -f {named} && snakemake --config scale=smoke -- {named}  (damaged or lost; 2 more follow)"
    assert state.mending({}, "smoke") == ""
