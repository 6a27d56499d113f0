"""Networks on graphs of other sizes than those they learnt from: who extrapolates (Xu et al. 2020, 2021).

A network of ReLUs is linear far from its training data, so it can be right there if what is not linear in the task is
in its architecture. The maximum degree is a sum over neighbours and a maximum over nodes; the length of a shortest path
is what rounds of Bellman and Ford give, minima over neighbours, and a minimum over nodes that singles out the target.
Networks which aggregate in this way are aligned with the task, others are not. (A maximum of messages with their signs
turned is a minimum, so that max + max and min + min are one class of networks.) Where all nodes have the same feature,
the maximum of the messages is the same in every graph.

Graphs of 20 to 30 nodes to learn from, of 50 to 100 to extrapolate to. For the maximum degree each pair of nodes is
joined with a probability from 0.1 to 0.9. For shortest paths a graph is the union of two random cycles, so that degrees
are the same in small and large graphs; weights of edges are uniform on [1, 5], out of range on [1, 10], and a path has
at most three edges. Errors are mean absolute percentage errors, in per cent.

Maximum degree has one iteration of messages, for one sum is what the task needs; shortest paths have three. From the
official program (jinglingli/nn-extrapolate at 6f13fcc) are the sizes and densities of the maximum degree, the weights,
the rates of 0.01 and 0.005, the linear read-out and the squared error. Of this study are the two cycles, batches of 16,
16 and 32 units in place of 256, the number of steps, and the cosine that takes the rate to zero. Units and steps of
shortest paths were chosen by the error in range of three trials of the aligned network, on graphs that no other run
sees; no network was tested out of range before all was fixed.

The bands of the maximum degree are drawn about the values of a pilot: a factor of two where it gives a value, five
points about the error of a network that sees nothing, at most 1 for the network that is aligned. Those of shortest
paths, and the factors by which others are worse, are of this study. They are about means over seeds. All were fixed
before any network was trained. A value that misses its band is printed beside it, and the row "bands that hold" counts
how many do.
"""

import math
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import pandas as pd
import torch
from torch import Generator, Tensor

from robustpath.core.parameters import apart, stack, tree_map
from robustpath.core.randomness import batches, generator
from robustpath.core.types import Batch, Params
from robustpath.engine import population
from robustpath.engine.plan import Stage
from robustpath.engine.source import Dealt, Source
from robustpath.methods.base import Loss
from robustpath.methods.minima.adamw import adamw
from robustpath.theory import graphs, rays, table
from robustpath.theory.graphs import Examples, Graphs
from robustpath.theory.message_passing import Architecture, initial, network
from robustpath.theory.table import Row

CASE = "algorithmic_alignment"
SOURCE, OWN = "a pilot of this study", "a band of this study"
DERIVED = "closed form, robustpath.theory.rays"
BATCH = 16  # graphs a step
STEPS, GRAPHS, SEEDS = 1000, 1000, 3  # what the bands are about: graphs and seeds at least
DENSITIES = tuple(k / 10 for k in range(1, 10))
RANGE, INSIDE, OUTSIDE = (20, 30), (20, 22, 24, 26, 28, 30), (50, 60, 70, 80, 90, 100)  # nodes
WEIGHTS = (5.0, 10.0)  # the largest of an edge, in and out of range
TESTS = 54  # graphs of a size to test on, at most
DEGREE, PATH, RAYS = "maximum degree", "shortest path", "perceptrons on rays"
LEAST = "least error of another out of range, as a multiple"
LINE, BEND = "least share of variance of a line", "largest bend beyond the last kink"
RAY_STEPS, RAY_RATE = 500, 1e-2


class Task(NamedTuple):
    """A question about graphs: its name, features of a node, iterations of messages, whether edges have weights, units,
    share of the steps of a run, rate, and the architectures, that which is aligned with it first."""

    name: str
    features: int
    iterations: int
    weighted: bool
    width: int
    share: float
    rate: float
    architectures: tuple[Architecture, ...]


TASKS = (
    Task(
        DEGREE, 1, 1, False, 16, 0.5, 1e-2,
        tuple(Architecture(*own) for own in (("sum", "max"), ("sum", "sum"), ("sum", "mean"), ("max", "max"))),
    ),
    Task(
        PATH, 2, graphs.HOPS, True, 32, 1.0, 5e-3,
        tuple(Architecture(*own) for own in (("min", "min"), ("sum", "min"), ("min", "sum"), ("sum", "sum"))),
    ),
)  # fmt: skip

# Task -> (architecture, nodes) -> the error of every seed.
Errors = Mapping[str, Mapping[tuple[str, int], Sequence[float]]]


class Band(NamedTuple):
    """What a measured value should be: from `low` to `high`, one of which may be infinite."""

    place: str
    name: str
    low: float
    high: float
    source: str

    def holds(self, value: float) -> bool:
        return self.low <= value <= self.high

    def rows(self, value: float) -> list[Row]:
        """The measured value beside each bound of its band."""
        bounds = (("at least", self.low), ("at most", self.high))
        return [
            Row(self.place, f"{self.name}, {side}", value, bound, self.source)
            for side, bound in bounds
            if math.isfinite(bound)
        ]


