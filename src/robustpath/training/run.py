"""Training a cell: every train size, seed and hyperparameter draw of one method on one data set, in one process."""

import hashlib
import json
import math
import os
import shutil
import sysconfig
import time
from collections.abc import Callable
from itertools import product
from pathlib import Path
from typing import NamedTuple

import pandas as pd
import torch
from safetensors.torch import save_file
from torch import Tensor

from robustpath import methods
from robustpath.data import prepare, streams
from robustpath.data.label_noise import noisy
from robustpath.data.splits import split
from robustpath.errors import UserError
from robustpath.files import replacing
from robustpath.methods.base import Batch, Params, Spec, draw
from robustpath.models import choice
from robustpath.models.mlp import initialise, mean_cross_entropy, predict
from robustpath.provenance.fingerprint import fingerprint
from robustpath.training import checkpoint, population
from robustpath.training.device import resolve
from robustpath.training.plan import Moment, Stage, moments, plan

WIDTH = {"cpu": 32, "cuda": 4096}  # members trained together: on a CPU, as many as its caches hold
COMPILED_STEPS = 15_000  # model-steps of a phase from which compilation repays its 3 to 20 seconds
CHECKPOINT_SECONDS = 60.0
REPORT_SECONDS = 10.0
HELD_OUT = 1 / 5  # of the training examples, where a method asks for a hold-out


class Run(NamedTuple):
    """One member of a cell's population."""

    train_size: int
    label_noise: float
    seed: int
    draw: int


def train(settings: dict, data: Path, weights: Path, path: Path, runs: Path, seconds: Path, threads: int) -> None:
    """Train a cell and write its weights (tensors [runs, …]), the parameters kept on the way (`path`), its table of
    runs and the measured seconds a run.

    The path holds tensors `{moment}/{parameter}` [runs, …] and `moments` [K, 2]: phase, gradient evaluations so far.
    Draws are drawn from the method's search space or, where the settings have a grid, enumerate its values, everything
    else being default. An interrupted cell goes on from the checkpoints beside `weights` and ends with the same bytes.
    """
    torch.set_num_threads(threads)
    device = resolve(settings["device"])
    prepared = prepare.load(data)
    spec = methods.load(settings["method"])
    draws = max(settings["draws"], len(grid(settings)))
    axes = settings["train_sizes"], settings["label_noise"], range(settings["seeds"]), range(draws)
    members = [Run(*row) for row in product(*axes)]
    cell = Cell(settings, spec, prepared, device, len(members))
    width = WIDTH[device.type]
    chunks = [members[start : start + width] for start in range(0, len(members), width)]
    key = hashlib.sha256(
        (json.dumps(settings, sort_keys=True) + cell.mode + code_fingerprint(spec)).encode()
    ).hexdigest()

    results, durations = [], []
    for number, chunk in enumerate(chunks):
        label = f"{spec.name} on {settings['dataset']}, part {number + 1} of {len(chunks)}"
        resume = weights.with_name(f".{weights.stem}.part{number}.resume.safetensors")
        begun = time.monotonic()
        results.append(cell.train(chunk, resume, key, label))
        durations += [(time.monotonic() - begun) / len(chunk)] * len(chunk)
        print(f"{label}: {len(chunk)} runs in {time.monotonic() - begun:.1f} s ({cell.mode})")

    _write_weights(results, cell.moments, weights, path)
    _write_runs(settings, spec, members, cell.stages, [cell.values(run) for run in members], results, runs)
    _write_seconds(settings, members, durations, seconds)
    for leftover in weights.parent.glob(f".{weights.stem}.part*.resume.safetensors"):
        leftover.unlink()


def grid(settings: dict) -> list[dict[str, float]]:
    """The hyperparameters of each draw of a grid, every combination of its values; empty where there is no grid."""
    values = settings.get("grid") or {}
    return [dict(zip(values, row, strict=True)) for row in product(*values.values())] if values else []


def code_fingerprint(spec: Spec) -> str:
    """The fingerprint of the code that trains a method: the engine's and the method's own, not other methods'."""
    return fingerprint("robustpath.training.run", f"robustpath.methods.{spec.family}.{spec.name}")


