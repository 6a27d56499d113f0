"""A cell on acquisition, ready to train: what its runs share, and how one round of them is trained."""

import inspect
import sys
from functools import cache
from itertools import product
from pathlib import Path
from typing import NamedTuple

import torch
from torch import Tensor

from robustpath import methods, models
from robustpath.core.errors import UserError
from robustpath.core.fingerprint import fingerprint
from robustpath.core.randomness import generator, varied
from robustpath.data.label_noise import noisy
from robustpath.data.prepared import Prepared
from robustpath.engine import population
from robustpath.engine.device import at_precision
from robustpath.engine.plan import plan
from robustpath.engine.source import Data
from robustpath.methods.acquiring import Acquisition, Chosen, noted
from robustpath.methods.base import Batch, Params, Spec, build
from robustpath.models.functional import activations, initialise, mean_cross_entropy, predict
from robustpath.protocols import draws, portions
from robustpath.protocols.acquisition import source, views
from robustpath.protocols.acquisition.deals import deal_of, groups_of, held_of
from robustpath.protocols.acquisition.needs import EARLIER, SAMPLED, reads_attribute
from robustpath.protocols.acquisition.on_the_way import NOTES
from robustpath.protocols.acquisition.source import Seen
from robustpath.protocols.supervised.needs import DEALS

WIDTH = {"cpu": 64, "cuda": 4096}  # members trained together, at most
COMPILED_STEPS = 10_000  # model-steps of a cell from which the 10 s of its compilation, once for all cells, repay


class Run(NamedTuple):
    """One member of a cell's population."""

    label_noise: float
    missing: int
    seed: int
    draw: int


