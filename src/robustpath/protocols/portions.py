"""What trainings of several protocols share: their code, where runs begin, and the steps of a portion of a cell."""

import hashlib
import json
import math
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import torch
from torch import Tensor

from robustpath import models
from robustpath.core.fingerprint import fingerprint
from robustpath.core.parameters import on_device, stack
from robustpath.engine import checkpoint, population, programs
from robustpath.engine.plan import Stage
from robustpath.engine.population import Program, Snapshot
from robustpath.engine.source import Source
from robustpath.methods.base import Params, Spec
from robustpath.protocols import draws, keeping


class Portion(NamedTuple):
    """Some runs of a cell that are trained together in one stage: `runs`, of which the first `count` are its own and
    the others fill it up; `number` runs of the cell come before it, of `total`."""

    runs: list
    count: int
    number: int
    total: int
    stage: Stage
    program: Program
    compiled: bool


def code(protocol: str, spec: Spec, settings: dict) -> str:
    """The fingerprint of the code that trains a method: its protocol's, the method's own and its network's."""
    return fingerprint(
        f"robustpath.protocols.{protocol}.training",
        f"robustpath.methods.{spec.family}.{spec.name}",
        f"robustpath.models.{models.name_of(settings)}",
    )


def of_parent(weights: Path, runs: Path) -> Callable[[NamedTuple], Params]:
    """The parameters with which a run of a cell that has a parent begins."""
    from robustpath.protocols import reading  # imports pandas, which a job without a parent has no use for

    return reading.parameters_of_parent(weights, runs)


def compiles(wish: str, repays: bool, device: torch.device) -> bool:
    """Whether steps are compiled, where the config has a `wish` ("auto", "always" or "never")."""
    if wish == "never" or not (repays or wish == "always"):
        return False
    return device.type == "cuda" or programs.has_compiler()


def size(members: int, most: int) -> int:
    """The size of portions as equal as can be: a program is compiled for so many members."""
    return math.ceil(members / math.ceil(members / most))


def filled(runs: list, width: int, compiled: bool) -> list:
    """The runs of a portion; compiled, with copies of the last up to a width."""
    return runs + [runs[-1]] * (width - len(runs) if compiled else 0)


def hyperparameters(settings: dict, spec: Spec, runs: list, device: torch.device) -> dict[str, Tensor]:
    """The hyperparameters of runs by name [M]."""
    drawn = [draws.values(settings, spec, run.seed, run.draw) for run in runs]
    return {name: torch.tensor([values[name] for values in drawn]).to(device) for name in spec.search}


def trained(
    portion: Portion, settings: dict, spec: Spec, key: str, begins: Callable[[NamedTuple], Params], source: Source,
    weights: Path, device: torch.device, asked: Callable[[], str | None],
) -> tuple[Snapshot, Callable[[], Params]]:  # fmt: skip
    """The portion after its last step, and a function to the parameters to evaluate; an interrupted one goes on from
    its checkpoint beside `weights`.

    key: `code` of the training; begins(run) -> the parameters that a run begins with.
    """
    values, stages = hyperparameters(settings, spec, portion.runs, device), [portion.stage]
    params = on_device(stack(begins(run) for run in portion.runs), device)
    last = portion.number + portion.count
    label = f"{spec.name} on {settings['dataset']}, runs {portion.number + 1} to {last} of {portion.total}"
    of = hashlib.sha256(json.dumps([settings, device.type, portion.compiled, key], sort_keys=True).encode()).hexdigest()
    resume = weights.with_name(f".{weights.stem}.part{portion.number}.resume.safetensors")
    snapshot = population.begin(spec, stages, values, params)
    if saved := checkpoint.read(resume, of):
        snapshot = checkpoint.restore(saved, snapshot._replace(source=source.init()))
        print(f"{label}: going on from step {snapshot.step} of {portion.stage.steps}")
    keep = keeping.keeper(resume, of, label, stages, portion.count, asked)
    began, spent = time.monotonic(), []
    step = programs.timed(portion.program, spent)
    snapshot = population.advance(snapshot, spec, stages, [step], values, source, keep, (), asked)
    keeping.save(resume, snapshot, of, label, portion.count)
    print(f"{label}: {time.monotonic() - began:.1f} s, of them {sum(spent):.2f} s model steps")
    return snapshot, lambda: population.readout(spec, stages, values, snapshot)
