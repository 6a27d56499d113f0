"""The records of every experiment of any config, drawn at random: the rows of a real run, made without training.

tests/workflow/test_smoke.py compares the rows of the shipped scale smoke with those of its real run.
"""

import json
import zlib
from collections.abc import Iterator
from itertools import product
from typing import NamedTuple

import numpy as np
import pandas as pd

from robustpath import methods, protocols, records, study
from robustpath.data import registry
from robustpath.data.grouped import GroupedDataSet
from robustpath.protocols import draws
from robustpath.protocols.acquisition import on_the_way
from robustpath.protocols.acquisition.sizes import NONE
from robustpath.protocols.attention.core import CORE_SHARE
from robustpath.protocols.choices.shares import SHARES
from robustpath.protocols.designed import designs
from robustpath.protocols.representations.metrics import MEASURES
from robustpath.protocols.stream.on_the_way import ON_THE_WAY
from robustpath.protocols.supervised import group_scores, metrics

FAILING = 0.02  # of the values that may be missing
DIVERGED = 0.01  # of the runs
# Scores of a run and one of the reference begin so.
OF_PAIRS = ("barrier", "function_distance", "disagreement", "universality_reference")
WALKING = {
    "contour_warmup", "persistent_warmup", "repelled_warmup", "flat_warmup", "contour_population", "contour_cooldown",
    "isotropic_warmup", "level_teleportation", "midway_walk", "persistent_midway_walk",
}  # fmt: skip


class Place(NamedTuple):
    """What a score is taken on."""

    split: str
    shift: str = "none"
    shift_family: str = "none"
    severity: int = 0


def recorded(config) -> pd.DataFrame:
    """Records of all cells of the active scale. Values of a cell depend on its settings alone."""
    return pd.concat([of_cell(config, cell) for cell in study.expand(config)], ignore_index=True)


def of_cell(config, cell: study.Cell) -> pd.DataFrame:
    """Records of a cell; what has the same settings is made once a process."""
    key = settled(config, cell)
    if key not in CELLS:
        CELLS[key] = _cell(config, cell)
    return CELLS[key]


def settled(config, cell: study.Cell) -> str:
    """What the records of a cell depend on."""
    paired = cell.method != config.reference and config.reference in study.methods_of(config, cell.experiment)
    measured = getattr(study.experiments(config)[cell.experiment], "measured", False)
    of_dataset = study.evaluate_settings(config, *cell[:2])
    return json.dumps([study.train_settings(config, cell), of_dataset, paired, measured], sort_keys=True)


CELLS: dict[str, pd.DataFrame] = {}


def _cell(config, cell: study.Cell) -> pd.DataFrame:
    settings = study.train_settings(config, cell)
    stream = np.random.default_rng(zlib.crc32(json.dumps(settings, sort_keys=True).encode()))
    own = runs(settings, stream)
    paired = cell.method != config.reference and config.reference in study.methods_of(config, cell.experiment)
    rows = [row for row in _rows(config, cell) if paired or not row[1].startswith(OF_PAIRS)]
    parts = [_scores(own, places, metric, config, stream) for places, metric in rows]
    table = pd.concat([part for part in parts if len(part)], ignore_index=True)
    measured = {name for name, metric in metrics.METRICS.items() if metric.family}
    alone = table["metric"].isin(measured) & (table["draw"] > 0) & (not settings["grid"])
    return records.complete(table[~alone])[list(records.SCHEMA)]


def runs(settings: dict, stream: np.random.Generator) -> pd.DataFrame:
    """One row a run, with what it can do: `skill`."""
    protocol, spec = protocols.load(protocols.name_of(settings)), methods.load(settings["method"])
    axes = {name: settings[axis.key] for name, axis in protocol.axes.items()}
    every = product(*axes.values(), range(settings["seeds"]), range(draws.count(settings)))
    runs = pd.DataFrame(list(every), columns=[*axes, "seed", "draw"])
    runs = runs.astype({name: float for name, axis in protocol.axes.items() if axis.kind == "real"})
    if "design" in settings:
        knobs = designs.knobs_of(settings["design"], settings["numbers"], settings["train_size"])
        hyperparameters = [json.dumps(knobs[number], sort_keys=True) for number in runs["setting"]]
    else:
        pairs = zip(runs["seed"], runs["draw"], strict=True)
        hyperparameters = [json.dumps(draws.values(settings, spec, *pair), sort_keys=True) for pair in pairs]
    evaluations = float(protocol.spent(settings)[0])
    seeded = np.random.default_rng(zlib.crc32(settings["dataset"].encode())).normal(0, 0.3, settings["seeds"])
    skill = stream.normal(0.7, 0.4) + seeded[runs["seed"]] + stream.normal(0, 0.2, len(runs))
    return runs.assign(
        experiment=settings["experiment"], dataset=settings["dataset"], method=spec.name, family=spec.family,
        gradient_evaluations=evaluations, steps=max(1, int(evaluations)), hyperparameters=hyperparameters,
        diverged=stream.random(len(runs)) < DIVERGED, skill=skill,
    )  # fmt: skip


