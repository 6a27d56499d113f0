"""Tracing: the quantities along a run's way against one network after the other, and the surfaces through its end."""

import numpy as np
import pandas as pd
import pytest
import torch
from safetensors.torch import load_file

from robustpath.core.errors import UserError
from robustpath.core.randomness import generator
from robustpath.data.prepared import Prepared, load, save
from robustpath.data.splits import split
from robustpath.methods.base import Batch
from robustpath.models.functional import mean_cross_entropy, predict
from robustpath.models.mlp import mlp
from robustpath.protocols.supervised import training
from robustpath.protocols.supervised.trajectories import trace

SETTINGS = {
    "experiment": "trajectories",
    "dataset": "blobs",
    "train_sizes": [30],
    "label_noise": [0.0],
    "seeds": 2,
    "vary": ["split", "initialisation", "order"],
    "draws": 1,
    "grid": {},
    "points": 5,
    "budget": 80,
    "batch_size": 32,
    "hidden": [6],
    "validation_size": 20,
    "test_size": 40,
    "device": "cpu",
}


@pytest.fixture
def trained(tmp_path):
    """trained(**settings) -> the data and the files of a cell of the contour warm-up, by name."""
    labels = torch.arange(150) % 3
    inputs = torch.randn(150, 5, generator=generator("trace")) + labels[:, None]
    data = tmp_path / "blobs.safetensors"
    save(Prepared(inputs, labels, torch.zeros(150, dtype=torch.bool)), data)

    def train(**changes):
        files = {name: tmp_path / f"{name}.out" for name in ("weights", "path", "runs", "seconds", "scores")}
        training.train(SETTINGS | {"method": "contour_warmup"} | changes, data, **files, threads=1)
        return data, files

    return train


@pytest.mark.parametrize("vary", [["split", "initialisation", "order"], ["initialisation"]])
def test_every_moment_is_measured_as_one_network_would_be(vary, trained, tmp_path):
    data, files = trained(vary=vary)
    trace(
        SETTINGS | {"vary": vary},
        data,
        [files["path"]],
        [files["runs"]],
        tmp_path / "t.parquet",
        tmp_path / "s.npz",
        threads=1,
    )
    table = pd.read_parquet(tmp_path / "t.parquet").set_index(["seed", "quantity", "moment"]).sort_index()
    kept, end = load_file(files["path"]), load_file(files["weights"])
    prepared, model = load(data), mlp(5, [6], 3)
    loss, network = mean_cross_entropy(model), predict(model)
    phases = kept["moments"][:, 0]
    assert table.loc[(0, "loss"), "walking"].tolist() == (phases == 0).tolist()
    for seed in (0, 1):
        parts = split(prepared, "blobs", seed if "split" in vary else 0, 20, 40)
        own = Batch(prepared.inputs[parts.train[:30]], prepared.labels[parts.train[:30]])
        for moment in range(len(kept["moments"])):
            params = {name: kept[f"{moment:03d}/{name}"][seed] for name in end}
            found = table.loc[seed].xs(moment, level="moment")["value"]
            right = network(params, prepared.inputs[parts.test]).argmax(1) == prepared.labels[parts.test]
            assert found["loss"] == pytest.approx(loss(params, own).item(), abs=1e-6)
            assert found["accuracy"] == pytest.approx(right.double().mean().item(), abs=1e-9)
            flat = torch.cat([tensor.flatten() for tensor in params.values()])
            hessian = torch.func.hessian(lambda vector, like=params, own=own: loss(_shaped(vector, like), own))(flat)
            assert found["lambda_max"] == pytest.approx(torch.linalg.eigvalsh(hessian)[-1].item(), rel=0.02)


def _shaped(vector, like):
    pieces = vector.split([tensor.numel() for tensor in like.values()])
    return {name: piece.reshape(like[name].shape) for name, piece in zip(like, pieces, strict=True)}


def test_the_surfaces_hold_the_end_and_the_trajectory_lies_on_its_plane(trained, tmp_path):
    data, files = trained()
    trace(SETTINGS, data, [files["path"]], [files["runs"]], tmp_path / "t.parquet", tmp_path / "s.npz", threads=1)
    table = pd.read_parquet(tmp_path / "t.parquet")
    losses = table[(table["seed"] == 0) & (table["quantity"] == "loss")].sort_values("moment")["value"].to_numpy()
    with np.load(tmp_path / "s.npz") as drawn:
        own = {name.removeprefix("contour_warmup."): drawn[name] for name in drawn}
    middle = len(own["random_axis"]) // 2
    assert own["random"][middle, middle] == pytest.approx(losses[-1], abs=1e-6)
    assert (own["random"] >= losses[-1] - 1e-3).mean() > 0.5
    assert own["coordinates"].shape == (len(losses), 2)
    assert not own["coordinates"][-1].any()
    assert 0.9 < own["explained"].sum() <= 1 + 1e-9
    assert own["way"].min() < losses[0] < own["way"].max()


def test_without_moments_there_is_no_way_to_trace(trained, tmp_path):
    data, files = trained(points=0)
    with pytest.raises(UserError, match="holds no way to trace: give experiment trajectories `points` above 2"):
        trace(SETTINGS, data, [files["path"]], [files["runs"]], tmp_path / "t.parquet", tmp_path / "s.npz", threads=1)
