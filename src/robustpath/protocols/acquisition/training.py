"""Training a cell on acquisition: every level of label noise, missing group, seed and draw of one acquisition."""

import time
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import torch
from torch import Tensor

from robustpath import methods
from robustpath.core.parameters import stack
from robustpath.data.prepared import load
from robustpath.engine.device import deterministic, resolve
from robustpath.engine.stop import listening
from robustpath.protocols import draws
from robustpath.protocols.acquisition import scores
from robustpath.protocols.acquisition.cell import Cell, Run
from robustpath.protocols.acquisition.on_the_way import ACCURACY, CURVES, NOTES, ON_THE_WAY, WORST, of_round
from robustpath.protocols.acquisition.rounds import Standing, through
from robustpath.protocols.acquisition.sizes import NONE, labels
from robustpath.protocols.outputs import Trained, write_runs, write_scores, write_seconds, write_weights

if TYPE_CHECKING:
    import pandas as pd


class Part(NamedTuple):
    """What some runs that were trained together became: where they ended, and their last parameters [runs, …]."""

    runs: list[Run]
    end: Standing
    params: dict[str, Tensor]


def train(
    settings: dict, data: Path, weights: Path, path: Path, runs: Path, seconds: Path, scores: Path, threads: int,
    parent: tuple[Path, Path] | None = None,
) -> None:  # fmt: skip
    """Train a cell and write the weights of the last round (tensors [runs, …]), its table of runs, the measured seconds
    a run, and the scores of each round; nothing is kept on the `path`, and no run begins with those of a `parent`.

    An interrupted cell goes on from the checkpoints beside `weights` and ends with the same bytes.
    """
    torch.set_num_threads(threads)
    device, spec = resolve(settings["device"]), methods.load(settings["method"])
    axes = settings["label_noise"], settings["missing"], range(settings["seeds"]), range(draws.count(settings))
    members = [Run(*row) for row in product(*axes)]
    parts, durations = [], []
    with deterministic(settings.get("deterministic", False), spec.name), listening() as asked:
        cell = Cell(settings, spec, load(data), device, len(members))
        for start in range(0, len(members), cell.width):
            begun, own = time.monotonic(), members[start : start + cell.width]
            end, params = through(cell, own, weights, start, len(members), asked)
            parts.append(Part(own, end, params))
            durations += [(time.monotonic() - begun) / len(own)] * len(own)
    results = [Trained(part.params, {}, part.end.diverged, part.end.sums) for part in parts]
    stages = [cell.stage._replace(index=number) for number in range(settings["rounds"] + 1)]
    write_weights(results, [], weights, path)
    values = [draws.values(settings, spec, run.seed, run.draw) for run in members]
    write_runs(settings, spec, members, [stages] * len(members), values, results, runs)
    write_seconds(settings, members, durations, seconds)
    write_scores([rows(cell, runs, parts)], scores)
    for leftover in weights.parent.glob(f".{weights.stem}.round*.resume.safetensors*"):
        leftover.unlink(missing_ok=True)


def rows(cell: Cell, runs: Path, parts: list[Part]) -> "pd.DataFrame":
    """The scores of each round, of what was acquired and of how it was found as rows of the records."""
    import pandas as pd

    from robustpath.protocols import reading

    table = reading.table(runs)
    about = table.drop(columns=[name for name in table if name.startswith("mean_")])
    facts = {"shift": "none", "shift_family": "none", "severity": 0}
    found = [
        of_curves(cell.settings, part.end.curves) | of_acquired(cell, part) | of_notes(part.end.notes) for part in parts
    ]
    frames = []
    for name in found[0]:
        values = torch.cat([each[name] for each in found])
        own = about.assign(**facts, split=ON_THE_WAY[name].splits[0], metric=name, value=values.numpy())
        # Only notes may have no value: all methods have the same rows, and not all have anchors.
        frames.append(own.assign(converged=values.isfinite().numpy() if name in NOTES else True))
    return pd.concat(frames, ignore_index=True)


def of_curves(settings: dict, curves: dict[str, Tensor]) -> dict[str, Tensor]:
    """Scores by metric, float64 [runs], from the scores of every round [runs, rounds]."""
    found = {
        of_round(name, number): curves[name][:, number] for name in CURVES if name in curves
        for number in range(settings["rounds"] + 1)
    }  # fmt: skip
    numbers = torch.tensor(labels(settings))
    areas = {"area_accuracy": ACCURACY, "area_worst_group": WORST}
    return found | {area: scores.area(curves[name], numbers) for area, name in areas.items() if name in curves}


def of_notes(notes: dict[str, Tensor]) -> dict[str, Tensor]:
    """Means of notes over the choices of runs [runs, choices] by name, float64 [runs]: over those in which they are
    finite; nan where they never are."""
    return {name: torch.where(values.isfinite(), values, torch.nan).nanmean(1) for name, values in notes.items()}


def of_acquired(cell: Cell, part: Part) -> dict[str, Tensor]:
    """Scores of what some runs have acquired by metric, float64 [runs]; those of a missing group where one is missing,
    those of minorities where there is an attribute."""
    first, groups = cell.settings["seed_labels"], cell.groups
    found = []
    for run, labelled in zip(part.runs, part.end.labelled, strict=True):
        own = cell.examples(run)
        bought, pool = own[labelled[first:]], own[first:]
        wrong = cell.labels(run) != groups.label
        here = {"acquired_corrupted": wrong[bought], "pool_corrupted": wrong[pool]}
        if groups.attributes > 1:
            usual = scores.majorities(groups.number[pool], groups.attributes)
            minority = groups.number != usual[groups.label]
            here |= {"acquired_minority": minority[bought], "pool_minority": minority[pool]}
        shares = {name: values.double().mean() for name, values in here.items()}
        missing = scores.discovery(groups.number[bought], cell.settings["acquired"], run.missing)
        found.append(shares | (missing if run.missing != NONE else {}))
    return stack(found)
