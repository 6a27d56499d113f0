"""Training a cell of the toy stream, and its scores on the way: each batch is predicted before its first step."""

import hashlib
import json
import time
from itertools import product
from pathlib import Path
from typing import NamedTuple

import pandas as pd
import torch
from robustpath.protocols.toy.protocol import PROTOCOL
from torch import Tensor
from torch.nn.functional import cross_entropy

from robustpath import methods, models
from robustpath.core import randomness
from robustpath.core.fingerprint import fingerprint
from robustpath.core.parameters import stack
from robustpath.data.label_noise import noisy
from robustpath.data.prepared import load
from robustpath.data.splits import split
from robustpath.engine import checkpoint, population
from robustpath.engine.plan import NOISE, Network, Stage, moments, plan
from robustpath.engine.source import Data, Dealt, Source, examples
from robustpath.engine.stop import listening
from robustpath.methods.base import Batch
from robustpath.models.functional import activations, initialise, mean_cross_entropy, predict
from robustpath.protocols import draws, keeping, reading
from robustpath.protocols.outputs import Trained, write_runs, write_scores, write_seconds, write_weights


class Run(NamedTuple):
    """One member of a cell's population."""

    steps_per_batch: int
    label_noise: float
    seed: int
    draw: int


class State(NamedTuple):
    """Of each member: positions of the batch that stays [M, b], how many batches came [M], and the sums over them of
    the accuracy and the loss before their first step [M]."""

    positions: Tensor
    came: Tensor
    correct: Tensor
    loss: Tensor


def stream(
    data: Data, network: Network, runs: list[Run], stages: list[Stage], pools: dict[int, Tensor], dimension: int,
    batch_size: int, key: str,
) -> Source:  # fmt: skip
    """The source: where a member's batch has stayed for its steps, the harder of two candidates comes."""
    starts = {stage.index: sum(earlier.steps for earlier in stages[:place]) for place, stage in enumerate(stages)}
    stays = torch.tensor([run.steps_per_batch for run in runs])

    def of_each(name: str, count: int, numbers: list[int]) -> Tensor:
        drawn = [
            pools[run.seed][randomness.batches(len(pools[run.seed]), count, number, number + 1, key, run.seed, name)[0]]
            for run, number in zip(runs, numbers, strict=True)
        ]
        return torch.stack(drawn)

    def measured(params: dict[str, Tensor], positions: Tensor) -> tuple[Tensor, Tensor]:
        fields = examples(data, positions)
        logits = torch.vmap(network)(params, fields["inputs"])
        losses = cross_entropy(logits.transpose(1, 2), fields["labels"], reduction="none").mean(1)
        return losses, (logits.argmax(2) == fields["labels"]).float().mean(1)

    def init() -> State:
        nothing = torch.zeros(len(runs))
        return State(torch.zeros(len(runs), batch_size, dtype=torch.int64), nothing.long(), nothing, nothing)

    def next_(state: State, params: dict[str, Tensor], stage: Stage, step: int) -> tuple[State, Dealt]:
        done = step - starts[stage.index]  # a phase of a method begins with a batch that arrives
        arrives, leaves = done % stays == 0, ((done + 1) % stays == 0) | (done + 1 == stage.steps)
        candidates = of_each("candidates", 2 * batch_size, state.came.tolist()).split(batch_size, 1)
        (first, hits), (second, other_hits) = (measured(params, each) for each in candidates)
        harder = first >= second
        fresh = torch.where(harder[:, None], *candidates)
        came = State(
            torch.where(arrives[:, None], fresh, state.positions),
            state.came + arrives,
            state.correct + arrives * torch.where(harder, hits, other_hits),
            state.loss + arrives * torch.where(harder, first, second),
        )
        given: dict = {}
        if NOISE in stage.needs:
            numbers = dimension * stage.needs[NOISE]
            given[NOISE] = torch.stack([randomness.noise(numbers, step, step + 1, key, run.seed)[0] for run in runs])
        if "probe" in stage.needs:
            given["probe"] = examples(data, of_each("probe", stage.needs["probe"], [0] * len(runs)))
        return came, Dealt(examples(data, came.positions), given, arrives, leaves)

    return Source(init, next_)


