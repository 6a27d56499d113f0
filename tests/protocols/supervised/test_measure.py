"""The table of measures: each number against one run at a time, and who gets which rows."""

import json
from itertools import product
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from safetensors.torch import save_file
from torch.func import grad, jacrev
from torch.nn.functional import cross_entropy

from robustpath import protocols, records
from robustpath.command_line import main
from robustpath.core import seals
from robustpath.core.parameters import lerp, norm, subtract
from robustpath.core.randomness import generator
from robustpath.data.label_noise import noisy
from robustpath.data.prepared import Prepared, save
from robustpath.data.splits import split
from robustpath.methods.base import Batch
from robustpath.models.functional import initialise, mean_cross_entropy, predict
from robustpath.models.mlp import mlp
from robustpath.protocols.supervised.measure import measure
from robustpath.protocols.supervised.metrics import METRICS

SETTINGS = {
    "experiment": "minima", "dataset": "optdigits", "methods": ["sgd", "warmup", "cooldown"], "reference": "sgd",
    "seeds": 2, "vary": ["split", "initialisation", "order"], "grid": {}, "hidden": [7, 6], "validation_size": 30,
    "test_size": 40, "device": "cpu",
}  # fmt: skip
SIZE, LEVELS, DRAWS = 50, (0.0, 0.5), 2
MODEL = mlp(64, SETTINGS["hidden"], 10)
MEMBERS = list(product([SIZE], LEVELS, range(SETTINGS["seeds"]), range(DRAWS)))
MATCHED = {"barrier", "barrier_matched", "function_distance", "disagreement"}


def data():
    inputs = torch.rand(200, 8, 8, generator=generator("inputs"))
    return Prepared(inputs, torch.arange(200) % 10, torch.zeros(200, dtype=torch.bool))


def tree(*key):
    """Parameters four times as large as an initialisation, so that something is to be measured."""
    return {name: 4 * tensor for name, tensor in initialise(MODEL, generator(*key)).items()}


def stacked(*key):
    trees = [tree(*key, row) for row in range(len(MEMBERS))]
    return {name: torch.stack([each[name] for each in trees]) for name in trees[0]}


class Trained:
    """Files of three methods: sgd, a walk before the descent and a walk after it."""

    def __init__(self, folder):
        self.folder, self.tables, self.files = folder, {}, {}
        save(data(), folder / "data.safetensors")
        for method in SETTINGS["methods"]:
            table = pd.DataFrame(MEMBERS, columns=["train_size", "label_noise", "seed", "draw"]).assign(
                experiment="minima", dataset="optdigits", method=method, family="minima",
                gradient_evaluations=10.0, steps=10, diverged=False, hyperparameters="{}",
            )  # fmt: skip
            if method != "sgd":
                phase = {"warmup": 0, "cooldown": 1}[method]
                table[f"mean_{phase}.level_error"] = 0.01
                table[f"mean_{phase}.accepted"] = np.linspace(0.2, 0.9, len(table))
            self.tables[method] = table
            self.files[method] = stacked(method)
        self.paths = {
            "sgd": {"moments": torch.zeros(0, 2).double()},
            # Kept at its start and half-way too: the end of a phase is its last moment.
            "warmup": _path(("warmup", "start"), ("warmup", "half-way"), ("warmup", "end"), stages=(0, 0, 0)),
            "cooldown": _path(("cooldown", "descended"), stages=(0,)),
        }

    def measure(self, methods=("sgd", "warmup", "cooldown"), **changes):
        for method in methods:
            self.tables[method].to_parquet(self.folder / f"{method}.parquet")
            # Files hold tensors in an order of their own.
            save_file(self.files[method], self.folder / f"{method}.safetensors")
            save_file(self.paths[method], self.folder / f"{method}.path.safetensors")
        files = [
            [self.folder / f"{name}{end}" for name in methods]
            for end in (".safetensors", ".path.safetensors", ".parquet")
        ]
        out = self.folder / "measures.parquet"
        settings = SETTINGS | {"methods": list(methods)} | changes
        measure(settings, {"optdigits": self.folder / "data.safetensors"}, *files, out, 1)
        found = pd.read_parquet(out)
        records.validate(records.complete(found), out)
        return found


def _path(*keys, stages):
    moments = torch.tensor([[stage, 10.0 * number] for number, stage in enumerate(stages)], dtype=torch.float64)
    trees = {f"{number:03d}/{name}": t for number, key in enumerate(keys) for name, t in stacked(*key).items()}
    return trees | {"moments": moments}


@pytest.fixture
def trained(tmp_path):
    return Trained(tmp_path)


def one(measures, metric, method="sgd", level=0.0, seed=0, draw=0):
    rows = measures[
        (measures["metric"] == metric) & (measures["method"] == method) & (measures["label_noise"] == level)
        & (measures["seed"] == seed) & (measures["draw"] == draw)
    ]  # fmt: skip
    assert len(rows) == 1
    return rows["value"].item()


