"""Groups of the Gaussian generator whose outcome a pilot of this study has shown: who learns the shortcut, and when.

Two classes, two attributes, 3,000 examples of which a share has the majority attribute of its label; a margin of 3
between the classes and of 6 between the attributes, and a perceptron 20-64-64-2. No rule that reads the core alone is
right more often than Phi(3 / 2). All accuracies are those of the worst group, on 1,000 test examples of each.

Weights: at a correlation of 0.97 plain training takes the attribute for the label. Equal weights of the groups, those
of Group DRO, the errors of a first training (JTT) or a last layer that is fitted anew to equal groups (DFR) mend that,
if training stops in time; as long as plain training takes, without decay, Group DRO ends where plain training does
(Sagawa et al. 2020, sec. 3.1). In time is the pass with the best worst-group accuracy on 3,000 validation examples of
the same correlation: the rule of these methods' authors, which looks at groups.

Order: at 0.9 and in one pass, it matters when the minority comes, by turns with the majority, for what comes last stays
in mind. After a second pass in random order whose rate falls to zero it does not matter any more.

From the pilot are the generator, the network, the 60 passes, JTT's weights, the order's Adam at 2e-3 and one pass. Of
this study are, fixed before any run: that Adam at the same rate, constant, and batches of 100 (of 30 where the order
is looked at) train everywhere; the size of the validation set, at most 20 passes for what stops in time and one pass
for JTT's first training; Group DRO's rate of 0.01 and DFR's strength are the methods' defaults.

The bands are drawn about the pilot's values and were fixed before this program was first run. A value that misses its
band is printed beside it, and the row "bands that hold" counts how many do.
"""

import operator
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Any, NamedTuple

import pandas as pd
import torch
from torch import Tensor

from robustpath.core.parameters import stack
from robustpath.core.randomness import generator
from robustpath.core.types import Batch, Params
from robustpath.data.group_generator import Recipe, ceiling, generated
from robustpath.engine import population
from robustpath.engine.plan import Moment, Stage
from robustpath.engine.source import Dealt, Source
from robustpath.methods.base import Context, Method, Spec, bind, build
from robustpath.methods.minima.adamw import adamw
from robustpath.methods.shortcuts.dfr import BALANCED, dfr, refitting
from robustpath.methods.shortcuts.group_dro import group_dro
from robustpath.methods.shortcuts.jtt import jtt
from robustpath.models.functional import activations, initialise, mean_cross_entropy, predict
from robustpath.models.mlp import mlp
from robustpath.protocols.accuracies import of_groups
from robustpath.protocols.supervised.orders import Known, minority_first, minority_last
from robustpath.theory import table
from robustpath.theory.table import Row

CASE = "known_shortcuts"
SOURCE = "a pilot of this study"
EXAMPLES, EACH = 3000, 1000  # examples to learn from, and test examples of each group
SKEWED, ORDERED = 0.97, 0.9  # shares with the majority attribute
LONG, SHORT = 60, 20  # passes: as many as plain training takes, and the most of what stops in time
BATCH, BATCH_IN_ORDER = 100, 30
REFITS = 300  # steps of DFR's last layer
WEIGHTS, ORDER = "groups at a correlation of 0.97", "orders of exposure at a correlation of 0.9"
ACCURACIES = ("plain", "equal weights", "Group DRO in time", "Group DRO at the end", "JTT, weight 30")
ACCURACIES += ("JTT, weight 10", "DFR")
ADAM = {"learning_rate": 2e-3, "weight_decay": 0.0, "warmup": 0.0}
MODEL = mlp(20, [64, 64], 2)
NETWORK, LAYERS, LOSS = predict(MODEL), activations(MODEL), mean_cross_entropy(MODEL)


class Groups(NamedTuple):
    """Examples of every seed: inputs [S, n, 20], labels and attributes int64 [S, n]."""

    inputs: Tensor
    labels: Tensor
    attributes: Tensor

    def numbers(self) -> Tensor:
        return self.labels * 2 + self.attributes


