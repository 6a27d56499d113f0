"""Cells trained again from raw data and compared with their records: at level 2 of verification some, drawn."""

import json
import os
import random
import subprocess
import sys
import time
from pathlib import Path

import pandas as pd

from robustpath import protocols, records, study
from robustpath.core.errors import UserError
from robustpath.protocols.base import ABSENT
from robustpath.publication import compare, machine, published
from robustpath.publication.compare import DIFFERS, OUTSIDE, SAME, WITHIN, Check, Findings, Unchecked
from robustpath.records import KEY, SCHEMA
from robustpath.statistics.intervals import interval
from robustpath.study import Cell, Config

CONFIDENCE = 0.95
MEAN = [*protocols.axes(), "split", "shift", "severity", "metric"]
# Preparing, planning, compiling and scoring beside the seconds of training, as a first guess; each cell corrects it.
OVERHEAD, PACE = 20.0, 2.0
EXACT = "identical rows (same machine and versions)"
CLOSE = (
    "means over seeds within the simultaneous 95 % t interval's half width of the published seeds (Bonferroni over the "
    "means of a cell), or within one example"
)
MEASURED = "measures (curvature, norms, barriers, walks): most are relative to other methods' runs"

WEIGHTS, RUNS = ".safetensors", ".parquet"
# What a training writes, by the option of the command.
OUTPUTS = {
    "weights": WEIGHTS,
    "path": ".path.safetensors",
    "runs": RUNS,
    "seconds": ".seconds.parquet",
    "scores": ".scores.parquet",
}


def sample(config: Config, seed: int) -> list[Cell]:
    """Every cell of the scale in the order in which the seed draws them."""
    cells = study.expand(config)
    random.Random(seed).shuffle(cells)
    return cells


def seconds(out: Path) -> dict[Cell, float]:
    """The seconds that training took a cell when it was published."""
    table = pd.read_parquet(out / "seconds.parquet")
    return {Cell(*key): float(total) for key, total in table.groupby(list(Cell._fields))["seconds"].sum().items()}


def cells(config: Config, out: Path, scratch: Path, count: int, seed: int, deadline: float) -> Findings:
    """Retrain `count` cells in the order of `sample`, passing over those that would not end by `deadline`.

    `deadline` is a time of time.monotonic(); a cell's time is predicted by its published seconds and by how long the
    cells before it took. Files are written to `scratch`.
    """
    exact = machine.alike(published.trained(published.manifest(out)), machine.TRAINING)
    table, expected = records.read(out / published.RECORDS), seconds(out)
    checks, passed, pace = [], [], PACE
    order = sample(config, seed)
    for cell in order:
        if len(checks) == count:
            break
        predicted = OVERHEAD + pace * expected.get(cell, 0.0)
        if time.monotonic() + predicted > deadline:
            passed.append(cell)
            continue
        size = study.runs(study.train_settings(config, cell))
        print(f"level 2: cell {len(checks) + 1} of {count}, {words(cell)}: {size} runs, about {predicted:.0f} s")
        begun = time.monotonic()
        found = retrain(cell, config, scratch)
        spent = time.monotonic() - begun
        pace = max(1.0, (spent - OVERHEAD) / expected[cell]) if expected.get(cell) else pace
        checks.append(judge(cell, *(scores_of(each, cell) for each in (table, found)), exact, config))
        print(f"level 2: {words(cell)}: {checks[-1].verdict}, after {spent:.0f} s")
    left = len(order) - len(checks)
    unchecked = [
        Unchecked(MEASURED, "level 3 computes them"),
        Unchecked("theory cases and traces", "level 3 runs them"),
    ]
    if left:
        unchecked.append(Unchecked(f"{left} of {len(order)} cells", f"not drawn by seed {seed} or out of time"))
    if passed and len(checks) < count:
        short = f"each would have ended after the time that was given; the first is {words(passed[0])}"
        unchecked.append(Unchecked(f"{count - len(checks)} of the {count} cells asked for", short))
    return Findings(checks, unchecked)


def whole(config: Config, out: Path, results: Path) -> Findings:
    """Level 3 on another machine: every cell of the finished run in `results`, judged by the tolerance of level 2."""
    table, found = records.read(out / published.RECORDS), records.read(results / "records.parquet")
    pairs = ((cell, scores_of(table, cell), scores_of(found, cell)) for cell in study.expand(config))
    checks = [judge(cell, *rows, False, config)._replace(level=3) for cell, *rows in pairs]
    why = "they follow the processor's rounding, and this machine or its versions are not the published"
    unchecked = ("measures, theory cases and traces", "figures, tables, numbers and verdicts of the run from raw data")
    return Findings(checks, [Unchecked(what, why) for what in unchecked])


def scores_of(table: pd.DataFrame, cell: Cell) -> pd.DataFrame:
    """A cell's rows but those of measures."""
    own = [table[axis] == value for axis, value in cell._asdict().items()]
    return table[own[0] & own[1] & own[2] & ~table["metric"].isin(protocols.measures())]


def words(cell: Cell) -> str:
    """A cell in words."""
    return f"{cell.method} on {cell.dataset} ({cell.experiment})"


