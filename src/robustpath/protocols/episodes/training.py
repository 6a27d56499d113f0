"""Training a cell on episodes: every number of shots, seed and draw of one method."""

import hashlib
import json
import time
from collections.abc import Callable
from functools import partial
from itertools import groupby, product
from pathlib import Path
from typing import NamedTuple

import torch

from robustpath import methods, models
from robustpath.core import randomness
from robustpath.core.errors import UserError
from robustpath.core.fingerprint import fingerprint
from robustpath.core.parameters import on_device, stack
from robustpath.data.prepared import Prepared, load
from robustpath.engine import checkpoint, population, programs
from robustpath.engine.device import at_precision, deterministic, resolve
from robustpath.engine.plan import Stage, plan
from robustpath.engine.source import Data
from robustpath.engine.stop import listening
from robustpath.methods.base import Batch, Spec
from robustpath.models.functional import activations, initialise, predict
from robustpath.protocols import draws, keeping
from robustpath.protocols.episodes.classes import parts, turned
from robustpath.protocols.episodes.network import loss_of, outputs, with_fresh_head
from robustpath.protocols.episodes.source import batch_size, dealing
from robustpath.protocols.outputs import Trained, write_runs, write_scores, write_seconds, write_weights

WIDTH = {"cpu": 64, "cuda": 4096}  # members trained together
COMPILED_STEPS = 200_000  # model-steps of a number of shots from which the 10 s of its compilation repay


class Run(NamedTuple):
    """One member of a cell's population."""

    shots: int
    seed: int
    draw: int


def train(
    settings: dict, data: Path, weights: Path, path: Path, runs: Path, seconds: Path, scores: Path, threads: int,
    parent: tuple[Path, Path] | None = None,
) -> None:  # fmt: skip
    """Train a cell and write its weights (tensors [runs, …]), its table of runs and the measured seconds a run; nothing
    is kept on the `path`, and no scores are taken on the way.

    An interrupted cell goes on from the checkpoints beside `weights` and ends with the same bytes.
    """
    torch.set_num_threads(threads)
    device, spec = resolve(settings["device"]), methods.load(settings["method"])
    members = [Run(*row) for row in product(settings["shots"], range(settings["seeds"]), range(draws.count(settings)))]
    results, stages, durations = [], [], []
    with deterministic(settings.get("deterministic", False), spec.name), listening() as asked:
        cell = Cell(settings, spec, load(data), device, parent)
        for shots, own in groupby(members, lambda run: run.shots):
            together, stage = list(own), cell.stage(shots)
            program = cell.program(stage, len(together))
            for start in range(0, len(together), WIDTH[device.type]):
                begun, part = time.monotonic(), together[start : start + WIDTH[device.type]]
                results.append(cell.train(part, stage, program, weights, len(durations), len(members), asked))
                stages += [[stage]] * len(part)
                durations += [(time.monotonic() - begun) / len(part)] * len(part)
    write_weights(results, [], weights, path)
    values = [draws.values(settings, spec, run.seed, run.draw) for run in members]
    write_runs(settings, spec, members, stages, values, results, runs)
    write_seconds(settings, members, durations, seconds)
    write_scores([], scores)
    for leftover in weights.parent.glob(f".{weights.stem}.part*.resume.safetensors*"):
        leftover.unlink(missing_ok=True)


