"""Training a cell on episodes: every number of shots, seed and draw of one method."""

import time
from collections.abc import Callable
from itertools import groupby, product
from pathlib import Path
from typing import NamedTuple

import torch

from robustpath import methods, models
from robustpath.core import randomness
from robustpath.core.errors import UserError
from robustpath.data.prepared import Prepared, load
from robustpath.engine import population
from robustpath.engine.device import at_precision, deterministic, resolve
from robustpath.engine.plan import Stage, plan
from robustpath.engine.source import Data
from robustpath.engine.stop import listening
from robustpath.methods.base import Batch, Spec
from robustpath.models.functional import activations, initialise, predict
from robustpath.protocols import draws, portions
from robustpath.protocols.episodes.classes import parts, turned
from robustpath.protocols.episodes.network import loss_of, outputs, with_fresh_head
from robustpath.protocols.episodes.source import batch_size, dealing
from robustpath.protocols.outputs import Trained, write_runs, write_scores, write_seconds, write_weights

WIDTH = {"cpu": 64, "cuda": 4096}  # members trained together, at most
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
            program = cell.program(stage)
            for start in range(0, len(together), cell.width):
                begun, part = time.monotonic(), together[start : start + cell.width]
                results.append(cell.train(part, stage, *program, weights, len(durations), len(members), asked))
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
        self.members = settings["seeds"] * draws.count(settings)  # of each number of shots
        self.width = portions.size(self.members, WIDTH[device.type])
        self.begins = portions.of_parent(*parent) if parent else lambda run: self.start[run.seed]

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

    def program(self, stage: Stage) -> tuple[population.Program, bool]:
        """One step of all members, and whether it is compiled."""
        repays = self.members * stage.steps >= COMPILED_STEPS
        compiled = portions.compiles(self.settings.get("compile", "auto"), repays, self.device)
        graph, key = (
            self.device.type == "cuda",
            population.key(self.spec, models.name_of(self.settings), self.precision, stage),
        )
        step = population.program(self.spec, self.loss, stage, compiled, self.network, graph, key, self.layers)
        return step, compiled

    def train(
        self, part: list[Run], stage: Stage, program: population.Program, compiled: bool, weights: Path, first: int,
        total: int, asked: Callable[[], str | None],
    ) -> Trained:  # fmt: skip
        """What some members of one number of shots become."""
        own = portions.filled(part, self.width, compiled)
        row = torch.tensor([run.seed for run in own])
        source = dealing(self.data, self.trained, self.orders, row, self.ways, part[0].shots, self.settings["dataset"])
        portion = portions.Portion(own, len(part), first, total, stage, program, compiled)
        key = portions.code("episodes", self.spec, self.settings)
        snapshot, read = portions.trained(
            portion, self.settings, self.spec, key, self.begins, source, weights, self.device, asked
        )
        count = len(part)
        return Trained(
            {name: tensor[:count].cpu() for name, tensor in read().items()},
            {},
            snapshot.diverged[:count].cpu(),
            {name: total[:count].cpu() for name, total in snapshot.sums.items()},
        )
