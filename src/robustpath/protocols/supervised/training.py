"""Training a cell: every train size, seed and hyperparameter draw of one method on one data set, in one process."""

import hashlib
import json
import math
import time
from collections.abc import Callable
from functools import partial
from itertools import product
from pathlib import Path
from typing import NamedTuple

import torch
from torch import Tensor

from robustpath import methods, models
from robustpath.core import randomness
from robustpath.core.errors import UserError
from robustpath.core.parameters import stack
from robustpath.data.prepared import Prepared, load
from robustpath.engine import checkpoint, memory, population, programs
from robustpath.engine.device import at_precision, deterministic, resolve
from robustpath.engine.plan import moments, plan
from robustpath.engine.source import Data, Source
from robustpath.engine.stop import listening, nobody
from robustpath.methods.base import Batch, Spec
from robustpath.models.functional import activations, initialise, mean_cross_entropy, predict
from robustpath.protocols import draws, keeping, portions
from robustpath.protocols.outputs import Trained, write_runs, write_scores, write_seconds, write_weights
from robustpath.protocols.supervised import group_deals
from robustpath.protocols.supervised.deals import deal_of
from robustpath.protocols.supervised.held_out import learnt
from robustpath.protocols.supervised.needs import DEALS
from robustpath.protocols.supervised.source import Learner, dealing, streams

WIDTH = {"cpu": 32, "cuda": 4096}  # members trained together: as many as a CPU's caches hold; on a GPU, at most
COMPILED_STEPS = 10_000  # model-steps of a phase from which the 10 s of its compilation, once for all jobs, repay


class Run(NamedTuple):
    """One member of a cell's population."""

    train_size: int
    label_noise: float
    seed: int
    draw: int


def train(
    settings: dict, data: Path, weights: Path, path: Path, runs: Path, seconds: Path, scores: Path, threads: int,
    parent: tuple[Path, Path] | None = None,
) -> None:  # fmt: skip
    """Train a cell and write its weights (tensors [runs, …]), the parameters kept on the way (`path`), its table of
    runs, the measured seconds a run, and the scores on the way, of which this protocol has none.

    The path holds tensors `{moment}/{parameter}` [runs, …] and `moments` [K, 2]: phase, gradient evaluations so far.
    Draws are drawn from the method's search space or, where the settings have a grid, enumerate its values, everything
    else being default. An interrupted cell goes on from the checkpoints beside `weights` and ends with the same bytes;
    SIGTERM and SIGUSR1 interrupt it after the step at hand, which is saved, and raise Stopped.
    """
    torch.set_num_threads(threads)
    device = resolve(settings["device"])
    prepared = load(data)
    spec = methods.load(settings["method"])
    axes = settings["train_sizes"], settings["label_noise"], range(settings["seeds"]), range(draws.count(settings))
    members = [Run(*row) for row in product(*axes)]
    with deterministic(settings.get("deterministic", False), spec.name), listening() as asked:
        cell = Cell(settings, spec, prepared, device, len(members), parent)
        results, durations = in_parts(cell, members, weights, asked)

    write_weights(results, cell.moments, weights, path)
    stages, values = [cell.stages] * len(members), [cell.values(run) for run in members]
    write_runs(settings, spec, members, stages, values, results, runs)
    write_seconds(settings, members, durations, seconds)
    write_scores([], scores)
    for leftover in weights.parent.glob(f".{weights.stem}.part*.resume.safetensors*"):
        leftover.unlink(missing_ok=True)  # a run that outlived its Snakemake may end at the same moment


def in_parts(
    cell: "Cell", members: list[Run], weights: Path, asked: Callable[[], str | None]
) -> tuple[list[Trained], list[float]]:
    """What the members become, as many at a time as fit, and the seconds of each.

    A part that was trained or begun before is as large as its checkpoint. One that does not fit the memory after all is
    halved, its checkpoint with it.
    """
    key = (
        json.dumps(cell.settings, sort_keys=True)
        + str(cell.device.type)
        + cell.mode
        + portions.code("supervised", cell.spec, cell.settings)
    )
    key = hashlib.sha256(key.encode()).hexdigest()
    results, durations = [], []
    while len(durations) < len(members):
        start, begun = len(durations), time.monotonic()
        resume = _checkpoint_of(weights, start)
        width = checkpoint.members(resume, key) or cell.together(members)
        part = members[start : start + width]
        label = (
            f"{cell.spec.name} on {cell.settings['dataset']}, runs {start + 1} to {start + len(part)} of {len(members)}"
        )
        try:
            trained = cell.train(part, resume, key, label, asked)
        except torch.OutOfMemoryError:
            trained = None
        if trained is None:  # here, where the error and the tensors that it holds are gone
            half = cell.halve(part)
            print(f"{label}: out of memory, going on with {half} at a time")
            keeping.split(resume, _checkpoint_of(weights, start + half), key, half)
            continue
        results.append(trained)
        durations += [(time.monotonic() - begun) / len(part)] * len(part)
        steps, cell.spent[:] = sum(cell.spent), []
        # benchmarks/pipeline.py reads the seconds of the steps.
        print(f"{label}: {time.monotonic() - begun:.1f} s, of them {steps:.2f} s model steps ({cell.mode})")
    return results, durations


