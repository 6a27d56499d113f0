"""Training a cell on designed training sets: every setting and seed of one method."""

import time
from collections.abc import Callable
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import torch
from torch import Tensor

from robustpath import methods, models
from robustpath.core.errors import UserError
from robustpath.core.randomness import generator, varied
from robustpath.data.group_generator import Recipe
from robustpath.engine import population
from robustpath.engine.device import at_precision, deterministic, resolve
from robustpath.engine.plan import plan
from robustpath.engine.source import Data
from robustpath.engine.stop import listening
from robustpath.methods.base import Batch, Spec
from robustpath.models.functional import activations, initialise, mean_cross_entropy, predict
from robustpath.protocols import portions
from robustpath.protocols.designed import designs
from robustpath.protocols.designed.reliance import Swaps, swaps
from robustpath.protocols.designed.source import History, Learner, dealing, learned, moments
from robustpath.protocols.outputs import Trained, write_runs, write_scores, write_seconds, write_weights

if TYPE_CHECKING:
    import pandas as pd

WIDTH = {"cpu": 64, "cuda": 4096}  # members trained together, at most
COMPILED_STEPS = 200_000  # model-steps of a cell from which the 10 s of its compilation repay
LOOKED = 100  # test examples of each group on which a reliance is taken on the way


class Run(NamedTuple):
    """One member of a cell's population."""

    setting: int
    seed: int
    draw: int


def train(
    settings: dict, data: Path, weights: Path, path: Path, runs: Path, seconds: Path, scores: Path, threads: int,
    parent: tuple[Path, Path] | None = None,
) -> None:  # fmt: skip
    """Train a cell and write its weights (tensors [runs, …]), its table of runs with the knobs of each, the measured
    seconds a run, and when each factor was learnt. Examples are generated: those of `data` are not read.

    An interrupted cell goes on from the checkpoints beside `weights` and ends with the same bytes.
    """
    torch.set_num_threads(threads)
    device, spec = resolve(settings["device"]), methods.load(settings["method"])
    members = [Run(*row, 0) for row in product(settings["numbers"], range(settings["seeds"]))]
    results, histories, durations = [], [], []
    with deterministic(settings.get("deterministic", False), spec.name), listening() as asked:
        cell = Cell(settings, spec, device, len(members))
        for start in range(0, len(members), cell.width):
            begun, own = time.monotonic(), members[start : start + cell.width]
            result, history = cell.train(own, weights, start, len(members), asked)
            results.append(result)
            histories.append(history)
            durations += [(time.monotonic() - begun) / len(own)] * len(own)
    write_weights(results, [], weights, path)
    values = [cell.knobs[run.setting] for run in members]
    write_runs(settings, spec, members, [[cell.stage]] * len(members), values, results, runs)
    write_seconds(settings, members, durations, seconds)
    write_scores(_on_the_way(cell, runs, histories), scores)
    for leftover in weights.parent.glob(f".{weights.stem}.part*.resume.safetensors*"):
        leftover.unlink(missing_ok=True)


