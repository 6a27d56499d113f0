"""Toy models of superposition (Elhage et al. 2022): when a model holds more features than it has dimensions.

Features x [n] are zero with probability 1 - p, else uniform on [0, 1], each on its own; p is their density. A model
of m dimensions gives x' = ReLU(W^T W x + b), W [m, n] with a column W_i for each feature, and is trained on the sum
over features of I_i (x_i - x'_i)^2, I_i their importances. A feature is represented where |W_i| > 1/2.

Five features in two dimensions, I_i = 0.9^i: dense ones are dropped until two are left, each with a dimension of its
own; sparse ones lie in antipodal pairs, then in a pentagon. Two features in one dimension, I = (1, r): the phase
diagram, whose boundary feature_geometry.boundary derives. 80 features in eight dimensions, I = 1: dimensions a feature,
m / |W|^2, over the density, with a plateau at 1/2, where features lie in antipodal pairs.

The bands are drawn about a pilot of this study. Where it gives a range, that is the band; where it gives a value
alone, the width is of this study: 0.05 for norms of 1 and 0, 0.02 for dimensionalities, 0.2 for the squared norm of
the pentagon, 0.03 for dimensions a feature. All were fixed before this program was first run. A value that misses its
band is printed beside it, and the row "bands that hold" counts how many do. Two can be seen to be in doubt without a
run, and stay as they are: at r = 1 and density 0.6 the best pair costs less than one feature alone
(feature_geometry.best_boundary, which was written after the bands), so that a model that is trained well is a pair; and
of the pilot's own dimensions a feature only one, 0.53, is within 0.03 of 1/2.

The engine trains all settings and seeds of a model as one population: the registry's AdamW at a constant rate, on
features that a source of this file makes. Steps, rate, decay and the initialisation's form are those of the official
program (anthropics/toy-models-of-superposition at 562710e) and the pilot; of this study are, chosen by what they cost
and before any run, the batches of 192 for 80 features and of 256 for two (1,024 in the official program), and 3,000
steps for two features.
"""

import math
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import pandas as pd
import torch
from torch import Tensor

from robustpath.core.parameters import apart, stack, tree_map
from robustpath.core.randomness import generator
from robustpath.core.types import Batch, Params
from robustpath.engine import population
from robustpath.engine.plan import Stage
from robustpath.engine.source import Dealt, Source
from robustpath.methods.minima.adamw import adamw
from robustpath.theory import feature_geometry, table
from robustpath.theory.table import Row

CASE = "superposition"
DERIVED = "closed form, robustpath.theory.feature_geometry"
SOURCE = "a pilot of this study"
DENSITIES = (1.0, 0.5, 0.2, 0.1, 0.05)  # of five features
# 1 / p of 80 features: the pilot's 50^(k / 11), and three between them where the plateau should be.
SPARSITIES = tuple(50 ** (k / 11) for k in (0, 1, 2, 2.5, 3, 3.5, 4, 4.5, *range(5, 12)))
PAIR_DENSITIES = tuple(k / 20 for k in range(1, 17))
STEPS, SEEDS = 5000, 3  # what the bands are about, seeds at least
REPRESENTED = 0.5
JUDGED = (0.5, 1.0)  # importances r of the second of two features that bands are about
BEST_SWITCH = "density of the switch of the best pair"
FEW, PAIR, MANY = "five features in two dimensions", "two features in one dimension", "80 features in eight dimensions"


class Band(NamedTuple):
    """What a measured value should be: from `low` to `high`, one of which may be infinite."""

    place: str
    name: str
    low: float
    high: float

    def holds(self, value: float) -> bool:
        return self.low <= value <= self.high

    def row(self, value: float) -> Row:
        """The measured value beside its band: a bound, or the middle of a range and half its width."""
        if math.isinf(self.high):
            return Row(self.place, f"{self.name}, at least", value, self.low, SOURCE)
        if math.isinf(self.low):
            return Row(self.place, f"{self.name}, at most", value, self.high, SOURCE)
        within = f", within {(self.high - self.low) / 2:.3g}" if self.high > self.low else ""
        return Row(self.place, f"{self.name}{within}", value, (self.low + self.high) / 2, SOURCE)