def _scores(runs, places, metric: str, config, stream) -> pd.DataFrame:
    """The rows of one metric on some places."""
    about = protocols.metrics()[metric]
    table = runs.merge(pd.DataFrame(places, columns=Place._fields), how="cross").assign(metric=metric)
    if about.high <= 1:
        skill = table["skill"] - 0.3 * table["severity"] + stream.normal(0, 0.1, len(table))
        share = 1 / (1 + np.exp(-skill))
        value = about.low + (about.high - about.low) * share
        if metric.startswith("accuracy"):  # a count of test examples
            size = study.active(config).test_size
            value = np.round(value * size) / size
    else:
        value = np.exp(stream.normal(0, 0.5, len(table)) - 0.5 * table["skill"])
    lost = pd.Series(False, index=table.index)
    if not about.always:
        lost = table["diverged"] & np.isinf(about.high) | (stream.random(len(table)) < FAILING * bool(about.family))
    if metric in ("accuracy", "accuracy_worst_group"):
        value = np.where(table["diverged"], 0.1, value)
    table = table.assign(value=np.where(lost, np.nan, value), converged=~lost)
    return table.drop(columns="skill")


def _rows(config, cell: study.Cell) -> Iterator[tuple[list[Place], str]]:
    """(places, metric) of every score of a cell."""
    experiment, scale = study.experiments(config)[cell.experiment], study.active(config)
    entry, name = registry.get(cell.dataset), experiment.protocol
    groups = list(_groups(entry))
    clean = [Place("validation"), Place("test")]
    shifted = list(_shifted(cell.dataset, scale.severities))
    if not getattr(experiment, "shifted", True):
        shifted = []
    own = [place for place in shifted if place.shift_family in ("corruption", "generator")]
    if name == "stream":
        yield from ((clean + shifted, metric) for metric in ("accuracy", "cross_entropy", "calibration_error"))
        yield from (([Place(ON_THE_WAY[metric].splits[0])], metric) for metric in ON_THE_WAY)
    elif name == "episodes":
        yield from ((clean, metric) for metric in protocols.load(name).metrics)
    elif name == "designed":
        known = protocols.load(name).metrics
        yield from (([Place(split) for split in known[metric].splits], metric) for metric in known)
    elif name == "acquisition":
        yield from ((clean + shifted, metric) for metric in ("accuracy", "cross_entropy"))
        yield from ((clean + own, metric) for metric in groups)
        yield from _acquired(experiment, groups)
    else:
        splits = ["train", *(["holdout"] if experiment.held_out else [])]
        every = [*map(Place, splits), *clean]
        yield from ((every + shifted, metric) for metric in ("accuracy", "cross_entropy"))
        yield from ((every + own, metric) for metric in groups)
        if experiment.measured:
            yield from _measured(cell.method)
        if name == "representations":
            yield from (([Place("test")], metric) for metric in MEASURES)
        if name == "attention":
            yield [Place("test")], CORE_SHARE
        if name == "choices":
            yield from (([Place("train")], share) for share in SHARES if groups or "minority" not in share)


def _shifted(dataset: str, severities: list[int]) -> Iterator[Place]:
    for shift in registry.shifts_of(dataset):
        levels = severities if len(shift.severities) > 1 else shift.severities
        yield from (Place(shift.split, shift.name, shift.family, severity) for severity in levels)


def _groups(entry) -> Iterator[str]:
    """The scores over groups of a data set with an attribute."""
    attributes = entry.attributes if isinstance(entry, GroupedDataSet) else len(entry.joined)
    if attributes:
        fine = entry.classes == 2 and attributes == 2
        yield from (name for name in group_scores.FACTS if fine or "_label_" not in name)


def _acquired(experiment, groups: list[str]) -> Iterator[tuple[list[Place], str]]:
    scores = on_the_way.CURVES if groups else ["accuracy", "accuracy_validation"]
    names = [on_the_way.of_round(name, number) for name in scores for number in range(experiment.rounds + 1)]
    names += ["area_accuracy", *(["area_worst_group"] if groups else []), "acquired_corrupted", "pool_corrupted"]
    names += [*on_the_way.NOTES, *(["acquired_minority", "pool_minority"] if groups else [])]
    if experiment.missing != [NONE]:
        names += ["discovered", "labels_to_first_hit", "never_hit"]
    yield from (([Place(on_the_way.ON_THE_WAY[name].splits[0])], name) for name in names)


def _measured(method: str) -> Iterator[tuple[list[Place], str]]:
    for name, metric in metrics.METRICS.items():
        if metric.family and (metric.family != "walk" or method in WALKING):
            yield [Place(metric.splits[0])], name