class Cell:
    """A cell ready to train: the knobs of all settings, and the step of the method on the device."""

    def __init__(self, settings: dict, spec: Spec, device: torch.device, members: int):
        self.settings, self.spec, self.device = settings, spec, device
        numbers, vary, seeds = settings["numbers"], settings["vary"], range(settings["seeds"])
        found = designs.knobs_of(settings["design"], numbers, settings["train_size"])
        self.knobs = dict(zip(numbers, found, strict=True))
        self.splits, self.orders, begun = (
            [varied(source, seed, vary) for seed in seeds] for source in ("split", "order", "initialisation")
        )
        model = models.network(settings, (Recipe().dimension,), Recipe().classes)
        precision = settings.get("precision", "float32")
        self.loss, self.network, layers = (
            at_precision(make(model), device, precision) for make in (mean_cross_entropy, predict, activations)
        )
        self.start = [initialise(model, generator(settings["dataset"], seed, "initialisation")) for seed in begun]
        size = settings["batch_size"]
        batch = Batch(torch.zeros(size, Recipe().dimension), torch.zeros(size, dtype=torch.int64))
        stages = plan(spec, self.loss, self.start[0], batch, settings["budget"], self.network, layers, frozenset())
        if len(stages) > 1:
            raise UserError(
                f"{spec.name} has phases, and a run on a designed training set is one phase; take it off the list of "
                "the experiment's methods in config.yaml"
            )
        self.stage, self.width = stages[0], portions.size(members, WIDTH[device.type])
        repays = members * self.stage.steps >= COMPILED_STEPS
        self.compiled = portions.compiles(settings.get("compile", "auto"), repays, device)
        key = population.key(spec, models.name_of(settings), precision, self.stage)
        self.program = population.program(
            spec, self.loss, self.stage, self.compiled, self.network, device.type == "cuda", key, layers
        )

    def train(
        self, part: list[Run], weights: Path, first: int, total: int, asked: Callable[[], str | None]
    ) -> tuple[Trained, History]:
        """What some members become, and how their reliance grew."""
        own, count = portions.filled(part, self.width, self.compiled), len(part)
        data, learners = self.examples(own)
        steps, size = self.stage.steps, self.settings["batch_size"]
        source, look = dealing(data, learners, size, steps, self.looked_at(own), self.network)
        portion = portions.Portion(own, count, first, total, self.stage, self.program, self.compiled)
        snapshot, read = portions.trained(
            portion, self.settings, self.spec, portions.code("designed", self.spec, self.settings),
            lambda run: self.start[run.seed], source, weights, self.device, asked,
        )  # fmt: skip
        history = look(snapshot.source, read, steps)
        params, sums = (
            {name: tensor[:count].cpu() for name, tensor in each.items()} for each in (read(), snapshot.sums)
        )
        return Trained(params, {}, snapshot.diverged[:count].cpu(), sums), History(*(h[:count].cpu() for h in history))

    def examples(self, runs: list[Run]) -> tuple[Data, list[Learner]]:
        """The pools of some runs one after the other, and what each run holds of its own; a pool that several share
        stands there once."""
        design, size = self.settings["design"], self.settings["train_size"]
        firsts: dict[tuple, int] = {}
        pools, learners, held = {}, [], {}
        for run in dict.fromkeys(runs):
            split, knobs = self.splits[run.seed], self.knobs[run.setting]
            shared = (run.setting if design == "sweep" else None, split if design != "subsets" else None)
            if shared not in pools:
                firsts[shared] = sum(len(pool.labels) for pool in pools.values())
                pools[shared] = designs.pool_of(design, knobs, size, split)
            of_set = designs.held(design, knobs, pools[shared], split, run.setting)
            held[run] = Learner(firsts[shared], of_set, self.orders[run.seed])
        learners = [held[run] for run in runs]
        inputs, labels = (torch.cat([getattr(p, name) for p in pools.values()]) for name in ("inputs", "labels"))
        return Data(inputs.to(self.device), labels.to(self.device)), learners

    def looked_at(self, runs: list[Run]) -> Swaps:
        """The test examples on which the reliance of some runs is taken on the way."""
        recipes = [designs.recipe_of(self.settings["design"], self.knobs[run.setting]) for run in runs]
        asked = [(recipe, self.splits[run.seed]) for recipe, run in zip(recipes, runs, strict=True)]
        found = {each: swaps(*each, LOOKED) for each in dict.fromkeys(asked)}
        return Swaps(*(torch.stack(each).to(self.device) for each in zip(*(found[a] for a in asked), strict=True)))


def _on_the_way(cell: Cell, runs: Path, histories: list[History]) -> "list[pd.DataFrame]":
    """When each factor was learnt, as rows of the records."""
    from robustpath.protocols import reading

    table = reading.table(runs)
    about = table.drop(columns=[name for name in table if name.startswith("mean_")])
    facts = {"split": "test", "shift": "none", "shift_family": "none", "severity": 0, "converged": True}
    steps = moments(cell.stage.steps)

    def values(name: str) -> Tensor:
        return learned(torch.cat([getattr(history, name) for history in histories]), steps, cell.stage.cost)

    return [about.assign(**facts, metric=f"learned_{name}", value=values(name).numpy()) for name in History._fields]
