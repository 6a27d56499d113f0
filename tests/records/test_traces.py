"""Traces: read whole or refused."""

import numpy as np
import pandas as pd
import pytest

from robustpath.core.errors import UserError
from robustpath.records import traces


@pytest.fixture
def table():
    axes = {"method": ["sgd", "sam"], "seed": [0, 1], "moment": [0, 1, 2], "quantity": ["loss", "lambda_max"]}
    rows = pd.MultiIndex.from_product(axes.values(), names=axes).to_frame(index=False)
    of_run = {"experiment": "trajectories", "dataset": "optdigits", "train_size": 100, "label_noise": 0.0, "draw": 0}
    return rows.assign(**of_run, value=0.5, converged=True, walking=False, gradient_evaluations=1.0)


def test_quantities_of_whole_traces_are_read(table, tmp_path):
    table.to_parquet(tmp_path / "trace.parquet")
    assert len(traces.quantities([tmp_path / "trace.parquet"], "smoke")) == len(table)


def test_a_lost_moment_is_refused_and_named(table, tmp_path):
    lost = (table["method"] == "sam") & (table["seed"] == 1) & (table["moment"] == 2)
    table[~lost].to_parquet(tmp_path / "trace.parquet")
    said = r"trace\.parquet: .*method=sam, metric=lambda_max, moment=2 is lacking for .*seed=1"
    with pytest.raises(UserError, match=said):
        traces.quantities([tmp_path / "trace.parquet"], "smoke")


def test_surfaces_are_those_of_the_experiment_and_of_no_other(tmp_path):
    files = [tmp_path / name / "optdigits.npz" for name in ("held_out", "trajectories")]
    for number, file in enumerate(files):
        file.parent.mkdir()
        np.savez(file, **{"sgd.explained": np.array([number])})
    assert traces.surfaces(files, "smoke", "trajectories")["sgd"]["explained"].tolist() == [1]
