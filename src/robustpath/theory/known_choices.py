"""Choosing batches by loss where labels are wrong, whose outcome a pilot of this study has shown: who trains on errors.

The 1,797 digits of Optdigits at 8 x 8 pixels: 397 for the test, whose labels are right, a hold-out of 600 and 800 to
learn from, of whose labels 40 % are drawn anew from the ten classes. So 36 % are wrong, a drawn label being right by
chance once in ten times. In each step 320 candidates, the next of one shuffled pass after another, give 32 to train on:
those with the largest reducible loss (RHO-LOSS: Mindermann et al. 2022, eq. 3), the largest loss (hard mining), the
smallest irreducible loss, self-paced ones (Kumar et al. 2010), or the first 32. The irreducible loss is that of a
network which learns from the hold-out alone, as it is after the pass with the lowest mean loss on the examples to learn
from, as in the authors' program (OATML/RHO-Loss, tutorial.ipynb). What is compared are the share of wrong labels among
the chosen examples of all steps, and the accuracy on the test at the end.

A wrong label has a large loss at any time, and by a model that does not see it a large irreducible loss too: the
difference tells it from an example that is merely hard.

From the pilot are the data, the noise, the numbers of candidates, chosen and held-out examples. Its networks and
lengths are not known. Of this study are, fixed before any run: a perceptron 64-128-128-10, AdamW at the constant rate
1e-3 with decay 0.01 (those of the authors' program) and 500 steps, as many examples as 20 passes have; 40 passes for
the reference; the division of the digits.

The bands leave 0.06 on each side of the pilot's values and were fixed before this program was first run. A value that
misses its band is printed beside it, and the row "bands that hold" counts how many do.
"""

from collections.abc import Mapping
from typing import NamedTuple

import pandas as pd
import torch
from torch import Tensor
from torch.nn.functional import cross_entropy

from robustpath.core import randomness
from robustpath.core.parameters import stack
from robustpath.core.randomness import generator
from robustpath.core.types import Params
from robustpath.data.download import payload
from robustpath.data.label_noise import noisy
from robustpath.data.sets import optdigits
from robustpath.engine import population
from robustpath.engine.plan import Moment, Stage
from robustpath.engine.population import Snapshot
from robustpath.engine.source import Dealt, Source
from robustpath.methods.base import Method, Spec, bind, build
from robustpath.methods.minima.adamw import adamw
from robustpath.methods.selecting import CANDIDATES, TRUTH, highest, selecting
from robustpath.methods.shortcuts.hard_mining import hard_mining
from robustpath.methods.shortcuts.rho_loss import rho_loss
from robustpath.methods.shortcuts.self_paced import self_paced
from robustpath.models.functional import activations, initialise, mean_cross_entropy, predict
from robustpath.models.mlp import mlp
from robustpath.theory import table
from robustpath.theory.table import Row

CASE = "known_choices"
SOURCE = "a pilot of this study"
PLACE = "digits with 40 % of the labels drawn anew"
TEST, HELD_OUT = 397, 600  # examples of the 1,797; the others are learnt from
NOISE, CLASSES = 0.4, 10
BATCH, STEPS, REFERENCE_PASSES = 32, 500, 40
ADAM = {"learning_rate": 1e-3, "weight_decay": 0.01, "warmup": 0.0}
WRONG, RIGHT = "wrong labels among the chosen", "test accuracy"
MARGIN = 0.06
# The pilot's shares of wrong labels and accuracies, of those that it looked at.
SHARES = {"RHO-LOSS": 0.085, "uniform": 0.36, "largest loss": 0.75, "smallest irreducible loss": 0.0}
ACCURACIES = {"RHO-LOSS": 0.90, "uniform": 0.86, "largest loss": 0.43}
MODEL = mlp(64, [128, 128], CLASSES)
NETWORK, LAYERS, LOSS = predict(MODEL), activations(MODEL), mean_cross_entropy(MODEL)


class Part(NamedTuple):
    """Examples of every seed: images [S, n, 64], the labels that are seen and the right ones, int64 [S, n]."""

    images: Tensor
    seen: Tensor
    labels: Tensor


class Digits(NamedTuple):
    """What is learnt from, the hold-out, and the test, whose labels are all right."""

    train: Part
    holdout: Part
    test: Part


