"""Training a cell as a supervised one, and recording which examples its method chooses.

The weights are those of a supervised cell, bit for bit: the truth about the candidates is dealt beside what the method
needs, and methods.selecting keeps it from the choice.
"""

from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from robustpath import methods
from robustpath.core.types import Batch
from robustpath.data.prepared import Prepared, load
from robustpath.engine.device import deterministic, resolve
from robustpath.engine.source import STREAM, Source, Streams
from robustpath.engine.stop import listening
from robustpath.methods.base import Spec
from robustpath.methods.selecting import TRUTH, composition
from robustpath.protocols import draws
from robustpath.protocols.choices.shares import SHARES
from robustpath.protocols.outputs import write_runs, write_scores, write_seconds, write_weights
from robustpath.protocols.supervised import training
from robustpath.protocols.supervised.held_out import learnt
from robustpath.protocols.supervised.orders import Known, minority
from robustpath.protocols.supervised.source import Learner, streams
from robustpath.protocols.supervised.training import Cell, Run

if TYPE_CHECKING:
    import pandas as pd


def train(
    settings: dict, data: Path, weights: Path, path: Path, runs: Path, seconds: Path, scores: Path, threads: int,
    parent: tuple[Path, Path] | None = None,
) -> None:  # fmt: skip
    """As a supervised cell; the scores on the way are the shares of corrupted and of minority examples, those chosen
    and all candidates, means over the steps of a run."""
    torch.set_num_threads(threads)
    device, prepared, spec = resolve(settings["device"]), load(data), methods.load(settings["method"])
    axes = settings["train_sizes"], settings["label_noise"], range(settings["seeds"]), range(draws.count(settings))
    members = [Run(*row) for row in product(*axes)]
    with deterministic(settings.get("deterministic", False), spec.name), listening() as asked:
        cell = Recorded(settings, spec, prepared, device, len(members), parent)
        results, durations = training.in_parts(cell, members, weights, asked)

    write_weights(results, cell.moments, weights, path)
    stages, values = [cell.stages] * len(members), [cell.values(run) for run in members]
    write_runs(settings, spec, members, stages, values, results, runs)
    write_seconds(settings, members, durations, seconds)
    write_scores(_recorded(cell, members, runs), scores)
    for leftover in weights.parent.glob(f".{weights.stem}.part*.resume.safetensors*"):
        leftover.unlink(missing_ok=True)  # a run that outlived its Snakemake may end at the same moment


class Recorded(Cell):
    """A supervised cell whose source also deals the truth about the candidates."""

    def __init__(
        self, settings: dict, spec: Spec, prepared: Prepared, device: torch.device, members: int,
        parent: tuple[Path, Path] | None = None,
    ):  # fmt: skip
        super().__init__(settings, spec, prepared, device, members, parent)
        self.labels, self.attribute = prepared.labels, prepared.attribute
        for stage in self.stages:
            if STREAM in stage.needs:
                stage.needs[TRUTH] = stage.needs[STREAM]  # the stage's programs, made already, see the same needs

    def source(self, runs: list[Run]) -> Source:
        """What the runs learn from, and the truth about their candidates."""
        plain, drawn, rare = super().source(runs), self.drawn(runs), self.rare(runs)

        def deal(state, params, stage, step):
            if TRUTH not in stage.needs:
                return plain.next(state, params, stage, step)
            known = {name: amount for name, amount in stage.needs.items() if name != TRUTH}
            state, dealt = plain.next(state, params, stage._replace(needs=known), step)
            truth = {name: part.to(self.device) for name, part in self.truth(drawn.stream(stage, step), rare).items()}
            return state, dealt._replace(given={**dealt.given, TRUTH: truth})

        return plain._replace(next=deal)

    def drawn(self, runs: list[Run]) -> Streams:
        """Where in the data the runs' examples lie."""
        orders = {seed: self._seed("order", seed) for seed in self.pools}
        learners = [Learner(run.seed, self._size(run)) for run in runs]
        return streams(learners, self.pools, orders, self.settings["dataset"], self.settings["batch_size"], 0)

    def rare(self, runs: list[Run]) -> Tensor | None:
        """Which examples [M, N] have not the attribute that most training examples of their clean label have; None
        where there is no attribute."""
        if self.attribute is None:
            return None
        count, every = int(self.attribute.max()) + 1, torch.arange(len(self.labels))
        groups = {"groups": self.labels * count + self.attribute}
        owns = {(run.seed, self._size(run)) for run in runs}
        found = {own: minority(Known(every, self.pools[own[0]][: own[1]], groups, count)) for own in owns}
        return torch.stack([found[run.seed, self._size(run)] for run in runs])

    def truth(self, places: Tensor, rare: Tensor | None) -> dict[str, Tensor]:
        """The clean labels of the examples at `places` [M, n], and a column of their minority; none without groups."""
        column = torch.empty(*places.shape, 0) if rare is None else rare.gather(1, places)[..., None].float()
        return {"inputs": column, "labels": self.labels[places]}

    def of_batches(self, runs: list[Run]) -> dict[str, Tensor]:
        """The shares [M] of corrupted and minority examples in all batches of a method that does not choose."""
        stage = self.stages[0]
        places = self.drawn(runs).batches(stage, 0, stage.steps).transpose(0, 1).flatten(1)
        rows = torch.tensor([self.rows.index((run.label_noise, run.seed)) for run in runs])
        labels = self.data.labels.cpu()[rows].gather(1, places)
        everywhere = torch.arange(places.shape[1])
        return torch.vmap(lambda truth, own: composition(Batch(**truth), own, everywhere))(
            self.truth(places, self.rare(runs)), labels
        )

    def _size(self, run: Run) -> int:
        return learnt(run.train_size, self.settings.get("held_out", 0.0))


def _recorded(cell: Recorded, members: list[Run], runs: Path) -> "list[pd.DataFrame]":
    """What was chosen, as rows of the records."""
    from robustpath.protocols import reading

    table = reading.table(runs)
    about = table.drop(columns=[name for name in table if name.startswith("mean_")])
    facts = {"split": "train", "shift": "none", "shift_family": "none", "severity": 0, "converged": True}
    if TRUTH in cell.stages[0].needs:
        found = {name: table[f"mean_0.{name}"] for name in SHARES if f"mean_0.{name}" in table}
    else:
        found = {name: values.double().numpy() for name, values in cell.of_batches(members).items()}
    return [about.assign(**facts, metric=name, value=values) for name, values in found.items()]