def _checkpoint_of(weights: Path, start: int) -> Path:
    """Where the part that begins with member `start` is saved."""
    return weights.with_name(f".{weights.stem}.part{start}.resume.safetensors")


class Cell:
    """A cell ready to train: data on the device, stages planned, steps vectorised (and compiled where it pays)."""

    def __init__(
        self, settings: dict, spec: Spec, prepared: Prepared, device: torch.device, members: int,
        parent: tuple[Path, Path] | None = None,
    ):  # fmt: skip
        self.settings, self.spec, self.device = settings, spec, device
        draws.refuse_unknown(settings, spec)
        dealt = {seed: deal_of(settings, prepared, seed) for seed in range(settings["seeds"])}
        self.pools = {seed: each.parts.train for seed, each in dealt.items()}
        self.rows = list(product(settings["label_noise"], self.pools))
        labels = [dealt[seed].labels(level) for level, seed in self.rows]
        self.data = Data(prepared.inputs.to(device), torch.stack(labels).to(device))
        model = models.network(settings, prepared.inputs.shape[1:], int(prepared.labels.max()) + 1)
        precision = settings.get("precision", "float32")
        loss, network, layers = (
            at_precision(make(model), device, precision) for make in (mean_cross_entropy, predict, activations)
        )
        self.start = {seed: initialise(model, self._stream("initialisation", seed)) for seed in self.pools}
        ended = portions.of_parent(*parent) if parent else None
        gives = settings.get("parent", {}).get("gives")
        self.parent = None if gives == "losses" else ended
        example = self._example_batch(prepared)
        self.stages = plan(spec, loss, self.start[0], example, settings["budget"], network, layers, DEALS)
        reference = ended if gives == "losses" else None
        self.beside = group_deals.beside(self.stages, prepared, self.data.labels, settings, network, reference)
        self.moments = moments(self.stages, settings["points"])
        compiled = self._choice(settings.get("compile", "auto"), members)
        self.mode = ", then ".join("compiled" if choice else "eager" for choice in compiled)
        self.width = WIDTH[device.type] if any(compiled) else 2
        key = partial(population.key, spec, models.name_of(settings), precision)
        self.eager, self.programs = (
            [
                population.program(spec, loss, stage, choice, network, device.type == "cuda", key(stage), layers)
                for stage, choice in zip(self.stages, choices, strict=True)
            ]
            for choices in ([False] * len(compiled), compiled)
        )
        self.spent: list[float] = []  # seconds of each step of the part that is trained
        self.programs = [programs.timed(step, self.spent) for step in self.programs]
        self.room, self.fitting = memory.room(device), None

    def _choice(self, wish: str, members: int) -> list[bool]:
        """Which phases are compiled: none, all, or those whose steps repay it and then only those."""
        worthwhile = [wish == "always" or members * stage.steps >= COMPILED_STEPS for stage in self.stages]
        able = wish != "never" and any(worthwhile) and (self.device.type == "cuda" or programs.has_compiler())
        return worthwhile if able else [False] * len(worthwhile)

    def together(self, members: list[Run]) -> int:
        """How many of `members` to train together: on a CPU always the same number; on a GPU equal parts of what its
        memory holds in one step of every phase, found by trying."""
        if self.room is None:
            return self.fitting or WIDTH[self.device.type]
        if self.fitting is None:
            most = min(len(members), WIDTH["cuda"])
            widest = memory.widest(lambda width: self._peak(members[:width]) <= self.room, most)
            if not widest:
                raise self._too_small(members)
            self._set_width(math.ceil(len(members) / math.ceil(len(members) / widest)))
        return self.fitting

    def halve(self, part: list[Run]) -> int:
        """Train half as many together as in `part`, which did not fit, and tell how many of it; UserError where it is
        as small as can be."""
        rows = max(len(part), self.width)
        if rows <= 2:
            raise self._too_small(part)
        if self.device.type == "cuda":
            torch._dynamo.reset()  # captured graphs hold memory
        self._set_width(rows // 2)
        return min(rows // 2, len(part))

    def _set_width(self, fitting: int) -> None:
        self.fitting, self.width = fitting, max(fitting, 2) if "compiled" in self.mode else 2

    def _peak(self, members: list[Run]) -> float:
        """The bytes that an uncompiled step of every phase takes for these members, and what is kept on the way."""
        filled, hyperparameters, params = self._population(members, 2)
        kept = sum(tensor.numel() * tensor.element_size() for tensor in params.values()) * len(self.moments)
        short = [stage._replace(steps=1) for stage in self.stages]

        def steps() -> None:
            snapshot = population.begin(self.spec, short, hyperparameters, params)
            population.advance(snapshot, self.spec, short, self.eager, hyperparameters, self.source(filled))

        return memory.peak(self.device, steps) + kept

    def _too_small(self, members: list[Run]) -> UserError:
        parameters = sum(tensor.numel() for tensor in self.start[0].values())
        return memory.too_small(self.spec.name, parameters, len(members), self.settings["batch_size"], self.room)

    def _seed(self, source: str, seed: int) -> int:
        return randomness.varied(source, seed, self.settings["vary"])

    def _stream(self, source: str, seed: int) -> torch.Generator:
        return randomness.generator(self.settings["dataset"], self._seed(source, seed), source)

    def _example_batch(self, prepared: Prepared) -> Batch:
        positions = torch.arange(self.settings["batch_size"]) % len(prepared.labels)
        return Batch(prepared.inputs[positions], prepared.labels[positions])

    def train(
        self, part: list[Run], resume: Path, key: str, label: str, asked: Callable[[], str | None] = nobody
    ) -> Trained:
        """Train some of the members; a compiled population is filled up to one width, a lone run to two."""
        filled, hyperparameters, params = self._population(part, self.width)
        snapshot, source = population.begin(self.spec, self.stages, hyperparameters, params), self.source(filled)
        saved = checkpoint.read(resume, key)
        if saved:
            like = population.begin(self.spec, self.stages, hyperparameters, params, saved.stage)
            snapshot = checkpoint.restore(saved, like._replace(source=source.init()))
            print(f"{label}: going on from step {snapshot.step} of phase {snapshot.stage + 1}")
        snapshot = population.advance(
            snapshot, self.spec, self.stages, self.programs, hyperparameters, source,
            keeping.keeper(resume, key, label, self.stages, len(part), asked), self.moments, asked,
        )  # fmt: skip
        keeping.save(resume, snapshot, key, label, len(part))
        params = population.readout(self.spec, self.stages, hyperparameters, snapshot)
        count = len(part)
        return Trained(
            {name: tensor[:count].cpu() for name, tensor in params.items()},
            {name: tensor[:count].cpu() for name, tensor in snapshot.path.items()},
            snapshot.diverged[:count].cpu(),
            {name: total[:count].cpu() for name, total in snapshot.sums.items()},
        )

    def _population(self, part: list[Run], width: int) -> tuple[list[Run], dict[str, Tensor], dict[str, Tensor]]:
        """The members, filled up to a width by copies of the last, their hyperparameters and first parameters."""
        filled = part + [part[-1]] * (width - len(part))
        params = stack(self._first(run) for run in filled)
        values = portions.hyperparameters(self.settings, self.spec, filled, self.device)
        return filled, values, {name: tensor.to(self.device) for name, tensor in params.items()}

    def _first(self, run: Run) -> dict[str, Tensor]:
        """The parameters that a run begins with: those of its parent's default draw, or a fresh initialisation."""
        return self.parent(run) if self.parent else self.start[run.seed]

    def values(self, run: Run) -> dict[str, float]:
        """The hyperparameters of a run."""
        return draws.values(self.settings, self.spec, run.seed, run.draw)

    def source(self, runs: list[Run]) -> Source:
        """What the runs learn from."""
        rows = [self.rows.index((run.label_noise, run.seed)) for run in runs]
        data = self.data._replace(row=torch.tensor(rows).to(self.device))
        held_out = self.settings.get("held_out", 0.0)
        learners = [Learner(run.seed, learnt(run.train_size, held_out)) for run in runs]
        orders = {seed: self._seed("order", seed) for seed in self.pools}
        dimension = sum(tensor.numel() for tensor in self.start[0].values())
        dataset, batch_size = self.settings["dataset"], self.settings["batch_size"]
        if not self.beside:
            return dealing(data, learners, self.pools, orders, dataset, batch_size, dimension)
        drawn = streams(learners, self.pools, orders, dataset, batch_size, dimension)
        return group_deals.extended(data, drawn, learners, self.pools, self.beside(runs, rows))