BANDS = (
    Band(DEGREE, "error of sum + max in range", -math.inf, 1.0, SOURCE),
    Band(DEGREE, "error of sum + max out of range", -math.inf, 1.0, SOURCE),
    Band(DEGREE, "error of sum + sum in range", 4.6, 18.4, SOURCE),
    Band(DEGREE, "error of sum + sum out of range", 53.0, 212.0, SOURCE),
    Band(DEGREE, "error of sum + mean in range", 3.85, 15.4, SOURCE),
    Band(DEGREE, "error of sum + mean out of range", 6.9, 27.6, SOURCE),
    Band(DEGREE, "error of max + max in range", 44.0, 54.0, SOURCE),
    Band(DEGREE, "error of max + max out of range", 54.0, 64.0, SOURCE),
    Band(DEGREE, LEAST, 5.0, math.inf, OWN),
    Band(PATH, "error of min + min in range", -math.inf, 5.0, OWN),
    Band(PATH, "error of min + min out of range", -math.inf, 10.0, OWN),
    Band(PATH, "error of sum + min out of range, as a multiple", 2.0, math.inf, OWN),
    Band(PATH, "error of min + sum out of range, as a multiple", 2.0, math.inf, OWN),
    Band(PATH, "error of sum + sum out of range, as a multiple", 2.0, math.inf, OWN),
    Band(RAYS, LINE, 0.99, math.inf, OWN),
)


def asked(task: Task, sizes: Tensor, densities: Sequence[float], most: int, stream: Generator) -> Examples:
    """Graphs of these sizes [b], at most `most`, that pose the task's question; densities take turns."""
    if task.name == DEGREE:
        turns = torch.tensor(densities)[torch.arange(len(sizes)) % len(densities)]
        return graphs.maximum_degree(graphs.erdos_renyi(sizes, turns, most, stream))
    largest = WEIGHTS[most > RANGE[1]]
    return graphs.shortest_path(graphs.two_cycles(sizes, largest, most, stream), stream)


def to_learn(task: Task, count: int, densities: Sequence[float], seeds: int) -> Examples:
    """The graphs that every seed learns from [S, count, …], their sizes uniform on RANGE."""
    found = []
    for seed in range(seeds):
        stream = generator(CASE, task.name, seed, "train")
        sizes = torch.randint(RANGE[0], RANGE[1] + 1, (count,), generator=stream)
        found.append(asked(task, sizes, densities, RANGE[1], stream))
    inputs = Graphs(*(torch.stack(part) for part in zip(*(own.graphs for own in found), strict=True)))
    return Examples(inputs, torch.stack([own.labels for own in found]))


def to_test(task: Task, nodes: int, count: int, densities: Sequence[float]) -> Examples:
    """Graphs of a size that all seeds and architectures are tested on; out of RANGE weights are larger too."""
    return asked(task, torch.full((count,), nodes), densities, nodes, generator(CASE, task.name, "test", nodes))


def squared(architecture: Architecture, task: Task) -> Loss:
    """The mean squared error of a network on a batch of graphs."""
    predict = network(architecture, task.iterations, task.weighted)

    def loss(params: Params, batch: Batch) -> Tensor:
        return (predict(params, batch.inputs) - batch.labels).square().mean()

    return loss


def trained(loss: Loss, params: Params, source: Source, steps: int, rate: float) -> Params:
    """Parameters [S, …] after so many steps of the registry's AdamW, without decay and warm-up; its rate falls to zero
    along half a cosine."""
    members = len(next(iter(params.values())))
    values = {name: space.default for name, space in adamw.spec.search.items()}
    values |= {"learning_rate": rate, "weight_decay": 0.0, "warmup": 0.0}
    hyperparameters = {name: torch.full((members,), float(value)) for name, value in values.items()}
    stages = [Stage(0, steps, 1.0)]
    program = population.program(adamw.spec, loss, stages[0], False)
    begun = population.begin(adamw.spec, stages, hyperparameters, params)
    return population.advance(begun, adamw.spec, stages, [program], hyperparameters, source).params


def dealing(task: Task, data: Examples) -> Source:
    """Batches of each seed's own graphs, pass after pass in a new random order."""
    seeds, count = data.labels.shape
    rows = torch.arange(seeds)[:, None]

    def deal(state: tuple, params: Params, stage: Stage, step: int) -> tuple[tuple, Dealt]:
        own = [batches(count, BATCH, step, step + 1, CASE, task.name, seed)[0] for seed in range(seeds)]
        here = rows, torch.stack(own)
        inputs = Graphs(*(tensor[here] for tensor in data.graphs))
        return state, Dealt({"inputs": inputs, "labels": data.labels[here]}, {})

    return Source(tuple, deal)