def train(
    settings: dict, data: Path, weights: Path, path: Path, runs: Path, seconds: Path, scores: Path, threads: int,
    parent: tuple[Path, Path] | None = None,
) -> None:  # fmt: skip
    """Train a cell, all its members together, and write what a training writes."""
    torch.set_num_threads(threads)
    began, spec, prepared = time.monotonic(), methods.load(settings["method"]), load(data)
    values = settings["steps_per_batch"], settings["label_noise"], range(settings["seeds"])
    members = [Run(*row) for row in product(*values, range(draws.count(settings)))]
    dataset, batch_size, vary = settings["dataset"], settings["batch_size"], settings["vary"]
    sizes = settings["validation_size"], settings["test_size"]
    own = {seed: randomness.varied("split", seed, vary) for seed in range(settings["seeds"])}
    pools = {seed: split(prepared, dataset, dealt, *sizes).train for seed, dealt in own.items()}
    classes = int(prepared.labels.max()) + 1
    rows = list(product(settings["label_noise"], own))
    labels = [noisy(prepared.labels, classes, dataset, own[seed], level) for level, seed in rows]
    row = torch.tensor([rows.index((run.label_noise, run.seed)) for run in members])
    learnt = Data(prepared.inputs, torch.stack(labels), row)

    model = models.network(settings, prepared.inputs.shape[1:], classes)
    loss, network, layers = mean_cross_entropy(model), predict(model), activations(model)
    start = {seed: initialise(model, randomness.generator(dataset, seed, "initialisation")) for seed in own}
    begins = reading.parameters_of_parent(*parent) if parent else lambda run: start[run.seed]
    first = [begins(run) for run in members]
    example = Batch(prepared.inputs[:batch_size], prepared.labels[:batch_size])
    stages = plan(spec, loss, start[0], example, settings["budget"], network, layers, PROTOCOL.deals)
    programs = [population.program(spec, loss, stage, False, network, activations=layers) for stage in stages]
    drawn = [draws.values(settings, spec, run.seed, run.draw) for run in members]
    hyperparameters = {name: torch.tensor([each[name] for each in drawn]) for name in spec.search}
    dimension = sum(tensor.numel() for tensor in start[0].values())
    source = stream(learnt, network, members, stages, pools, dimension, batch_size, dataset)

    code = fingerprint("robustpath.protocols.toy.training", f"robustpath.methods.{spec.family}.{spec.name}")
    key = hashlib.sha256((json.dumps(settings, sort_keys=True) + code).encode()).hexdigest()
    resume = weights.with_name(f".{weights.stem}.resume.safetensors")
    label, kept = f"{spec.name} on {dataset}", moments(stages, 0)
    snapshot = population.begin(spec, stages, hyperparameters, stack(first))
    if saved := checkpoint.read(resume, key):
        like = population.begin(spec, stages, hyperparameters, stack(first), saved.stage)
        snapshot = checkpoint.restore(saved, like._replace(source=source.init()))
        print(f"{label}: going on from step {snapshot.step} of phase {snapshot.stage + 1}")
    with listening() as asked:
        keeper = keeping.keeper(resume, key, label, stages, len(members), asked)
        snapshot = population.advance(snapshot, spec, stages, programs, hyperparameters, source, keeper, kept, asked)
    params = population.readout(spec, stages, hyperparameters, snapshot)
    trained = [Trained(params, snapshot.path, snapshot.diverged, snapshot.sums)]
    write_weights(trained, kept, weights, path)
    write_runs(settings, spec, members, [stages] * len(members), drawn, trained, runs)
    write_seconds(settings, members, [(time.monotonic() - began) / len(members)] * len(members), seconds)
    table = reading.table(runs)
    write_scores(_on_the_way(table, snapshot.source), scores)
    resume.unlink(missing_ok=True)


def _on_the_way(table: pd.DataFrame, state: State) -> list[pd.DataFrame]:
    """Rows of the records: the means over all batches of what was predicted before their first step."""
    about = table.drop(columns=[name for name in table if name.startswith("mean_")])
    facts = {"split": "train", "shift": "none", "shift_family": "none", "severity": 0, "converged": True}
    sums = {"accuracy_before": state.correct, "surprise": state.loss}
    return [about.assign(**facts, metric=name, value=(sums[name] / state.came).double().numpy()) for name in sums]