def examples(level, seed):
    prepared = data()
    parts = split(prepared, "optdigits", seed, 30, 40)
    labels = noisy(prepared.labels, 10, "optdigits", seed, level)
    own = parts.train[:SIZE]
    return Batch(prepared.inputs[own], labels[own]), prepared.inputs[parts.test]


def weights(params):
    return {name: tensor for name, tensor in params.items() if "weight" in name}


def row_of(level, seed, draw=0):
    return MEMBERS.index((SIZE, level, seed, draw))


def test_numbers_are_those_of_one_run_after_the_other(trained):
    found, network, loss = trained.measure(), predict(MODEL), mean_cross_entropy(MODEL)
    for level, seed in product(LEVELS, range(2)):
        where = {"level": level, "seed": seed}
        row, (batch, test_inputs) = row_of(level, seed), examples(level, seed)
        start = initialise(MODEL, generator("optdigits", seed, "initialisation"))
        sgd, warm = tree("sgd", row), tree("warmup", row)
        outputs = network(warm, batch.inputs)
        own = outputs.gather(1, batch.labels[:, None]).squeeze(1)
        others = outputs.scatter(1, batch.labels[:, None], -torch.inf).amax(1)
        walked = tree("warmup", "end", row)
        losses = [loss(lerp(warm, sgd, t), batch).item() for t in torch.linspace(0, 1, 11)]
        rises = [value - losses[0] - (losses[-1] - losses[0]) * i / 10 for i, value in enumerate(losses)]
        answers = [network(some, test_inputs).argmax(1) for some in (sgd, warm)]
        begun, ended = (loss(some, batch) for some in (start, walked))
        expected = {
            "frobenius_norm": norm(weights(warm)),
            "distance_from_start": norm(weights(subtract(warm, start))),
            "margin": (own - others).sort().values[SIZE // 10 - 1],
            "barrier": max(rises),
            "disagreement": (answers[0] != answers[1]).double().mean(),
            "walk_displacement": norm(subtract(walked, start)) / norm(start),
            "walk_level_error": (ended - begun).abs() / begun,
            "walk_accepted": trained.tables["warmup"]["mean_0.accepted"][row],
        }
        for name, value in expected.items():
            assert one(found, name, "warmup", **where) == pytest.approx(float(value), rel=1e-4), name


@pytest.mark.parametrize("vary", [["split"], ["initialisation"]])
def test_what_does_not_vary_is_that_of_seed_0(vary, trained):
    found, warm = trained.measure(vary=vary), tree("warmup", row_of(0.5, 1))
    batch, _ = examples(0.5, 1 if "split" in vary else 0)
    start = initialise(MODEL, generator("optdigits", 1 if "initialisation" in vary else 0, "initialisation"))
    outputs = predict(MODEL)(warm, batch.inputs)
    own = outputs.gather(1, batch.labels[:, None]).squeeze(1)
    others = outputs.scatter(1, batch.labels[:, None], -torch.inf).amax(1)
    expected = {
        "distance_from_start": norm(weights(subtract(warm, start))),
        "walk_displacement": norm(subtract(tree("warmup", "end", row_of(0.5, 1)), start)) / norm(start),
        "margin": (own - others).sort().values[SIZE // 10 - 1],
    }
    for name, value in expected.items():
        assert one(found, name, "warmup", 0.5, 1) == pytest.approx(float(value), rel=1e-4), name


def test_curvatures_are_those_of_the_whole_hessian(trained):
    found, (batch, _) = trained.measure(), examples(0.5, 1)
    row, start = row_of(0.5, 1), initialise(MODEL, generator("optdigits", 1, "initialisation"))
    values = {
        "lambda_max": _hessian(tree("warmup", row), batch),
        "walk_lambda_max_start": _hessian(start, batch),
        "walk_lambda_max_end": _hessian(tree("warmup", "end", row), batch),
    }
    for metric, each in values.items():
        assert one(found, metric, "warmup", 0.5, 1) == pytest.approx(each[-1], rel=0.02), metric
    assert one(found, "trace", "warmup", 0.5, 1) == pytest.approx(values["lambda_max"].sum(), rel=1e-3)


def _hessian(params, batch):
    """The eigenvalues of the whole Hessian, ascending."""
    network, sizes = predict(MODEL), [tensor.numel() for tensor in params.values()]

    def loss(point):
        pieces = {name: piece.reshape(params[name].shape)
                  for name, piece in zip(params, point.split(sizes), strict=True)}  # fmt: skip
        return cross_entropy(network(pieces, batch.inputs.double()), batch.labels)

    point = torch.cat([tensor.flatten() for tensor in params.values()]).double()
    return torch.linalg.eigvalsh(jacrev(grad(loss))(point)).numpy()


def test_who_gets_which_rows(trained):
    found = trained.measure()
    assert set(found["metric"]) == {name for name, metric in METRICS.items() if metric.family}
    assert set(found["draw"]) == {0}
    assert not found.loc[found["method"] == "sgd", "metric"].isin(MATCHED).any()
    walked = found["metric"].str.startswith("walk_")
    assert set(found.loc[walked, "method"]) == {"warmup", "cooldown"}
    for metric, rows in found.groupby("metric"):
        assert tuple(rows["split"].unique()) == protocols.metrics()[metric].splits
    runs = 2 * len(LEVELS)  # of a method
    assert len(found) == runs * (3 * 21 + 2 * (4 + 6))


def test_a_walk_after_the_descent_begins_at_its_end(trained):
    found, (batch, _) = trained.measure(), examples(0.5, 1)
    row, loss = row_of(0.5, 1), mean_cross_entropy(MODEL)
    start, end = tree("cooldown", "descended", row), tree("cooldown", row)
    begun, ended = loss(start, batch), loss(end, batch)
    assert one(found, "walk_level_error", "cooldown", 0.5, 1) == pytest.approx(
        float(abs(ended - begun) / begun), rel=1e-4
    )
    assert one(found, "walk_displacement", "cooldown", 0.5, 1) == pytest.approx(
        float(norm(subtract(end, start)) / norm(start)), rel=1e-4
    )
    assert one(found, "walk_lambda_max_end", "cooldown", 0.5, 1) == pytest.approx(
        one(found, "lambda_max", "cooldown", 0.5, 1), rel=0.05
    )


def test_a_run_does_not_depend_on_the_other_runs(trained):
    together = records.complete(trained.measure()).set_index(records.KEY)["value"]
    alone = records.complete(trained.measure(methods=("warmup",), reference="none")).set_index(records.KEY)["value"]
    assert len(alone) == 4 * (21 + 6)
    assert np.allclose(together[alone.index], alone, rtol=1e-3, equal_nan=True)
    assert not {"barrier", "disagreement"} & set(alone.reset_index()["metric"])


def test_a_grid_is_measured_whole_and_compared_with_the_reference_draw_0(trained):
    found = trained.measure(methods=("sgd", "warmup"), grid={"share": [0.1, 1.0]})
    assert set(found["draw"]) == {0, 1}
    assert set(found.loc[found["metric"] == "lambda_max", "method"]) == {"sgd", "warmup"}
    sgd, other = tree("sgd", row_of(0.0, 0)), tree("sgd", row_of(0.0, 0, 1))
    _, inputs = examples(0.0, 0)
    answers = [predict(MODEL)(some, inputs).argmax(1) for some in (sgd, other)]
    assert one(found, "disagreement", "sgd", draw=1) == (answers[0] != answers[1]).double().mean().item()
    assert one(found, "walk_accepted", "warmup", draw=1) == trained.tables["warmup"]["mean_0.accepted"][row_of(0, 0, 1)]


def test_what_is_not_finite_or_rests_on_a_diverged_run_says_so(trained):
    row, other = row_of(0.0, 0), row_of(0.0, 1)
    expected = records.complete(trained.measure()).set_index(records.KEY)
    trained.files["warmup"]["1.weight"][row, 0, 0] = torch.nan
    trained.tables["warmup"].loc[row, "diverged"] = True
    trained.tables["sgd"].loc[other, "diverged"] = True
    found = records.complete(trained.measure()).set_index(records.KEY)
    assert (found["value"].isna() <= ~found["converged"]).all()
    lost = found.xs(("warmup", 0.0, 0), level=("method", "label_noise", "seed"))
    lambdas = lost.xs("lambda_max", level="metric")
    assert lambdas["value"].isna().all() and not lambdas["converged"].any()
    to_diverged = found.xs((0.0, 1), level=("label_noise", "seed"))["converged"]
    assert not to_diverged[to_diverged.index.get_level_values("metric").isin(MATCHED)].any()
    changed = (found.index.get_level_values("method") == "warmup") & (found.index.get_level_values("seed") == 0)
    kept = found[~changed]
    assert np.allclose(kept["value"], expected.loc[kept.index, "value"], rtol=1e-5, equal_nan=True)


def test_the_command_writes_the_table(trained):
    expected, folder = trained.measure(), trained.folder
    files = {
        option: [str(folder / f"{name}{end}") for name in SETTINGS["methods"]]
        for option, end in (("--weights", ".safetensors"), ("--paths", ".path.safetensors"), ("--runs", ".parquet"))
    }
    seals.seal([folder / "data.safetensors", *(file for names in files.values() for file in map(Path, names))], "", {})
    arguments = ["measure", "--settings", json.dumps(SETTINGS), "--data", f"optdigits={folder / 'data.safetensors'}"]
    for option, names in files.items():
        arguments += [option, *names]
    assert main([*arguments, "--out", str(folder / "again.parquet")]) == 0
    pd.testing.assert_frame_equal(pd.read_parquet(folder / "again.parquet"), expected)