BANDS = (
    Band(FEW, "represented features at density 1", 2, 2),
    Band(FEW, "least norm of a represented feature at density 1", 0.95, 1.05),
    Band(FEW, "largest norm of a represented feature at density 1", 0.95, 1.05),
    Band(FEW, "largest norm of another feature at density 1", -math.inf, 0.05),
    Band(FEW, "least dimensionality at density 1", 0.98, 1.02),
    Band(FEW, "squared norm of W at density 1", 1.95, 2.05),
    Band(FEW, "represented features at density 0.2", 4, 4),
    Band(FEW, "least dimensionality at density 0.2", 0.48, 0.52),
    Band(FEW, "largest dimensionality at density 0.2", 0.48, 0.52),
    Band(FEW, "squared norm of W at density 0.2", 4.0, 4.2),
    Band(FEW, "represented features at density 0.05", 5, 5),
    Band(FEW, "least dimensionality at density 0.05", 0.38, 0.42),
    Band(FEW, "largest dimensionality at density 0.05", 0.38, 0.42),
    Band(FEW, "least norm of a represented feature at density 0.05", 1.11, 1.15),
    Band(FEW, "largest norm of a represented feature at density 0.05", 1.11, 1.15),
    Band(FEW, "squared norm of W at density 0.05", 6.2, 6.6),
    Band(PAIR, "share of densities up to 0.55 with an antipodal pair, r = 1", 1.0, math.inf),
    Band(PAIR, "antipodal pair at density 0.6, r = 1", 0, 0),
    Band(PAIR, "antipodal pair at density 0.4, r = 0.5", 1, 1),
    Band(PAIR, "dimension of its own at density 0.5, r = 0.5", 1, 1),
    Band(MANY, "dimensions a feature at 1 / p = 1.0", 0.97, 1.03),
    Band(MANY, "dimensions a feature at 1 / p = 2.0", 0.53, 0.59),
    Band(MANY, "dimensions a feature at 1 / p = 2.9", 0.50, 0.56),
    Band(MANY, "dimensions a feature at 1 / p = 4.1", 0.43, 0.49),
    Band(MANY, "dimensions a feature at 1 / p = 5.9", 0.29, 0.35),
    Band(MANY, "dimensions a feature at 1 / p = 8.4", 0.23, 0.29),
    Band(MANY, "median dimensionality at 1 / p = 2.0", 0.49, 0.51),
    Band(MANY, "median dimensionality at 1 / p = 2.9", 0.49, 0.51),
    Band(MANY, "densities whose dimensions a feature are within 0.03 of 1/2", 3, math.inf),
    Band(MANY, "densities whose median dimensionality is within 0.03 of 1/2", 3, math.inf),
)


class Model(NamedTuple):
    """A toy model: its name, features and dimensions, how many examples a step and the evaluation have, and its share
    of the steps of a run."""

    place: str
    features: int
    dimensions: int
    batch: int
    evaluation: int
    share: float


MODELS = {
    FEW: Model(FEW, 5, 2, 1024, 50_000, 1.0),
    PAIR: Model(PAIR, 2, 1, 256, 50_000, 0.6),
    MANY: Model(MANY, 80, 8, 192, 10_000, 0.8),
}


class Trained(NamedTuple):
    """Of every setting the parameters of the seed with the lowest loss, W [K, m, n] and b [K, n], and the losses of all
    seeds [K, S]."""

    weights: Tensor
    biases: Tensor
    losses: Tensor

    def loss(self) -> Tensor:
        """The loss of the best seed [K]."""
        return self.losses.min(1).values


