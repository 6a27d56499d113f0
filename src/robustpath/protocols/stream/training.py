"""Training a cell on a stream: every budget a batch, level of label noise, seed and draw of one method."""

import time
from collections.abc import Callable
from itertools import groupby, product
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import torch
from torch import Tensor

from robustpath import methods, models
from robustpath.core import randomness
from robustpath.core.errors import UserError
from robustpath.data.label_noise import noisy
from robustpath.data.prepared import Prepared, load
from robustpath.data.splits import split
from robustpath.engine import population
from robustpath.engine.device import at_precision, deterministic, resolve
from robustpath.engine.plan import Stage, phases
from robustpath.engine.source import Data
from robustpath.engine.stop import listening
from robustpath.methods.base import Method, Spec, build
from robustpath.models.functional import activations, initialise, mean_cross_entropy, predict
from robustpath.protocols import draws, portions
from robustpath.protocols.outputs import Trained, write_runs, write_scores, write_seconds, write_weights
from robustpath.protocols.stream import scores
from robustpath.protocols.stream.costs import costs
from robustpath.protocols.stream.needs import DEALS
from robustpath.protocols.stream.on_the_way import ON_THE_WAY
from robustpath.protocols.stream.source import course, dealing
from robustpath.protocols.stream.streams import Stream, stream
from robustpath.protocols.stream.watching import Seen, watch

if TYPE_CHECKING:
    import pandas as pd

WIDTH = {"cpu": 64, "cuda": 4096}  # members trained together, at most
COMPILED_STEPS = 150_000  # model-steps of a cell from which its up to three compilations of 10 s repay
THRESHOLD = 0.8  # prequential accuracy over the last 50 examples of a task


class Run(NamedTuple):
    """One member of a cell's population."""

    evaluations: float
    label_noise: float
    seed: int
    draw: int


def train(
    settings: dict, data: Path, weights: Path, path: Path, runs: Path, seconds: Path, scores: Path, threads: int,
    parent: tuple[Path, Path] | None = None,
) -> None:  # fmt: skip
    """Train a cell and write its weights (tensors [runs, …]), its table of runs, the measured seconds a run, and the
    scores on the way; nothing is kept on the `path`.

    An interrupted cell goes on from the checkpoints beside `weights` and ends with the same bytes.
    """
    torch.set_num_threads(threads)
    device, spec = resolve(settings["device"]), methods.load(settings["method"])
    axes = settings["evaluations"], settings["label_noise"], range(settings["seeds"]), range(draws.count(settings))
    members = [Run(*row) for row in product(*axes)]
    trained, stages, durations = [], [], []
    with deterministic(settings.get("deterministic", False), spec.name), listening() as asked:
        cell = Cell(settings, spec, load(data), device, parent)
        for evaluations, own in groupby(members, lambda run: run.evaluations):
            together, plan = list(own), cell.plan(evaluations)
            for start in range(0, len(together), cell.width):
                begun, part = time.monotonic(), together[start : start + cell.width]
                trained.append(cell.train(part, plan, weights, len(durations), len(members), asked))
                stages += [[plan.stage]] * len(part)
                durations += [(time.monotonic() - begun) / len(part)] * len(part)
    results, seen = zip(*trained, strict=True)
    write_weights(list(results), [], weights, path)
    values = [draws.values(settings, spec, run.seed, run.draw) for run in members]
    write_runs(settings, spec, members, stages, values, list(results), runs)
    write_seconds(settings, members, durations, seconds)
    write_scores([cell.rows(runs, list(seen))], scores)
    for leftover in weights.parent.glob(f".{weights.stem}.part*.resume.safetensors*"):
        leftover.unlink(missing_ok=True)


class Plan(NamedTuple):
    """How a budget a batch is spent: the steps on each batch, the stage of all steps, and its program."""

    repeats: int
    stage: Stage
    program: population.Program
    compiled: bool