class Band(NamedTuple):
    """What a measured value should be: on a `side`, "at least" or "at most", of a `bound`."""

    name: str
    value: float
    side: str
    bound: float

    def holds(self) -> bool:
        return self.value >= self.bound if self.side == "at least" else self.value <= self.bound


def digits(seeds: int) -> Digits:
    """The parts of every seed, each with its own division and noise."""
    raw, values, _ = optdigits.read({file.name: payload(file) for file in optdigits.ENTRY.files})
    images, labels = optdigits.preprocess(raw, 8)[0].flatten(1), torch.from_numpy(values).long()
    drawn: list[list[tuple[Tensor, Tensor, Tensor]]] = [[], [], []]
    for seed in range(seeds):
        order = torch.randperm(len(labels), generator=generator(CASE, seed, "division"))
        seen = noisy(labels, CLASSES, CASE, seed, NOISE)
        ends = TEST, TEST + HELD_OUT
        for part, places in enumerate((order[ends[1] :], order[ends[0] : ends[1]], order[: ends[0]])):
            drawn[part].append((images[places], (labels if part == 2 else seen)[places], labels[places]))
    return Digits(*(Part(*map(torch.stack, zip(*part, strict=True))) for part in drawn))


def adam() -> Method:
    """AdamW at a constant rate."""
    plain = build(adamw.spec, {name: torch.tensor(value) for name, value in ADAM.items()})

    def step(loss, params, state, batch, context):
        start = context._replace(progress=torch.zeros_like(context.progress))
        return plain.step(loss, params, state, batch, start)

    return plain.replace(step=step)


def chosen_by(spec: Spec) -> Method:
    """A method of the study that chooses, on AdamW, at its defaults."""
    return bind(spec, adam(), {name: torch.tensor(space.default) for name, space in spec.own_search.items()})


def arms() -> dict[str, Method]:
    """Who chooses, by name."""
    given = "irreducible"
    lowest = selecting(adam(), lambda losses, count, context: highest(-context.given[given].labels, count))
    return {
        "RHO-LOSS": chosen_by(rho_loss.spec),
        "uniform": selecting(adam(), lambda losses, count, context: torch.arange(count, device=losses.device)),
        "largest loss": chosen_by(hard_mining.spec),
        "smallest irreducible loss": lowest,
        "self-paced": chosen_by(self_paced.spec),
    }


def trained(method: Method, part: Part, steps: int, irreducible: Tensor | None = None, each: int = 0) -> Snapshot:
    """The population of every seed after so many steps, its parameters kept every `each` steps (0: never).

    irreducible [S, n]: the losses of the reference on the part's examples, for methods that choose; None for one that
    learns from plain batches.
    """
    seeds, count = part.seen.shape
    needs = {} if irreducible is None else dict.fromkeys(("stream", "irreducible", TRUTH), CANDIDATES)
    spec, stages = Spec(CASE, "theory", lambda: method, {}, None, ""), [Stage(0, steps, 1.0, needs)]
    program = population.program(spec, LOSS, stages[0], False, NETWORK, activations=LAYERS)
    size, rows = CANDIDATES if needs else BATCH, torch.arange(seeds)[:, None]

    def deal(state: tuple, params: Params, stage: Stage, step: int) -> tuple[tuple, Dealt]:
        own = torch.stack([randomness.batches(count, size, step, step + 1, CASE, seed)[0] for seed in range(seeds)])
        met = {"inputs": part.images[rows, own], "labels": part.seen[rows, own]}
        batch = {name: values[:, :BATCH] for name, values in met.items()}
        if irreducible is None:
            return state, Dealt(batch, {})
        nothing = torch.zeros(seeds, size, 0)
        losses = {"inputs": nothing, "labels": irreducible[rows, own]}
        truth = {"inputs": nothing, "labels": part.labels[rows, own]}
        return state, Dealt(batch, {"stream": met, "irreducible": losses, TRUTH: truth})

    kept = [Moment(0, step, 0.0) for step in range(each, steps + 1, each)] if each else ()
    begun = population.begin(spec, stages, {}, starts(seeds))
    return population.advance(begun, spec, stages, [program], {}, Source(tuple, deal), kept=kept)