class Cell:
    """What the runs of an acquisition share: the data on the device, the deals of all seeds, the learner's step."""

    def __init__(self, settings: dict, spec: Spec, prepared: Prepared, device: torch.device, members: int):
        self.settings, self.spec, self.device = settings, spec, device
        draws.refuse_unknown(settings, spec)
        self.needs = getattr(sys.modules[spec.factory.__module__], "NEEDS", ())
        self.learner = methods.load(settings["learner"])
        dataset, vary, self.seeds = settings["dataset"], settings["vary"], range(settings["seeds"])
        self.prepared, self.groups = prepared, groups_of(prepared)
        self.deals = [deal_of(settings, prepared, seed, settings["missing"]) for seed in self.seeds]
        held = [held_of(settings, prepared, seed) for seed in self.seeds]
        self.validation = [each.parts.validation for each in held]
        self.test = [each.parts.test[each.test] for each in held]
        splits = [varied("split", seed, vary) for seed in self.seeds]
        self.orders = [varied("order", seed, vary) for seed in self.seeds]
        self.rows = list(product(settings["label_noise"], self.seeds))
        given = [noisy(prepared.labels, self.groups.classes, dataset, splits[seed], level) for level, seed in self.rows]
        self.data = Data(prepared.inputs.to(device), torch.stack(given).to(device))
        self.given = given
        self.model = models.network(settings, prepared.inputs.shape[1:], self.groups.classes)
        self.precision = settings.get("precision", "float32")
        self.loss, self.network, self.layers = (
            at_precision(make(self.model), device, self.precision)
            for make in (mean_cross_entropy, predict, activations)
        )
        begun = [varied("initialisation", seed, vary) for seed in self.seeds]
        self.start = [initialise(self.model, generator(dataset, seed, "initialisation")) for seed in begun]
        self.dimension = sum(tensor.numel() for tensor in self.start[0].values())
        self.stage = self._stage()
        self.width = portions.size(members, WIDTH[device.type])
        repays = members * self.stage.steps * (settings["rounds"] + 1) >= COMPILED_STEPS
        self.compiled = portions.compiles(settings.get("compile", "auto"), repays, device)
        key = population.key(self.learner, models.name_of(settings), self.precision, self.stage)
        self.program = population.program(
            self.learner, self.loss, self.stage, self.compiled, self.network, device.type == "cuda", key, self.layers
        )
        self._features = cache(self._untrained)  # of a pool, whose inputs are too large to keep for every seed

    def _stage(self):
        """How the budget of a round is spent; UserError where it is below one step or the learner has phases."""
        places = torch.arange(self.settings["batch_size"]) % len(self.prepared.labels)
        batch = Batch(self.prepared.inputs[places], self.prepared.labels[places])
        found = plan(
            self.learner, self.loss, self.start[0], batch, self.settings["budget"], self.network, self.layers, DEALS
        )
        if len(found) > 1:
            raise UserError(
                f"{self.learner.name} has phases, and a round is one phase: name another `learner` in experiment "
                f"{self.settings['experiment']} of config.yaml"
            )
        return found[0]

    def code(self) -> str:
        """The fingerprint of the code that trains: the protocol's, the learner's, the network's, the acquisition's."""
        own = fingerprint(Path(inspect.getfile(self.spec.factory)))
        return portions.code("acquisition", self.learner, self.settings) + own

    def row(self, run: Run) -> int:
        """The row of a run's labels in the data."""
        return self.rows.index((run.label_noise, run.seed))

    def labels(self, run: Run) -> Tensor:
        """The labels of all prepared examples as a run sees them [N]."""
        return self.given[self.row(run)]

    def examples(self, run: Run) -> Tensor:
        """A run's examples, as positions in the prepared data: those with a first label, then the pool."""
        deal = self.deals[run.seed]
        return torch.cat([deal.seed_sets[run.missing], deal.pool])

    def learning(self, runs: list[Run], labelled: Tensor) -> tuple:
        """The source of a round in which runs have labelled some of their examples [M, l], and its `look`."""
        row = torch.tensor([self.row(run) for run in runs]).to(self.device)
        positions = torch.stack([self.examples(run)[own] for run, own in zip(runs, labelled, strict=True)])
        every, shape = None, (0, 0)
        if EARLIER in self.needs:
            shape = len(self.examples(runs[0])), self.groups.classes

            def every(number: int, params: Params) -> Tensor:
                return views.forward(self.layers, params, self.prepared.inputs[self.examples(runs[number])])[1]

        return source.learning(
            self.data._replace(row=row), positions, [self.orders[run.seed] for run in runs], self.settings["dataset"],
            self.settings["batch_size"], self.dimension, self.stage.steps, self.network, every, shape,
        )  # fmt: skip

    def pool(self, run: Run) -> views.Pool:
        """What a run sees of its pool before it is trained; the attribute where its acquisition is an oracle."""
        own, attribute = self.examples(run), self.prepared.attribute
        shown = attribute is not None and reads_attribute(self.spec.name)
        features = self._features(run.seed, run.missing)
        return views.Pool(self.prepared.inputs[own], attribute[own] if shown else None, features)

    def _untrained(self, seed: int, missing: int) -> Tensor:
        own = self.examples(Run(0.0, missing, seed, 0))
        return views.untrained(self.model, self.layers, self.settings["dataset"], self.prepared.inputs[own])

    def acquire(self, run: Run, number: int, params: Params, labelled: Tensor, seen: Seen) -> Chosen:
        """What a run labels after a round: positions [acquired] among its examples, and NOTES; UserError where its
        acquisition names too many or too few, one twice, or one that is not unlabelled, or notes something else.

        params: the run's own; labelled: what it has labelled [l]; seen: how it learnt them, [K, l].
        """
        key = self.settings["dataset"], self.orders[run.seed], run.missing, number
        shown = views.view(
            self.pool(run),
            views.Round(labelled, self.labels(run)[self.examples(run)[labelled]], *(part.cpu() for part in seen)),
            self.model, self.layers, params, generator("dropout", *key) if SAMPLED in self.needs else None,
        )  # fmt: skip
        values = draws.values(self.settings, self.spec, run.seed, run.draw)
        method: Acquisition = build(self.spec, values)
        count = self.settings["acquired"]
        chosen = noted(method(shown, count, generator("acquisition", *key)))
        if fault := _fault(chosen, count, shown.unlabelled):
            raise UserError(
                f"{self.spec.name} {fault} in round {number} on {self.settings['dataset']}: correct the method, or "
                f"take it off the list of methods of experiment {self.settings['experiment']} in config.yaml"
            )
        return chosen


def _fault(found: Chosen, count: int, unlabelled: Tensor) -> str:
    """What is wrong with what an acquisition gives; nothing where all is right."""
    chosen = found.positions
    if strange := [name for name in found.notes if name not in NOTES]:
        return f"notes '{strange[0]}', which is none of {', '.join(NOTES)},"
    if chosen.dtype != torch.int64 or chosen.dim() != 1:
        return f"gives {chosen.dtype} of shape {list(chosen.shape)} in place of whole positions"
    if len(chosen) != count:
        return f"gives {len(chosen)} positions in place of {count}"
    if len(chosen.unique()) < count:
        return "gives a position twice"
    if outside := chosen[~torch.isin(chosen, unlabelled)].tolist():
        return f"gives position {outside[0]}, which is not unlabelled,"
    return ""