def learnt(task: Task, architecture: Architecture, data: Examples, steps: int) -> Params:
    """The networks of an architecture, one for each seed; every architecture begins with the same parameters."""
    begun = stack(
        initial(task.features, task.width, task.iterations, task.weighted, generator(CASE, task.name, seed, "start"))
        for seed in range(len(data.labels))
    )
    return trained(
        squared(architecture, task), begun, dealing(task, data), max(1, round(task.share * steps)), task.rate
    )


@torch.no_grad()
def errors(task: Task, architecture: Architecture, params: Params, test: Examples) -> list[float]:
    """The mean absolute percentage error of every seed, in per cent."""
    predict = network(architecture, task.iterations, task.weighted)
    found = [predict(own, test.graphs) for own in apart(params)]
    return [(100 * (own - test.labels).abs() / test.labels).mean().item() for own in found]


def of_task(task: Task, settings: Mapping) -> dict[tuple[str, int], list[float]]:
    """(architecture, nodes) -> the error of every seed."""
    data = to_learn(task, settings["graphs"], settings["densities"], settings["seeds"])
    count = min(TESTS, settings["graphs"])
    tests = {nodes: to_test(task, nodes, count, settings["densities"]) for nodes in (*INSIDE, *OUTSIDE)}
    found = {}
    for architecture in task.architectures:
        params = learnt(task, architecture, data, settings["steps"])
        for nodes, test in tests.items():
            found[architecture.name, nodes] = errors(task, architecture, params, test)
    return found


def of_rays(seeds: int, steps: int) -> tuple[list[float], list[float]]:
    """Of every seed's perceptron, after RAY_STEPS steps at most, the least straightness and the largest bend over all
    rays."""
    data = [rays.examples(CASE, "rays", seed) for seed in range(seeds)]
    batch = {"inputs": torch.stack([own.inputs for own in data]), "labels": torch.stack([own.labels for own in data])}
    begun = stack(rays.start(CASE, "rays", seed, "start") for seed in range(seeds))
    source = Source(tuple, lambda state, params, stage, step: (state, Dealt(batch, {})))
    end = trained(rays.loss, begun, source, min(RAY_STEPS, steps), RAY_RATE)
    models = [tree_map(Tensor.double, own) for own in apart(end)]
    return (
        [min(rays.straightness(own, direction) for direction in rays.directions()) for own in models],
        [max(rays.bend(own, direction) for direction in rays.directions()) for own in models],
    )


def run(settings: dict) -> pd.DataFrame:
    """The errors of every seed at every size, the rays, and the bands.

    settings: steps (of shortest paths), graphs (to learn from, each seed), seeds, densities. Other steps or densities
    than STEPS and DENSITIES, and fewer graphs or seeds than GRAPHS and SEEDS, are another problem, of which the bands
    say nothing.
    """
    measured = {task.name: of_task(task, settings) for task in TASKS}
    straight, bends = of_rays(settings["seeds"], settings["steps"])
    whole = settings["steps"] == STEPS and tuple(settings["densities"]) == DENSITIES
    enough = settings["graphs"] >= GRAPHS and settings["seeds"] >= SEEDS
    rows = measured_rows(measured, straight, bends)
    return table.frame(CASE, [*rows, *(judged(measured, straight) if whole and enough else ())])


def measured_rows(measured: Errors, straight: Sequence[float], bends: Sequence[float]) -> list[Row]:
    """What was measured of every seed: errors, and the rays."""
    rows = [
        Row(f"{place}, {architecture}", f"error at {nodes} nodes", value, seed=seed)
        for place, found in measured.items()
        for (architecture, nodes), values in found.items()
        for seed, value in enumerate(values)
    ]
    rows += [Row(RAYS, BEND, value, 0.0, DERIVED, seed=seed) for seed, value in enumerate(bends)]
    return [*rows, *(Row(RAYS, LINE, value, seed=seed) for seed, value in enumerate(straight))]


def judged(measured: Errors, straight: Sequence[float]) -> list[Row]:
    """Every band with what was measured, and how many of the bands hold."""
    found = summary(measured) | {(RAYS, LINE): min(straight)}
    held = sum(band.holds(found[band.place, band.name]) for band in BANDS)
    rows = [row for band in BANDS for row in band.rows(found[band.place, band.name])]
    return [*rows, Row("all networks", "bands that hold", float(held), float(len(BANDS)), OWN)]


def summary(measured: Errors) -> dict[tuple[str, str], float]:
    """What bands read, by place and name: means over seeds and sizes in and out of range, and how many times the error
    of the aligned network others have out of range."""
    found = {}
    for task in TASKS:
        outside = {}
        for architecture in (own.name for own in task.architectures):
            for where, sizes in (("in range", INSIDE), ("out of range", OUTSIDE)):
                values = [value for nodes in sizes for value in measured[task.name][architecture, nodes]]
                mean = sum(values) / len(values)
                found[task.name, f"error of {architecture} {where}"] = outside[architecture] = mean
        aligned, *others = outside.items()
        for name, value in others:
            found[task.name, f"error of {name} out of range, as a multiple"] = value / aligned[1]
        found[task.name, LEAST] = min(value for _, value in others) / aligned[1]
    return found