def starts(seeds: int) -> Params:
    """The networks that everything begins with [S, …]."""
    return stack(initialise(MODEL, generator(CASE, seed, "initialisation")) for seed in range(seeds))


@torch.no_grad()
def losses(params: Params, part: Part) -> Tensor:
    """The cross-entropy of every seed's network on its examples, under the labels that are seen [S, n]."""
    logits = torch.vmap(NETWORK)(params, part.images)
    return cross_entropy(logits.transpose(1, 2), part.seen, reduction="none")


def irreducible_losses(data: Digits, passes: int) -> Tensor:
    """The losses [S, n] on the examples to learn from of a network that learns from the hold-out, as it is after the
    pass with the lowest mean of them."""
    each = max(1, HELD_OUT // BATCH)
    path = trained(adam(), data.holdout, passes * each, each=each).path
    names = [name for name, _ in MODEL.named_parameters()]
    found = torch.stack(
        [losses({name: path[f"{number:03d}/{name}"] for name in names}, data.train) for number in range(passes)]
    )
    best = found.mean(2).argmin(0)
    return found[best, torch.arange(found.shape[1])]


def accuracies(params: Params, part: Part) -> list[float]:
    """The share of right predictions of every seed."""
    with torch.no_grad():
        right = torch.vmap(NETWORK)(params, part.images).argmax(2) == part.labels
    return right.double().mean(1).tolist()


def measured(steps: int, seeds: int) -> dict[tuple[str, str], list[float]]:
    """Shares of wrong labels and accuracies by (arm, name): a value of every seed. All trainings take the same share of
    their steps."""
    data = digits(seeds)
    reference = irreducible_losses(data, max(1, REFERENCE_PASSES * steps // STEPS))
    found = {}
    for arm, method in arms().items():
        end = trained(method, data.train, steps, reference)
        found[arm, WRONG] = (end.sums["0.chosen_corrupted"].double() / steps).tolist()
        found[arm, RIGHT] = accuracies(end.params, data.test)
    return found


def run(settings: dict) -> pd.DataFrame:
    """The measured values, seed by seed, and the bands.

    settings: steps, seeds. Fewer than STEPS steps are another problem, of which the bands say nothing.
    """
    found = measured(settings["steps"], settings["seeds"])
    rows = [
        Row(PLACE, f"{arm}: {name}", value, seed=seed)
        for (arm, name), values in found.items()
        for seed, value in enumerate(values)
    ]
    means = {key: sum(values) / len(values) for key, values in found.items()}
    return table.frame(CASE, [*rows, *(claims(means) if settings["steps"] == STEPS else ())])


def claims(found: Mapping[tuple[str, str], float]) -> list[Row]:
    """Every band with the measured value, from the means over seeds, and how many of the bands hold."""
    own = bands(found)
    rows = [Row(PLACE, f"{band.name}, {band.side}", band.value, band.bound, SOURCE) for band in own]
    held = sum(band.holds() for band in own)
    return [*rows, Row("all choices", "bands that hold", float(held), float(len(own)), SOURCE)]


def bands(found: Mapping[tuple[str, str], float]) -> list[Band]:
    """Both sides of the pilot's values where there are two, and the order of the accuracies; of self-paced learning the
    pilot says only that it meets fewer wrong labels than there are."""

    def around(arm: str, name: str, value: float) -> list[Band]:
        sides = ("at least", value - MARGIN), ("at most", value + MARGIN)
        return [Band(f"{arm}: {name}", found[arm, name], side, bound) for side, bound in sides if 0 < bound < 1]

    rho, uniform, loss = (found[arm, RIGHT] for arm in ACCURACIES)
    return [
        *(band for arm, value in SHARES.items() for band in around(arm, WRONG, value)),
        *(band for arm, value in ACCURACIES.items() for band in around(arm, RIGHT, value)),
        Band("RHO-LOSS more accurate than uniform by", rho - uniform, "at least", 0.0),
        Band("uniform more accurate than largest loss by", uniform - loss, "at least", 0.0),
        Band("self-paced: " + WRONG, found["self-paced", WRONG], "at most", (1 - 1 / CLASSES) * NOISE),
    ]