class Cell:
    """A cell ready to train: data on the device, stages planned, steps vectorised (and compiled where it pays)."""

    def __init__(self, settings: dict, spec: Spec, prepared: prepare.Prepared, device: torch.device, members: int):
        self.settings, self.spec, self.device = settings, spec, device
        self.grid = grid(settings)
        unknown = {name for row in self.grid for name in row} - spec.search.keys()
        if unknown:
            raise UserError(
                f"{spec.name} has no hyperparameter {', '.join(sorted(unknown))}, only {', '.join(spec.search)}; "
                f"mend the grid of experiment {settings['experiment']} in config.yaml"
            )
        sizes = settings["validation_size"], settings["test_size"]
        dealt = {seed: self._seed("split", seed) for seed in range(settings["seeds"])}
        self.pools = {
            seed: split(prepared.labels, prepared.official_test, settings["dataset"], own, *sizes, prepared.group).train
            for seed, own in dealt.items()
        }
        classes = int(prepared.labels.max()) + 1
        self.rows = list(product(settings["label_noise"], self.pools))
        labels = [noisy(prepared.labels, classes, settings["dataset"], dealt[seed], level) for level, seed in self.rows]
        self.data = population.Data(prepared.inputs.to(device), torch.stack(labels).to(device))
        model = choice.network(settings, prepared.inputs.shape[1:], classes)
        loss, network = mean_cross_entropy(model), predict(model)
        self.start = {seed: initialise(model, self._stream("initialisation", seed)) for seed in self.pools}
        self.stages = plan(spec, loss, self.start[0], self._example_batch(prepared), settings["budget"], network)
        self.moments = moments(self.stages, settings["points"])
        worthwhile = [members * stage.steps >= COMPILED_STEPS for stage in self.stages]
        compiled = worthwhile if any(worthwhile) and _can_compile(device) else [False] * len(worthwhile)
        self.mode = ", then ".join("compiled" if choice else "eager" for choice in compiled)
        self.width = WIDTH[device.type] if any(compiled) else 2
        self.programs = [
            population.program(spec, loss, stage, choice, network)
            for stage, choice in zip(self.stages, compiled, strict=True)
        ]

    def _seed(self, source: str, seed: int) -> int:
        return streams.varied(source, seed, self.settings["vary"])

    def _stream(self, source: str, seed: int) -> torch.Generator:
        return streams.generator(self.settings["dataset"], self._seed(source, seed), source)

    def _example_batch(self, prepared: prepare.Prepared) -> Batch:
        positions = torch.arange(self.settings["batch_size"]) % len(prepared.labels)
        return Batch(prepared.inputs[positions], prepared.labels[positions])

    def train(self, chunk: list[Run], resume: Path, key: str, label: str) -> "Trained":
        """Train some of the members; a compiled population is filled up to one width, a lone run to two."""
        filled = chunk + [chunk[-1]] * (self.width - len(chunk))
        hyperparameters = self._hyperparameters(filled)
        params = population.stack(self.start[run.seed] for run in filled)
        params = {name: tensor.to(self.device) for name, tensor in params.items()}
        snapshot = population.begin(self.spec, self.stages, hyperparameters, params)
        found = checkpoint.position(resume, key)
        if found:
            like = population.begin(self.spec, self.stages, hyperparameters, params, found[0])
            snapshot = checkpoint.load(resume, like)
            print(f"{label}: going on from step {snapshot.step} of phase {snapshot.stage + 1}")
        snapshot = population.advance(
            snapshot, self.spec, self.stages, self.programs, hyperparameters, self._data(filled), self._streams(filled),
            _keeper(resume, key, label, self.stages), self.moments,
        )  # fmt: skip
        checkpoint.save(resume, snapshot, key)
        params = population.readout(self.spec, self.stages, hyperparameters, snapshot)
        count = len(chunk)
        return Trained(
            {name: tensor[:count].cpu() for name, tensor in params.items()},
            {name: tensor[:count].cpu() for name, tensor in snapshot.path.items()},
            snapshot.diverged[:count].cpu(),
            {name: total[:count].cpu() for name, total in snapshot.sums.items()},
        )

    def values(self, run: Run) -> dict[str, float]:
        """The hyperparameters of a run."""
        if self.grid:
            return draw(self.spec, run.seed, 0) | self.grid[run.draw]
        return draw(self.spec, run.seed, run.draw)

    def _hyperparameters(self, runs: list[Run]) -> dict[str, Tensor]:
        drawn = [self.values(run) for run in runs]
        return {name: torch.tensor([values[name] for values in drawn]).to(self.device) for name in self.spec.search}

    def _data(self, runs: list[Run]) -> population.Data:
        rows = [self.rows.index((run.label_noise, run.seed)) for run in runs]
        return self.data._replace(row=torch.tensor(rows).to(self.device))

    def _streams(self, runs: list[Run]) -> population.Streams:
        """Batches, noise, probes and hold-outs: functions of (data set, seed, train size), drawn once for all draws.

        The seed is that of the order, but for hold-outs, which the split deals.
        A stage that asks for a hold-out has the last fifth of the run's training examples for it and batches and probes
        from the rest.
        """
        keys = list(dict.fromkeys((run.seed, run.train_size) for run in runs))
        row = torch.tensor([keys.index((run.seed, run.train_size)) for run in runs])
        dataset, size = self.settings["dataset"], self.settings["batch_size"]
        dimension = sum(tensor.numel() for tensor in self.start[0].values())
        order = {seed: self._seed("order", seed) for seed, _ in keys}

        def learnt(stage: Stage, train_size: int) -> int:
            return train_size - math.ceil(HELD_OUT * train_size) if stage.holdout else train_size

        def positions(stage: Stage, count: int, start: int, stop: int, purpose: str) -> Tensor:
            chosen = [
                self.pools[seed][
                    streams.batches(learnt(stage, train_size), count, start, stop, dataset, order[seed], purpose)
                ]
                for seed, train_size in keys
            ]
            return torch.stack(chosen, dim=1)[:, row]

        def noise(stage: Stage, start: int, stop: int) -> Tensor:
            count = dimension * stage.noise
            drawn = [streams.noise(count, start, stop, dataset, order[seed], train_size) for seed, train_size in keys]
            return torch.stack(drawn, dim=1)[:, row]

        def holdout(stage: Stage) -> Tensor:
            cycles = [
                torch.arange(stage.holdout) % (train_size - learnt(stage, train_size)) + learnt(stage, train_size)
                for _, train_size in keys
            ]
            return torch.stack([self.pools[key[0]][cycle] for key, cycle in zip(keys, cycles, strict=True)])[row]

        return population.Streams(
            lambda stage, start, stop: positions(stage, size, start, stop, stage.order),
            noise,
            lambda stage: positions(stage, stage.probe, 0, 1, "probe")[0],
            holdout,
        )


