"""What a copy of the project with the toy protocol makes of its runs, as JSON: python toy_facts.py FOLDER."""

import json
import sys
from pathlib import Path

import pandas as pd
import torch
from pydantic import TypeAdapter, ValidationError
from robustpath.protocols.toy import training

from robustpath import records, study
from robustpath.claims import model
from robustpath.core.errors import Stopped, UserError
from robustpath.operations import costs, listing, reference
from robustpath.protocols import keeping, reading
from robustpath.publication import publishing, retraining

SMOKE = Path("results/smoke")


def collated(out: Path, config: study.Config) -> pd.DataFrame:
    """The records of the two further experiments, of the files that the rule `collate` reads of them."""
    cells = [cell for cell in study.expand(config) if cell.experiment in ("stream", "plain")]
    stems = [f"train/{cell.experiment}/{cell.dataset}/{cell.method}" for cell in cells]
    scores = [SMOKE / f"evaluate/{name}/mnist1d.parquet" for name in ("stream", "plain")]
    scores += [SMOKE / f"{stem}.scores.parquet" for stem in stems if "/stream/" in stem]
    seconds = [SMOKE / f"{stem}.seconds.parquet" for stem in stems]
    records.collate(scores, seconds, out / "records.parquet", out / "seconds.parquet")
    return records.load(out / "records.parquet")


def accepted(measure: str) -> bool:
    """Whether a claim may name a measure."""
    condition = {"kind": "ratio", "measure": measure, "against": "sgd", "threshold": 1.0, "side": "below"}
    try:
        TypeAdapter(model.Ratio).validate_python(condition)
    except ValidationError:
        return False
    return True


def refused(call) -> str:
    """The sentence of the UserError that a call ends in."""
    try:
        call()
    except UserError as error:
        return str(error)
    return ""


def alike(one: Path, other: Path) -> bool:
    """Whether two files hold the same table or the same tensors; what a job writes has a seal, too."""
    if one.suffix == ".parquet":
        return reading.table(one).equals(reading.table(other))
    first, second = reading.tensors(one), reading.tensors(other)
    return first.keys() == second.keys() and all(torch.equal(first[key], second[key]) for key in first)


def interrupted(config: study.Config, method: str, out: Path) -> dict[str, bool]:
    """Which outputs of a cell are the same bytes after a training that was stopped twice and begun again."""
    settings = study.train_settings(config, study.Cell("stream", "mnist1d", method))
    files = {name: out / f"{method}{ending}" for name, ending in retraining.OUTPUTS.items()}
    blocks, population = [], training.population
    population.BLOCK = 7
    own = keeping.keeper

    def stopping(resume, key, label, stages, members, asked):
        return own(resume, key, label, stages, members, lambda: "SIGTERM" if stops() else None)

    def stops() -> bool:
        blocks.append(1)
        return len(blocks) in (1, 3)

    keeping.keeper = stopping
    for _ in range(3):
        try:
            training.train(settings, SMOKE / "data/mnist1d.safetensors", *files.values(), threads=1)
        except Stopped:
            continue
    keeping.keeper = own
    kept = {name: SMOKE / f"train/stream/mnist1d/{method}{retraining.OUTPUTS[name]}" for name in files}
    same = {name: alike(kept[name], file) for name, file in files.items() if name != "seconds"}
    return same | {"stopped": len(blocks) > 3}


def judged(config: study.Config, table: pd.DataFrame, out: Path) -> list[list[str]]:
    """The verdicts on a cell that is trained again: with the same bytes, and as on another machine."""
    cell = study.Cell("stream", "mnist1d", "anchored")
    found = retraining.retrain(cell, config, out)
    same, elsewhere = (
        retraining.judge(cell, *(retraining.scores_of(rows, cell) for rows in (table, other)), exact, config)
        for other, exact in ((found, True), (found.assign(steps=1), False))
    )
    return [[check.verdict, check.expected] for check in (same, elsewhere)]


def first_weight(method: str) -> dict[tuple, torch.Tensor]:
    """One tensor of every run of a cell, by what tells its runs apart."""
    stem = SMOKE / f"train/stream/mnist1d/{method}"
    weight = next(iter(reading.tensors(stem.with_suffix(".safetensors")).values()))
    runs = reading.table(stem.with_suffix(".parquet"))[list(training.Run._fields)]
    return dict(zip(runs.itertuples(index=False, name=None), weight, strict=True))


def facts(out: Path) -> dict:
    """Everything that the tests look at."""
    config = study.load(overrides={"scale": "smoke"})
    table = collated(out, config)
    publishing.fill(out / "published", out, table, config, "a1b2c3d4" * 5)
    weights = first_weight("anchored")
    reference.write(root=out)
    return {
        "axes": {
            name: {axis: sorted(set(rows[axis])) for axis in ("train_size", "label_noise", "steps_per_batch")}
            for name, rows in table.groupby("experiment")
        },
        "rows": table.groupby(["experiment", "metric", "split"]).size().reset_index().to_numpy().tolist(),
        "parts": {
            file.stem: sorted(set(pd.read_parquet(file)["metric"]))
            for file in sorted((out / "published/records").iterdir())
        },
        "joined": records.read(out / "published/records").shape[0] == len(table),
        "judged": judged(config, table, out / "retrained"),
        "claims": {name: accepted(name) for name in ("surprise", "accuracy_before", "lambda_max")},
        "unknown metric": refused(
            lambda: publishing.fill(out / "lost", out, table.assign(metric="regret"), config, "a1b2c3d4" * 5)
        ),
        "cells": {row["method"]: row["runs"] for row in listing.cells("smoke") if row["experiment"] == "stream"},
        "costs": [row["runs"] for row in costs.estimate(config) if row["experiment"] == "stream"],
        "interrupted": {name: interrupted(config, name, out / "again") for name in ("anchored", "contour_warmup")},
        "steps_per_batch changes a run": not torch.equal(weights[1, 0.0, 0, 0], weights[2, 0.0, 0, 0]),
        "reference": "steps_per_batch" in (out / reference.REFERENCE).read_text(),
    }


if __name__ == "__main__":
    print(json.dumps(facts(Path(sys.argv[1]))))