class Cell:
    """A cell ready to train: the streams of all seeds on the device, the method's costs counted."""

    def __init__(
        self, settings: dict, spec: Spec, prepared: Prepared, device: torch.device,
        parent: tuple[Path, Path] | None = None,
    ):  # fmt: skip
        self.settings, self.spec, self.device = settings, spec, device
        draws.refuse_unknown(settings, spec)
        self.method = single_phase(spec)
        dataset, vary = settings["dataset"], settings["vary"]
        self.seeds = list(range(settings["seeds"]))
        self.classes = int(prepared.labels.max()) + 1
        self.streams = [stream_of(settings, prepared, seed) for seed in self.seeds]
        inputs = torch.cat([each.inputs for each in self.streams])
        splits = [randomness.varied("split", seed, vary) for seed in self.seeds]
        labels = [
            torch.cat([
                labels_of(each.labels, self.classes, dataset, own, level)
                for each, own in zip(self.streams, splits, strict=True)
            ])
            for level in settings["label_noise"]
        ]  # fmt: skip
        self.data = Data(inputs.to(device), torch.stack(labels).to(device))
        self.orders = [randomness.varied("order", seed, vary) for seed in self.seeds]
        shape = len(self.streams[0].labels), settings["examples_per_batch"], settings["memory"]
        self.courses = [course(self.method.order, *shape, dataset, order) for order in self.orders]
        model = models.network(settings, prepared.inputs.shape[1:], self.classes)
        precision = settings.get("precision", "float32")
        self.loss, self.network, self.layers = (
            at_precision(make(model), device, precision) for make in (mean_cross_entropy, predict, activations)
        )
        begun = [randomness.varied("initialisation", seed, vary) for seed in self.seeds]
        start = [initialise(model, randomness.generator(dataset, seed, "initialisation")) for seed in begun]
        self.begins = portions.of_parent(*parent) if parent else lambda run: start[run.seed]
        self.dimension = sum(tensor.numel() for tensor in start[0].values())
        self.around, self.each = costs(
            self.method, self.loss, start[0], settings["examples_per_batch"], self.streams[0].inputs.shape[1:],
            self.classes, self.network, self.layers,
        )  # fmt: skip
        self.precision = precision
        self.members = len(settings["label_noise"]) * len(self.seeds) * draws.count(settings)  # of each budget
        self.width = portions.size(self.members, WIDTH[device.type])

    def plan(self, evaluations: float) -> Plan:
        """How a budget of gradient evaluations a batch is spent; UserError where it is below one step."""
        repeats = self.repeats(evaluations)
        if repeats < 1:
            raise UserError(
                f"{evaluations:g} gradient evaluations a batch are too few for {self.spec.name}: one step on a batch "
                f"costs {self.around + self.each:.3g}; raise `evaluations` of experiment "
                f"{self.settings['experiment']} in config.yaml"
            )
        steps = repeats * len(self.courses[0].order)
        stage = Stage(0, steps, self.each + self.around / repeats, dict(self.method.needs), self.method.order)
        compiled = portions.compiles(self.settings.get("compile", "auto"), self.steps() >= COMPILED_STEPS, self.device)
        key = population.key(self.spec, models.name_of(self.settings), self.precision, stage)
        graph = self.device.type == "cuda"
        step = population.program(self.spec, self.loss, stage, compiled, self.network, graph, key, self.layers)
        return Plan(repeats, stage, step, compiled)

    def repeats(self, evaluations: float) -> int:
        """The steps on a batch that a budget pays."""
        return int((evaluations - self.around) / self.each + 1e-9)

    def steps(self) -> int:
        """The model-steps of the whole cell."""
        repeats = sum(self.repeats(evaluations) for evaluations in self.settings["evaluations"])
        return self.members * len(self.courses[0].order) * repeats

    def train(
        self, part: list[Run], plan: Plan, weights: Path, first: int, total: int, asked: Callable[[], str | None]
    ) -> tuple[Trained, dict[str, Tensor]]:
        """Train some members of one budget: what they became, and their scores on the way by metric [runs]."""
        own = portions.filled(part, self.width, plan.compiled)
        row = torch.tensor([run.seed for run in own])
        levels = torch.tensor([self.settings["label_noise"].index(run.label_noise) for run in own])
        data = self.data._replace(row=levels.to(self.device))
        watching = watch(
            data, self.streams, self.courses, row, plan.repeats, self.network, self.begins(part[0]), self.classes
        )
        source = dealing(
            data, self.courses, self.orders, row, plan.repeats, self.dimension, self.settings["dataset"],
            watching.look, watching.init,
        )  # fmt: skip
        portion = portions.Portion(own, len(part), first, total, plan.stage, plan.program, plan.compiled)
        key = portions.code("stream", self.spec, self.settings)
        snapshot, read = portions.trained(
            portion, self.settings, self.spec, key, self.begins, source, weights, self.device, asked
        )
        seen = watching.look(snapshot.source, read, plan.stage.steps)
        found, count = self._scores(seen, watching.accuracy, own), len(part)
        trained = Trained(
            {name: tensor[:count].cpu() for name, tensor in read().items()},
            {},
            snapshot.diverged[:count].cpu(),
            {name: total[:count].cpu() for name, total in snapshot.sums.items()},
        )
        return trained, {name: values[:count] for name, values in found.items()}

    def _scores(self, seen: Seen, accuracy: Callable, part: list[Run]) -> dict[str, Tensor]:
        """The scores on the way of some members, float64 [runs] each."""
        batch_size, tasks = self.settings["examples_per_batch"], int(self.streams[0].task[-1]) + 1
        rows = [self.settings["label_noise"].index(run.label_noise) for run in part]
        length = len(self.streams[0].labels)
        labels = torch.stack([
            self.data.labels[row, run.seed * length + self.courses[run.seed].order.flatten().to(self.device)]
            for row, run in zip(rows, part, strict=True)
        ])  # fmt: skip
        losses = torch.stack([
            scores.tempered_losses(logits, targets)
            for logits, targets in zip(seen.logits.split(batch_size, 1), labels.split(batch_size, 1), strict=True)
        ], 1)  # fmt: skip
        hits = seen.logits.argmax(2) == labels
        # The threshold is that of clean labels: of noisy ones, nobody can predict more than the noise leaves.
        clean = torch.stack([self.streams[run.seed].labels[self.courses[run.seed].order.flatten()] for run in part])
        right = seen.logits.argmax(2) == clean.to(self.device)
        counts, never = scores.samples_to_threshold(right.unflatten(1, (tasks, -1)), THRESHOLD)
        # A stream that comes back to its tasks has fewer that are scored than are learnt.
        table = seen.accuracies[:, :, torch.arange(tasks, device=self.device) % seen.accuracies.shape[2]]
        matrix, before = table[:, 1:], table[:, 0]
        found = {
            "prequential_accuracy": hits.double().mean(1),
            "prequential_bits": scores.bits(seen.logits, labels),
            "calibrated_bits": scores.calibrated_bits(losses, batch_size),
            "examples_to_threshold": counts.double().mean(1),
            "below_threshold": never.double().mean(1),
            "movement": seen.moved / len(self.courses[0].order),
            "forgetting": scores.forgetting(matrix),
            "backward_transfer": scores.backward_transfer(matrix),
            "forward_transfer": scores.forward_transfer(matrix, before),
            "learning_accuracy": scores.learning_accuracy(matrix),
            "worst_accuracy": seen.worst,
            "averaged_accuracy": accuracy(seen.averaged).mean(1),
        }
        return {name: value.double().cpu() for name, value in found.items()}

    def rows(self, runs: Path, seen: list[dict[str, Tensor]]) -> "pd.DataFrame":
        """The scores on the way as rows of the records. What a method predicts on its way has no meaning where its
        batches are not those of the stream: there only the average of the weights is scored. The ratio of distance and
        radius has no value where a method has no ball."""
        import pandas as pd

        from robustpath.protocols import reading

        table = reading.table(runs)
        about = table.drop(columns=[name for name in table if name.startswith("mean_")])
        facts = {"shift": "none", "shift_family": "none", "severity": 0}
        frames = []
        for name in seen[0]:
            met = self.method.order == "batches" or name == "averaged_accuracy"
            values = torch.cat([part[name] for part in seen]).numpy()
            own = about.assign(**facts, split=ON_THE_WAY[name].splits[0], metric=name, converged=met)
            frames.append(own.assign(value=values if met else float("nan")))
        ratio = table.get("mean_0.ratio", pd.Series(float("nan"), table.index))
        own = about.assign(**facts, split=ON_THE_WAY["ratio"].splits[0], metric="ratio", converged=ratio.notna())
        frames.append(own.assign(value=ratio))
        return pd.concat(frames, ignore_index=True)