class Course(NamedTuple):
    """Of every seed after every pass: worst-group accuracies [S, passes] on validation and test; and where it ended:
    parameters and state of the method [S, …]."""

    validation: Tensor
    test: Tensor
    params: Params
    state: Any

    def in_time(self) -> list[float]:
        """The test accuracy of every seed after the pass that is best on validation."""
        return self.test.gather(1, self.validation.argmax(1, keepdim=True))[:, 0].tolist()

    def at_the_end(self) -> list[float]:
        return self.test[:, -1].tolist()


class Band(NamedTuple):
    """What a measured value should be: on a `side` of a `bound`, by HOLDS."""

    place: str
    name: str
    value: float
    side: str
    bound: float

    def holds(self) -> bool:
        return HOLDS[self.side](self.value, self.bound)


HOLDS = {"at least": operator.ge, "at most": operator.le}


def groups(seeds: int, part: str, correlation: float, each: int = 0) -> Groups:
    """Examples of every seed in random order: of a correlation, or so many of `each` group."""
    found = []
    for seed in range(seeds):
        stream, recipe = generator(CASE, seed, part, correlation), Recipe(correlations=(correlation,))
        turn = torch.arange(4 * each) % 4
        made = (
            generated(len(turn), recipe, stream, turn // 2, turn % 2) if each else generated(EXAMPLES, recipe, stream)
        )
        order = torch.randperm(len(made.labels), generator=stream)
        found.append((made.inputs[order], made.labels[order], made.attributes[order, 0]))
    return Groups(*map(torch.stack, zip(*found, strict=True)))


def starts(seeds: int) -> Params:
    """The networks that every method begins with [S, …]."""
    return stack(initialise(MODEL, generator(CASE, seed, "initialisation")) for seed in range(seeds))


def adam(rate: Callable[[Tensor], Tensor] = torch.zeros_like) -> Method:
    """Adam whose rate follows half a cosine at the place rate(progress) of it: constant at 0."""
    plain = build(adamw.spec, {name: torch.tensor(value) for name, value in ADAM.items()})

    def step(loss, params, state, batch, context):
        return plain.step(loss, params, state, batch, context._replace(progress=rate(context.progress)))

    return plain.replace(step=step)


def method_of(spec: Spec, **own: float) -> Method:
    """A method of the study on Adam at a constant rate; what is not given has its default."""
    values = {name: torch.tensor(own.get(name, space.default)) for name, space in spec.own_search.items()}
    return bind(spec, adam(), values)


def learnt(
    method: Method, params: Params, data: Groups, order: Callable[[int], Tensor], passes: int, size: int
) -> tuple[list[Params], Any]:
    """Parameters after each pass, and the state at the end; order(pass) -> positions int64 [S, n], taken in batches of
    `size`."""
    spec = Spec(CASE, "theory", lambda: method, {}, None, "")
    steps = data.labels.shape[1] // size
    stages = [Stage(0, passes * steps, 1.0, {"groups": 1})]
    program = population.program(spec, LOSS, stages[0], False, NETWORK, activations=LAYERS)
    rows, numbers = torch.arange(len(data.labels))[:, None], data.numbers()
    columns = torch.zeros(len(rows), size, 2)  # a column for each attribute
    met = cache(order)

    def deal(state: tuple, params: Params, stage: Stage, step: int) -> tuple[tuple, Dealt]:
        own = met(step // steps)[:, step % steps * size : (step % steps + 1) * size]
        batch = {"inputs": data.inputs[rows, own], "labels": data.labels[rows, own]}
        return state, Dealt(batch, {"groups": {"inputs": columns, "labels": numbers[rows, own]}})

    ends = [Moment(0, (number + 1) * steps, 0.0) for number in range(passes)]
    begun = population.begin(spec, stages, {}, params)
    end = population.advance(begun, spec, stages, [program], {}, Source(tuple, deal), kept=ends)
    kept = [{name: end.path[f"{number:03d}/{name}"] for name in params} for number in range(passes)]
    return kept, end.state


@torch.no_grad()
def worst(params: Params, data: Groups) -> Tensor:
    """The accuracy of the worst group of every seed, float64 [S]."""
    logits = torch.vmap(NETWORK)(params, data.inputs)
    rows = zip(logits, data.labels, data.attributes, strict=True)
    return torch.cat([of_groups(own[None], *about)["accuracy_worst_group"] for own, *about in rows])


def shuffled(seeds: int) -> Callable[[int], Tensor]:
    """A new random order of the examples for every seed and pass."""

    def order(done: int) -> Tensor:
        return torch.stack(
            [torch.randperm(EXAMPLES, generator=generator(CASE, seed, "order", done)) for seed in range(seeds)]
        )

    return order


def course(method: Method, passes: int, train: Groups, validation: Groups, test: Groups) -> Course:
    """How a method goes on from the common start, pass after pass."""
    seeds = len(train.labels)
    kept, state = learnt(method, starts(seeds), train, shuffled(seeds), passes, BATCH)
    scores = [torch.stack([worst(params, part) for params in kept], 1) for part in (validation, test)]
    return Course(*scores, kept[-1], state)


def refitted(params: Params, validation: Groups) -> Params:
    """DFR's second half: the last layer of each network is fitted anew to as many validation examples of each group."""
    found = []
    for seed, number in enumerate(validation.numbers()):
        each = [(number == group).nonzero()[:, 0] for group in range(4)]
        places = torch.cat([own[torch.arange(BALANCED // 4) % len(own)] for own in each])
        balanced = Batch(validation.inputs[seed, places], validation.labels[seed, places])
        method = refitting(torch.tensor(dfr.spec.own_search["strength"].default))
        own = {name: tensor[seed] for name, tensor in params.items()}
        state, context = method.init(own), Context(torch.tensor(0.5), {"balanced": balanced}, NETWORK, LAYERS)
        for _ in range(REFITS):
            own, state, _ = method.step(LOSS, own, state, balanced, context)
        found.append(own)
    return stack(found)


@torch.no_grad()
def errors(first: Params, train: Groups) -> tuple[list[float], list[float]]:
    """Of the examples that a first training gets wrong, the share that is of the minority; of those of the minority,
    the share that it gets wrong; of every seed."""
    wrong = torch.vmap(NETWORK)(first, train.inputs).argmax(2) != train.labels
    rare = train.attributes != train.labels
    both = (wrong & rare).sum(1).double()
    return (both / wrong.sum(1).clamp_min(1)).tolist(), (both / rare.sum(1)).tolist()


def of_weights(passes: int, seeds: int) -> dict[str, list[float]]:
    """What is measured on skewed groups, by name: a value of every seed. `passes` are those of plain training."""
    short = max(1, passes * SHORT // LONG)
    parts = groups(seeds, "train", SKEWED), groups(seeds, "validation", SKEWED), groups(seeds, "test", SKEWED, EACH)
    train, validation, test = parts
    plain, robust = course(adam(), passes, *parts), course(method_of(group_dro.spec), passes, *parts)
    heavy, light = (
        course(method_of(jtt.spec, first_training=1 / short, weight=weight), short, *parts) for weight in (30.0, 10.0)
    )
    precise, complete = errors(heavy.state.first, train)
    return {
        "plain": plain.at_the_end(),
        "equal weights": course(method_of(group_dro.spec, group_rate=0.0), short, *parts).in_time(),
        "Group DRO in time": Course(robust.validation[:, :short], robust.test[:, :short], {}, ()).in_time(),
        "Group DRO at the end": robust.at_the_end(),
        "JTT, weight 30": heavy.in_time(),
        "JTT, weight 10": light.in_time(),
        "DFR": worst(refitted(plain.params, validation), test).tolist(),
        "JTT's errors that are of the minority": precise,
        "minority among JTT's errors": complete,
    }


def of_order(seeds: int) -> dict[str, list[float]]:
    """Worst-group accuracies after one pass in an order, and after a second one at random whose rate falls to zero."""
    train, test = groups(seeds, "train", ORDERED), groups(seeds, "test", ORDERED, EACH)
    rule, found = shuffled(seeds), {}
    for name, first in (("first", minority_first), ("at random", None), ("last", minority_last)):
        begun = (
            rule(0)
            if first is None
            else torch.stack(
                [
                    met[first(Known(met, met, {"groups": number}, 2))]
                    for met, number in zip(rule(0), train.numbers(), strict=True)
                ]
            )
        )
        once, _ = learnt(adam(), starts(seeds), train, lambda done, begun=begun: begun, 1, BATCH_IN_ORDER)
        twice = adam(lambda progress: (2 * progress - 1).clamp_min(0.0))
        orders = (begun, rule(1))
        both, _ = learnt(twice, starts(seeds), train, orders.__getitem__, 2, BATCH_IN_ORDER)
        found[f"minority {name}"] = worst(once[-1], test).tolist()
        found[f"minority {name}, then at random"] = worst(both[-1], test).tolist()
    return found


def run(settings: dict) -> pd.DataFrame:
    """The measured values, seed by seed, and the bands.

    settings: passes (of plain training), seeds. Fewer than LONG passes are another problem, of which the bands say
    nothing.
    """
    found = {WEIGHTS: of_weights(settings["passes"], settings["seeds"]), ORDER: of_order(settings["seeds"])}
    return reported(CASE, found, claims if settings["passes"] == LONG else None)


def reported(
    case: str,
    found: Mapping[str, Mapping[str, Sequence[float]]],
    judged: Callable[[Mapping[str, float]], list[Row]] | None,
) -> pd.DataFrame:
    """The table of a case from what was measured, place -> name -> a value of every seed; where it is `judged`, with
    the rows that this gives of the means over seeds by name."""
    rows = [
        Row(place, name, value, seed=seed)
        for place, named in found.items()
        for name, values in named.items()
        for seed, value in enumerate(values)
    ]
    means = {name: sum(values) / len(values) for named in found.values() for name, values in named.items()}
    return table.frame(case, [*rows, *(judged(means) if judged else ())])


def claims(found: Mapping[str, float]) -> list[Row]:
    """Every band with the measured value, from the means over seeds, and how many of the bands hold."""
    bands = [*on_weights(found), *on_order(found)]
    rows = [Row(band.place, f"{band.name}, {band.side}", band.value, band.bound, SOURCE) for band in bands]
    held = sum(band.holds() for band in bands)
    return [*rows, Row("all shortcuts", "bands that hold", float(held), float(len(bands)), SOURCE)]


def on_weights(found: Mapping[str, float]) -> list[Band]:
    """The pilot: plain .60, equal weights .87, Group DRO .86 in time and .62 at the end, JTT .87 and .81, DFR .90, and
    of JTT's errors .95 of the minority, which has .96 of its examples among them. 0.06 are left on each side."""
    bounds = (
        ("plain", "at least", 0.54),
        ("plain", "at most", 0.66),
        ("equal weights", "at least", 0.81),
        ("Group DRO in time", "at least", 0.80),
        ("Group DRO at the end", "at most", 0.68),
        ("JTT, weight 30", "at least", 0.81),
        ("JTT, weight 10", "at least", 0.75),
        ("DFR", "at least", 0.84),
        ("JTT's errors that are of the minority", "at least", 0.89),
        ("minority among JTT's errors", "at least", 0.90),
    )
    best = max(value for name, value in found.items() if name in ACCURACIES)
    bands = [Band(WEIGHTS, name, found[name], *bound) for name, *bound in bounds]
    return [*bands, Band(WEIGHTS, "best of all", best, "at most", ceiling(Recipe()))]


def on_order(found: Mapping[str, float]) -> list[Band]:
    """The pilot: .12 with the minority first, .70 at random, .83 with it last; .73, .74 and .70 after a second pass."""
    first, random, last = (found[f"minority {name}"] for name in ("first", "at random", "last"))
    after = [found[f"minority {name}, then at random"] for name in ("first", "at random", "last")]
    return [
        Band(ORDER, "minority first", first, "at most", 0.30),
        Band(ORDER, "minority last", last, "at least", 0.75),
        Band(ORDER, "at random better than minority first by", random - first, "at least", 0.20),
        Band(ORDER, "minority last better than at random by", last - random, "at least", 0.0),
        Band(ORDER, "worst of all after a second pass", min(after), "at least", 0.60),
        Band(ORDER, "differences after a second pass", max(after) - min(after), "at most", 0.10),
    ]
