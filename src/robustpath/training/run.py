"""Training a cell: every train size, seed and hyperparameter draw of one method on one data set, in one process."""

import hashlib
import json
import os
import shutil
import sysconfig
import time
from collections.abc import Callable
from functools import partial
from itertools import product
from pathlib import Path
from typing import NamedTuple

import pandas as pd
import torch
from safetensors.torch import save_file
from torch import Tensor

from robustpath import methods
from robustpath.data import prepare, streams
from robustpath.data.splits import split
from robustpath.files import replacing
from robustpath.methods.base import Batch, Params, Spec, draw
from robustpath.models.mlp import initialise, mean_cross_entropy, mlp
from robustpath.provenance.fingerprint import fingerprint
from robustpath.training import checkpoint, population
from robustpath.training.device import resolve
from robustpath.training.plan import Stage, plan

WIDTH = {"cpu": 32, "cuda": 4096}  # members trained together: on a CPU, as many as its caches hold
COMPILED_STEPS = 40_000  # model-steps of a phase from which compilation repays its 3 to 20 seconds
CHECKPOINT_SECONDS = 60.0
REPORT_SECONDS = 10.0


class Run(NamedTuple):
    """One member of a cell's population."""

    train_size: int
    seed: int
    draw: int


def train(settings: dict, data: Path, weights: Path, runs: Path, seconds: Path, threads: int) -> None:
    """Train a cell and write its weights (tensors [runs, …]), its table of runs and the measured seconds a run.

    An interrupted cell goes on from the checkpoints beside `weights` and ends with the same bytes.
    """
    torch.set_num_threads(threads)
    device = resolve(settings["device"])
    prepared = prepare.load(data)
    spec = methods.load(settings["method"])
    members = [
        Run(*row) for row in product(settings["train_sizes"], range(settings["seeds"]), range(settings["draws"]))
    ]
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

    _write(settings, spec, members, cell.stages, results, weights, runs)
    _write_seconds(settings, members, durations, seconds)
    for leftover in weights.parent.glob(f".{weights.stem}.part*.resume.safetensors"):
        leftover.unlink()


def code_fingerprint(spec: Spec) -> str:
    """The fingerprint of the code that trains a method: the engine's and the method's own, not other methods'."""
    return fingerprint("robustpath.training.run", f"robustpath.methods.{spec.family}.{spec.name}")