class Trained(NamedTuple):
    """What a chunk gives: parameters [runs, …] to evaluate and those kept on the way, who diverged [runs], and the sums
    of info [runs]."""

    params: Params
    path: Params
    diverged: Tensor
    sums: dict[str, Tensor]


def _keeper(resume: Path, key: str, label: str, stages: list[Stage]) -> Callable[[population.Snapshot], None]:
    """What happens between blocks of steps: now and then a line of progress and a checkpoint."""
    every = float(os.environ.get("ROBUSTPATH_CHECKPOINT_SECONDS", CHECKPOINT_SECONDS))
    saved = told = time.monotonic()

    def keep(snapshot: population.Snapshot) -> None:
        nonlocal saved, told
        now = time.monotonic()
        if now - told >= REPORT_SECONDS:
            stage = stages[snapshot.stage]
            loss = snapshot.sums[f"{stage.index}.loss"].nanmean().item() / snapshot.step
            print(f"{label}: phase {snapshot.stage + 1}, step {snapshot.step} of {stage.steps}, mean loss {loss:.3f}")
            told = now
        if now - saved >= every:
            checkpoint.save(resume, snapshot, key)
            saved = now

    return keep


def _can_compile(device: torch.device) -> bool:
    """Whether torch.compile has what it needs; its files go to a cache that later jobs share."""
    os.environ.setdefault("TORCHINDUCTOR_CACHE_DIR", str(Path(".cache/inductor").absolute()))
    os.environ.setdefault("TORCHINDUCTOR_COMPILE_THREADS", "1")
    headers = Path(sysconfig.get_path("include"), "Python.h")
    if device.type == "cuda" or (shutil.which(os.environ.get("CXX", "g++")) and headers.exists()):
        return True
    print("a C++ compiler or Python.h is missing (Debian: g++ python3-dev): uncompiled, slower, equal to rounding")
    return False


def _write_weights(results: list[Trained], kept: list[Moment], weights: Path, path: Path) -> None:
    params = {name: torch.cat([result.params[name] for result in results]) for name in results[0].params}
    on_the_way = {name: torch.cat([result.path[name] for result in results]) for name in results[0].path}
    times = torch.tensor([[moment.stage, moment.spent] for moment in kept], dtype=torch.float64).reshape(-1, 2)
    for tensors, file in ((params, weights), (on_the_way | {"moments": times}, path)):
        with replacing(file) as temporary:
            save_file({name: tensor.contiguous() for name, tensor in tensors.items()}, temporary)


def _write_runs(
    settings: dict, spec: Spec, members: list[Run], stages: list[Stage], values: list[dict], results: list[Trained],
    runs: Path,
) -> None:  # fmt: skip
    sums = {name: torch.cat([result.sums[name] for result in results]).tolist() for name in results[0].sums}
    steps = {str(stage.index): stage.steps for stage in stages}
    table = pd.DataFrame(members)
    table.insert(0, "experiment", settings["experiment"])
    table.insert(1, "dataset", settings["dataset"])
    table.insert(2, "method", spec.name)
    table.insert(3, "family", spec.family)
    table["gradient_evaluations"] = float(sum(stage.steps * stage.cost for stage in stages))
    table["steps"] = sum(steps.values())
    table["diverged"] = torch.cat([result.diverged for result in results]).tolist()
    table["hyperparameters"] = [json.dumps(each, sort_keys=True) for each in values]
    for name, totals in sums.items():
        table[f"mean_{name}"] = [total / steps[name.split(".")[0]] for total in totals]
    with replacing(runs) as temporary:
        table.to_parquet(temporary, index=False)


def _write_seconds(settings: dict, members: list[Run], durations: list[float], path: Path) -> None:
    table = pd.DataFrame(members)
    for position, name in enumerate(("experiment", "dataset", "method")):
        table.insert(position, name, settings[name])
    table["seconds"] = durations
    with replacing(path) as temporary:
        table.to_parquet(temporary, index=False)