def retrain(cell: Cell, config: Config, scratch: Path) -> pd.DataFrame:
    """The scores of a cell, made anew in `scratch` by the commands of the workflow: prepare, train and evaluate."""
    scores = study.evaluate_settings(config, cell.experiment, cell.dataset)
    data = {name: _prepared(name, config, scratch) for name in (cell.dataset, *scores["natural"])}
    stem = trained(cell, config, scratch)
    named = [f"{name}={file}" for name, file in data.items()]
    scored = _file(stem, ".evaluated.parquet")
    of = ["--data", *named, "--weights", _file(stem, WEIGHTS), "--runs", _file(stem, RUNS), "--scores", scored]
    run("evaluate", scores, *of)
    on_the_way = pd.read_parquet(_file(stem, ".scores.parquet"))
    found = records.read(scored)
    return found if on_the_way.empty else pd.concat([found, records.complete(on_the_way)], ignore_index=True)


def trained(cell: Cell, config: Config, scratch: Path) -> Path:
    """Train a cell in `scratch`, after the cell that its runs begin with; the name of the files without ending."""
    stem = scratch / "train" / cell.experiment / cell.dataset / cell.method
    if not _file(stem, RUNS).is_file():
        parent = study.parent_of(config, cell)
        begins = [_file(trained(parent, config, scratch), each) for each in (WEIGHTS, RUNS)] if parent else []
        out = [part for option, ending in OUTPUTS.items() for part in (f"--{option}", _file(stem, ending))]
        data = ["--data", _prepared(cell.dataset, config, scratch)]
        run("train", study.train_settings(config, cell), *data, *out, *(["--parent", *begins] if begins else []))
    return stem


def _prepared(dataset: str, config: Config, scratch: Path) -> Path:
    file = scratch / "data" / f"{dataset}.safetensors"
    if not file.is_file():
        run("prepare", study.prepare_settings(config, dataset), "--out", file, "--card", file.with_suffix(".json"))
    return file


def _file(stem: Path, ending: str) -> Path:
    return stem.with_name(f"{stem.name}{ending}")


def run(step: str, settings: dict, *arguments: object) -> None:
    """One command of the workflow; UserError with its last line where it fails."""
    source = Path(published.__file__).parents[2]
    path = os.pathsep.join(filter(None, [str(source), os.environ.get("PYTHONPATH")]))
    command = [sys.executable, "-m", "robustpath", step, "--settings", json.dumps(settings), *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, env={**os.environ, "PYTHONPATH": path})
    if done.returncode:
        last = (done.stderr.strip() or done.stdout.strip() or "no message").splitlines()[-1]
        raise UserError(f"{step} failed where a cell was to be verified: {last.removeprefix('error: ')}")


def judge(cell: Cell, rows: pd.DataFrame, found: pd.DataFrame, exact: bool, config: Config) -> Check:
    """The published rows of a cell against those found: identical, or each mean over seeds within its tolerance."""
    if rows.empty or len(rows) != len(found):
        counts = [f"{len(each):,} rows" for each in (rows, found)]
        return Check(2, words(cell), *counts, DIFFERS)
    departing = compare.departures(rows[list(SCHEMA)], found[list(SCHEMA)], KEY)
    if departing.empty:
        return Check(2, words(cell), f"{len(rows):,} rows", f"{len(found):,} rows", SAME)
    if exact:
        first = departing.iloc[0]
        where = ", ".join(f"{axis}={first[axis]}" for axis in KEY[len(Cell._fields) :])
        what = f"{words(cell)}: {len(departing):,} of {len(rows):,} rows, the first {where}"
        return Check(2, what, repr(float(first["value"])), repr(float(first["value_found"])), DIFFERS)
    means = tolerances(rows, study.active(config)).merge(over_seeds(found), on=MEAN, how="outer")
    outside = means[~((means["found"] - means["mean"]).abs() <= means["tolerance"])]
    if outside.empty:
        return Check(2, words(cell), f"{len(means)} means", f"{len(means)} means", WITHIN)
    first = outside.iloc[0]
    where = ", ".join(f"{axis}={first[axis]}" for axis in MEAN)
    what = f"{words(cell)}: {len(outside)} of {len(means)} means, the first {where}"
    return Check(2, what, f"{first['mean']:.6g} ± {first['tolerance']:.2g}", f"{first['found']:.6g}", OUTSIDE)


def tolerances(rows: pd.DataFrame, scale: study.Scale) -> pd.DataFrame:
    """Columns MEAN, mean, tolerance: of each mean over seeds, from the spread of the seeds; no less than an example."""
    seeds = _by_seed(rows)
    count = len(seeds[MEAN].drop_duplicates())
    means = interval(seeds, MEAN, 1 - (1 - CONFIDENCE) / count)
    examples = means["split"].map({"validation": scale.validation_size, "test": scale.test_size})
    trained = means["train_size"].where(means["train_size"] != ABSENT)
    least = (1 / examples.fillna(trained)).where(means["metric"] == "accuracy", 0.0).fillna(0.0)
    return means[[*MEAN, "mean"]].assign(tolerance=(means["high"] - means["mean"]).clip(lower=least))


def over_seeds(rows: pd.DataFrame) -> pd.DataFrame:
    """Columns MEAN, found: the mean over seeds."""
    return _by_seed(rows).groupby(MEAN, as_index=False)["value"].mean().rename(columns={"value": "found"})


def _by_seed(rows: pd.DataFrame) -> pd.DataFrame:
    """The mean over draws in each seed; a diverged run, whose loss may be infinite, has no part in a loss."""
    finite = rows[rows["value"].abs() < float("inf")]
    return finite.groupby([*MEAN, "seed"], as_index=False)["value"].mean()