class Cell:
    """A cell ready to train: the images in every turn on the device, the parts of all seeds, the network."""

    def __init__(
        self, settings: dict, spec: Spec, prepared: Prepared, device: torch.device,
        parent: tuple[Path, Path] | None = None,
    ):  # fmt: skip
        self.settings, self.spec, self.device = settings, spec, device
        draws.refuse_unknown(settings, spec)
        dataset, vary, self.ways = settings["dataset"], settings["vary"], settings["ways"]
        seeds = range(settings["seeds"])
        self.data = Data(turned(prepared.inputs).to(device), prepared.labels.repeat(4).to(device))
        self.trained = [parts(prepared, dataset, randomness.varied("split", seed, vary))["train"] for seed in seeds]
        self.orders = [randomness.varied("order", seed, vary) for seed in seeds]
        model = models.network(settings, prepared.inputs.shape[1:], outputs(prepared, self.ways))
        self.precision = settings.get("precision", "float32")
        self.network, self.layers = (
            at_precision(make(model), device, self.precision) for make in (predict, activations)
        )
        self.loss = loss_of(self.network, self.ways)
        begun = [randomness.varied("initialisation", seed, vary) for seed in seeds]
        start = [initialise(model, randomness.generator(dataset, seed, "initialisation")) for seed in begun]
        self.start = [with_fresh_head(params, self.ways) for params in start]
        self.begins = _of_parent(*parent) if parent else lambda run: self.start[run.seed]

    def stage(self, shots: int) -> Stage:
        """How the budget is spent with so many shots; UserError where it is below one step."""
        size = batch_size(self.ways, shots)
        labels = torch.arange(size) % self.ways
        batch = Batch(self.data.inputs[:size].cpu(), labels, torch.zeros_like(labels))
        found = plan(
            self.spec, self.loss, self.start[0], batch, self.settings["budget"], self.network, self.layers, frozenset()
        )
        if len(found) > 1:
            raise UserError(
                f"{self.spec.name} has phases, and a run on episodes is one phase; take it off the list of the "
                "experiment's methods in config.yaml"
            )
        return found[0]

    def program(self, stage: Stage, members: int) -> population.Program:
        """One step of all members."""
        wish, graph = self.settings.get("compile", "auto"), self.device.type == "cuda"
        repays = wish == "always" or members * stage.steps >= COMPILED_STEPS
        compiled = wish != "never" and repays and (graph or programs.has_compiler())
        key = population.key(self.spec, models.name_of(self.settings), self.precision, stage)
        return population.program(self.spec, self.loss, stage, compiled, self.network, graph, key, self.layers)

    def train(
        self, part: list[Run], stage: Stage, program: population.Program, weights: Path, first: int, total: int,
        asked: Callable[[], str | None],
    ) -> Trained:  # fmt: skip
        """What some members of one number of shots become."""
        spec, settings, stages = self.spec, self.settings, [stage]
        drawn = [draws.values(settings, spec, run.seed, run.draw) for run in part]
        hyperparameters = {
            name: torch.tensor([values[name] for values in drawn]).to(self.device) for name in spec.search
        }
        params = on_device(stack(self.begins(run) for run in part), self.device)
        row = torch.tensor([run.seed for run in part])
        source = dealing(self.data, self.trained, self.orders, row, self.ways, part[0].shots, settings["dataset"])
        label = f"{spec.name} on {settings['dataset']}, runs {first + 1} to {first + len(part)} of {total}"
        of = json.dumps([settings, self.device.type, code_fingerprint(spec, settings)], sort_keys=True)
        key = hashlib.sha256(of.encode()).hexdigest()
        resume = weights.with_name(f".{weights.stem}.part{first}.resume.safetensors")
        snapshot = population.begin(spec, stages, hyperparameters, params)
        if saved := checkpoint.read(resume, key):
            snapshot = checkpoint.restore(saved, snapshot._replace(source=source.init()))
            print(f"{label}: going on from step {snapshot.step} of {stage.steps}")
        keep = keeping.keeper(resume, key, label, stages, len(part), asked)
        began, spent = time.monotonic(), []
        step = programs.timed(program, spent)
        snapshot = population.advance(snapshot, spec, stages, [step], hyperparameters, source, keep, (), asked)
        keeping.save(resume, snapshot, key, label, len(part))
        print(f"{label}: {time.monotonic() - began:.1f} s, of them {sum(spent):.2f} s model steps")
        read = partial(population.readout, spec, stages, hyperparameters, snapshot)
        return Trained(on_device(read(), torch.device("cpu")), {}, snapshot.diverged.cpu(), snapshot.sums)


def code_fingerprint(spec: Spec, settings: dict) -> str:
    """The fingerprint of the code that trains a method on episodes."""
    return fingerprint(
        "robustpath.protocols.episodes.training",
        f"robustpath.methods.{spec.family}.{spec.name}",
        f"robustpath.models.{models.name_of(settings)}",
    )


def _of_parent(weights: Path, runs: Path) -> Callable[[Run], dict[str, torch.Tensor]]:
    """The parameters with which a run of a cell that has a parent begins."""
    from robustpath.protocols import reading  # imports pandas, which a job without a parent has no use for

    return reading.parameters_of_parent(weights, runs)