def single_phase(spec: Spec) -> Method:
    """The method at its default hyperparameters; UserError for one with phases, or with needs that no stream deals."""
    method = build(spec, {})
    if len(phases(method)) > 1:
        raise UserError(
            f"{spec.name} has phases, and a stream has no parts that a method may know; take it off the list of the "
            "experiment's methods in config.yaml"
        )
    if unknown := sorted(method.needs.keys() - DEALS):
        raise UserError(
            f"{spec.name} needs '{unknown[0]}' beside its batches, which a stream does not deal (it deals "
            f"{', '.join(sorted(DEALS))}); take the method off the list of the experiment's methods in config.yaml"
        )
    return method


def stream_of(settings: dict, prepared: Prepared, seed: int) -> Stream:
    """The stream of a run's seed; where the split does not vary, that of seed 0."""
    dataset, own = settings["dataset"], randomness.varied("split", seed, settings["vary"])
    parts = split(prepared, dataset, own, settings["validation_size"], settings["test_size"])
    return stream(settings["stream"], prepared, parts, settings["tasks"], settings["examples"], dataset, own)


def labels_of(labels: Tensor, classes: int, dataset: str, seed: int, level: float) -> Tensor:
    """The labels of a stream [L] at a level of noise."""
    return noisy(labels, classes, f"{dataset}/stream", seed, level)