def features(uniform: Tensor, densities: Tensor) -> Tensor:
    """Features [K, *shape] of K densities [K] from numbers of U[0, 1) [*shape]: u / p where u < p, which is uniform on
    [0, 1) again, and 0 elsewhere. All densities share their numbers, so that settings are compared in pairs."""
    shaped = densities.reshape(-1, *[1] * uniform.dim())
    return torch.where(uniform < shaped, uniform / shaped, 0.0)


def loss(params: Params, batch: Batch) -> Tensor:
    """The sum over features of I_i (x_i - x'_i)^2, mean over the batch: inputs x [b, n]; labels are the importances
    I [n]."""
    weights, inputs = params["weights"], batch.inputs
    outputs = torch.relu(inputs @ weights.T @ weights + params["biases"])
    return ((inputs - outputs).square() * batch.labels).sum(1).mean()


def starts(model: Model, seeds: int) -> Params:
    """Weights by Xavier's rule and biases of 0 for every seed [S, …]. (The official program draws all instances as one
    tensor, so that the size of the weights depends on how many there are.)"""
    spread = math.sqrt(2 / (model.features + model.dimensions))
    shape = model.dimensions, model.features
    drawn = [torch.randn(shape, generator=generator(CASE, model.place, "start", seed)) for seed in range(seeds)]
    return stack({"weights": spread * own, "biases": torch.zeros(model.features)} for own in drawn)


def dealing(model: Model, densities: Tensor, importances: Tensor, seeds: int) -> Source:
    """New features in every step, for all settings of a seed from the same numbers; members are settings x seeds."""
    labels = importances.repeat_interleave(seeds, 0)

    def deal(state: tuple, params: Params, stage: Stage, step: int) -> tuple[tuple, Dealt]:
        shape, streams = (model.batch, model.features), [generator(CASE, model.place, s, step) for s in range(seeds)]
        uniform = torch.stack([torch.rand(shape, generator=stream) for stream in streams])
        return state, Dealt({"inputs": features(uniform, densities).flatten(0, 1), "labels": labels}, {})

    return Source(tuple, deal)


def trained(model: Model, densities: Tensor, importances: Tensor, steps: int, seeds: int) -> Trained:
    """A model at K settings, densities [K] and importances [K, n], trained by AdamW at a constant rate of 1e-3 and the
    decay of 0.01 that is PyTorch's default; of the seeds the one with the lowest loss on the same examples."""
    members = len(densities) * seeds
    values = {name: space.default for name, space in adamw.spec.search.items()}
    values |= {"learning_rate": 1e-3, "weight_decay": 1e-2, "warmup": 0.0}
    hyperparameters = {name: torch.full((members,), value) for name, value in values.items()}
    stages = [Stage(0, max(1, round(model.share * steps)), 1.0)]
    program = population.program(adamw.spec, loss, stages[0], False)

    def constant(values, params, state, diverged, progress, dealt):
        return program(values, params, state, diverged, torch.zeros_like(progress), dealt)

    begun = tree_map(lambda own: own.repeat(len(densities), *[1] * (own.dim() - 1)), starts(model, seeds))
    end = population.advance(
        population.begin(adamw.spec, stages, hyperparameters, begun), adamw.spec, stages, [constant], hyperparameters,
        dealing(model, densities, importances, seeds),
    )  # fmt: skip
    return best(model, densities, importances, end.params, seeds)


@torch.no_grad()
def best(model: Model, densities: Tensor, importances: Tensor, params: Params, seeds: int) -> Trained:
    """The best seed of every setting, by the loss on examples that all settings and seeds share."""
    shape = model.evaluation, model.features
    uniform = torch.rand(shape, generator=generator(CASE, model.place, "evaluation"))
    members, losses = apart(params), []
    for place, density in enumerate(densities):
        examples = Batch(features(uniform, density[None])[0], importances[place])
        losses.append([loss(own, examples) for own in members[place * seeds : (place + 1) * seeds]])
    found = torch.tensor(losses)
    chosen = torch.arange(len(densities)) * seeds + found.argmin(1)
    return Trained(params["weights"][chosen].double(), params["biases"][chosen].double(), found)