class Cell:
    """A cell ready to train: data on the device, stages planned, steps vectorised (and compiled where it pays)."""

    def __init__(self, settings: dict, spec: Spec, prepared: prepare.Prepared, device: torch.device, members: int):
        self.settings, self.spec, self.device = settings, spec, device
        self.data = population.Data(prepared.inputs.to(device), prepared.labels.to(device))
        sizes = settings["validation_size"], settings["test_size"]
        self.pools = {
            seed: split(prepared.labels, prepared.official_test, settings["dataset"], seed, *sizes).train
            for seed in range(settings["seeds"])
        }
        model = mlp(prepared.inputs[0].numel(), settings["hidden"], int(prepared.labels.max()) + 1)
        loss = mean_cross_entropy(model)
        self.start = {seed: initialise(model, self._stream(seed, "initialisation")) for seed in self.pools}
        self.stages = plan(spec, loss, self.start[0], self._example_batch(prepared), settings["budget"])
        worthwhile = [members * stage.steps >= COMPILED_STEPS for stage in self.stages]
        compiled = worthwhile if any(worthwhile) and _can_compile(device) else [False] * len(worthwhile)
        self.mode = ", then ".join("compiled" if choice else "eager" for choice in compiled)
        self.width = WIDTH[device.type] if any(compiled) else 2
        self.programs = [
            population.program(spec, loss, stage, choice) for stage, choice in zip(self.stages, compiled, strict=True)
        ]

    def _stream(self, seed: int, purpose: str) -> torch.Generator:
        return streams.generator(self.settings["dataset"], seed, purpose)

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
            snapshot, self.spec, self.stages, self.programs, hyperparameters, self.data, self._streams(filled),
            _keeper(resume, key, label, self.stages),
        )  # fmt: skip
        checkpoint.save(resume, snapshot, key)
        params = population.readout(self.spec, self.stages, hyperparameters, snapshot)
        count = len(chunk)
        return Trained(
            {name: tensor[:count].cpu() for name, tensor in params.items()},
            snapshot.diverged[:count].cpu(),
            {name: total[:count].cpu() for name, total in snapshot.sums.items()},
        )

    def _hyperparameters(self, runs: list[Run]) -> dict[str, Tensor]:
        drawn = [draw(self.spec, run.seed, run.draw) for run in runs]
        return {name: torch.tensor([values[name] for values in drawn]).to(self.device) for name in self.spec.search}

    def _streams(self, runs: list[Run]) -> population.Streams:
        """Batches, noise and probes: functions of (data set, seed, train size), drawn once for all of its draws."""
        keys = list(dict.fromkeys((run.seed, run.train_size) for run in runs))
        row = torch.tensor([keys.index((run.seed, run.train_size)) for run in runs])
        dataset, size = self.settings["dataset"], self.settings["batch_size"]
        dimension = sum(tensor.numel() for tensor in self.start[0].values())

        def positions(count: int, start: int, stop: int, purpose: str) -> Tensor:
            chosen = [
                self.pools[seed][streams.batches(train_size, count, start, stop, dataset, seed, purpose)]
                for seed, train_size in keys
            ]
            return torch.stack(chosen, dim=1)[:, row]

        def noise(start: int, stop: int) -> Tensor:
            drawn = [streams.noise(dimension, start, stop, dataset, seed, train_size) for seed, train_size in keys]
            return torch.stack(drawn, dim=1)[:, row]

        return population.Streams(
            partial(positions, size, purpose="batches"), noise, lambda count: positions(count, 0, 1, "probe")[0]
        )


class Trained(NamedTuple):
    """What a chunk gives: parameters [runs, …] to evaluate, who diverged [runs], and the sums of info [runs]."""

    params: Params
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


def _write(
    settings: dict,
    spec: Spec,
    members: list[Run],
    stages: list[Stage],
    results: list[Trained],
    weights: Path,
    runs: Path,
) -> None:
    params = {name: torch.cat([result.params[name] for result in results]) for name in results[0].params}
    diverged = torch.cat([result.diverged for result in results]).tolist()
    sums = {name: torch.cat([result.sums[name] for result in results]).tolist() for name in results[0].sums}
    steps = {str(stage.index): stage.steps for stage in stages}
    table = pd.DataFrame(members)
    table.insert(0, "experiment", settings["experiment"])
    table.insert(1, "dataset", settings["dataset"])
    table.insert(2, "method", spec.name)
    table.insert(3, "family", spec.family)
    table["gradient_evaluations"] = float(sum(stage.steps * stage.cost for stage in stages))
    table["steps"] = sum(steps.values())
    table["diverged"] = diverged
    table["hyperparameters"] = [json.dumps(draw(spec, run.seed, run.draw), sort_keys=True) for run in members]
    for name, totals in sums.items():
        table[f"mean_{name}"] = [total / steps[name.split(".")[0]] for total in totals]
    with replacing(weights) as temporary:
        save_file({name: tensor.contiguous() for name, tensor in params.items()}, temporary)
    with replacing(runs) as temporary:
        table.to_parquet(temporary, index=False)


def _write_seconds(settings: dict, members: list[Run], durations: list[float], path: Path) -> None:
    table = pd.DataFrame(members)
    for position, name in enumerate(("experiment", "dataset", "method")):
        table.insert(position, name, settings[name])
    table["seconds"] = durations
    with replacing(path) as temporary:
        table.to_parquet(temporary, index=False)