def represented(weights: Tensor) -> Tensor:
    """Which features are represented [..., n]."""
    return feature_geometry.norms(weights) > REPRESENTED


def ends(values: Tensor) -> tuple[float, float]:
    """The least and the largest of some values, NaN where there is none."""
    return (values.min().item(), values.max().item()) if len(values) else (math.nan, math.nan)


def of_few(found: Trained) -> dict[str, float]:
    """What bands read of five features, by name."""
    values = {}
    for density, weights in zip(DENSITIES, found.weights, strict=True):
        here, at = represented(weights), f"at density {density:g}"
        norms, dimensionalities = feature_geometry.norms(weights), feature_geometry.dimensionalities(weights)
        values[f"represented features {at}"] = float(here.sum())
        for name, of in (("norm of a represented feature", norms), ("dimensionality", dimensionalities)):
            values[f"least {name} {at}"], values[f"largest {name} {at}"] = ends(of[here])
        values[f"largest norm of another feature {at}"] = ends(norms[~here])[1] if (~here).any() else 0.0
        values[f"squared norm of W {at}"] = weights.square().sum().item()
    return values


def phases(importances: Sequence[float], found: Trained) -> dict[tuple[float, float], float]:
    """(r, p) -> the shorter weight of two features, negative where they point apart (feature_geometry.superposed)."""
    keys = [(importance, density) for importance in importances for density in PAIR_DENSITIES]
    return dict(zip(keys, feature_geometry.superposed(found.weights).tolist(), strict=True))


def of_pair(shorter: Mapping[tuple[float, float], float]) -> dict[str, float]:
    """What bands read of two features, by name; the importances JUDGED must be among them."""
    antipodal = {key: value < -REPRESENTED for key, value in shorter.items()}
    dense = [density for density in PAIR_DENSITIES if density <= 0.55]
    return {
        "share of densities up to 0.55 with an antipodal pair, r = 1": sum(antipodal[1.0, p] for p in dense)
        / len(dense),
        "antipodal pair at density 0.6, r = 1": float(antipodal[1.0, 0.6]),
        "antipodal pair at density 0.4, r = 0.5": float(antipodal[0.5, 0.4]),
        "dimension of its own at density 0.5, r = 0.5": float(abs(shorter[0.5, 0.5]) <= REPRESENTED),
    }


def of_many(found: Trained) -> dict[str, float]:
    """What bands read of 80 features, by name."""
    each = feature_geometry.dimensions_per_feature(found.weights).tolist()
    medians = [
        feature_geometry.dimensionalities(weights)[represented(weights)].median().item() for weights in found.weights
    ]
    values = {}
    for name, measured in (("dimensions a feature", each), ("median dimensionality", medians)):
        values |= {f"{name} at 1 / p = {x:.1f}": value for x, value in zip(SPARSITIES, measured, strict=True)}
        near = sum(abs(value - 0.5) <= 0.03 for value in measured)
        whose = "dimensions a feature are" if measured is each else "median dimensionality is"
        values[f"densities whose {whose} within 0.03 of 1/2"] = float(near)
    return values


def exact(importances: Sequence[float]) -> list[Row]:
    """The dimensionalities of polytopes, and where the two solutions of two features change places."""
    rows = []
    for name, (points, known) in feature_geometry.POLYTOPES.items():
        measured = feature_geometry.dimensionalities(feature_geometry.columns(points))
        rows.append(Row(name, "dimensionality", measured.mean().item(), known, DERIVED))
    for r in importances:
        place = f"{PAIR}, r = {r:g}"
        rows.append(Row(place, BEST_SWITCH, feature_geometry.best_boundary(r)))
        if r in JUDGED:
            crossing, known = feature_geometry.crossing(r), feature_geometry.boundary(r)
            rows.append(Row(place, "density of the switch of ideal weights", crossing, known, DERIVED))
    return rows


def drawn(few: Trained, shorter: Mapping[tuple[float, float], float], many: Trained) -> list[Row]:
    """What the figure draws of the best seeds: the columns of W of five features, the shorter weight of two, and of 80
    the dimensions a feature and the dimensionality of those that are represented."""
    rows = [
        Row(f"{FEW}, density {density:g}", f"W{axis} of feature {number}", value)
        for density, weights in zip(DENSITIES, few.weights, strict=True)
        for axis, own in enumerate(weights.tolist(), 1)
        for number, value in enumerate(own, 1)
    ]
    rows += [Row(f"{PAIR}, r = {r:g}", f"shorter weight at density {p:g}", value) for (r, p), value in shorter.items()]
    for sparsity, weights in zip(SPARSITIES, many.weights, strict=True):
        place, here = f"{MANY}, 1 / p = {sparsity:.1f}", represented(weights)
        each = feature_geometry.dimensionalities(weights)
        rows.append(Row(place, "dimensions a feature", feature_geometry.dimensions_per_feature(weights).item()))
        rows += [
            Row(place, f"dimensionality of feature {i + 1}", each[i].item()) for i in here.nonzero()[:, 0].tolist()
        ]
    return rows


def losses(place: str, keys: Sequence[str], found: Trained) -> list[Row]:
    """The losses of all seeds, on the same examples."""
    return [
        Row(place, f"loss {key}", value, seed=seed)
        for key, own in zip(keys, found.losses.tolist(), strict=True)
        for seed, value in enumerate(own)
    ]


def run(settings: dict) -> pd.DataFrame:
    """The exact values, what was measured of every model, and the bands.

    settings: steps (of five features), seeds, importances (r of the second of two features). Fewer than STEPS steps or
    SEEDS seeds, or without the importances JUDGED, it is another problem, of which the bands say nothing.
    """
    importances, steps, seeds = settings["importances"], settings["steps"], settings["seeds"]

    def train(place: str, densities: Sequence[float], weights: Sequence[Sequence[float]]) -> Trained:
        return trained(MODELS[place], torch.tensor(densities), torch.tensor(weights), steps, seeds)

    grid = [(r, p) for r in importances for p in PAIR_DENSITIES]
    few = train(FEW, DENSITIES, [[0.9**i for i in range(MODELS[FEW].features)]] * len(DENSITIES))
    pair = train(PAIR, [p for _, p in grid], [[1.0, r] for r, _ in grid])
    many = train(MANY, [1 / x for x in SPARSITIES], [[1.0] * MODELS[MANY].features] * len(SPARSITIES))
    shorter = phases(importances, pair)
    rows = [
        *exact(importances),
        *drawn(few, shorter, many),
        *losses(FEW, [f"at density {p:g}" for p in DENSITIES], few),
        *losses(PAIR, [f"at density {p:g}, r = {r:g}" for r, p in grid], pair),
        *losses(MANY, [f"at 1 / p = {x:.1f}" for x in SPARSITIES], many),
    ]
    judged = steps == STEPS and seeds >= SEEDS and set(JUDGED) <= set(importances)
    return table.frame(CASE, [*rows, *(claims(of_few(few) | of_pair(shorter) | of_many(many)) if judged else ())])


def claims(found: Mapping[str, float]) -> list[Row]:
    """Every band with the measured value of its name, and how many of the bands hold."""
    held = sum(band.holds(found[band.name]) for band in BANDS)
    rows = [band.row(found[band.name]) for band in BANDS]
    return [*rows, Row("all toy models", "bands that hold", float(held), float(len(BANDS)), SOURCE)]
