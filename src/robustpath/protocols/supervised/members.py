"""The runs to measure: their parameters, their walks, and what those of one seed and train size share."""

import math
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from robustpath.core import randomness
from robustpath.data.prepared import Prepared
from robustpath.methods.base import Params
from robustpath.models.functional import initialise
from robustpath.models.mlp import mlp
from robustpath.protocols import reading
from robustpath.protocols.supervised.deals import deal_of
from robustpath.protocols.supervised.measures.stacked import Losses, mean_cross_entropy

WIDTH = {"cpu": 32, "cuda": 64}  # members measured together
ABOUT = ["experiment", "dataset", "method", "family", "train_size", "label_noise", "seed", "draw"]
ABOUT += ["gradient_evaluations", "steps", "diverged", "hyperparameters"]


class Walk(NamedTuple):
    """A run's parameters where its walk began (None: at its initialisation) and ended, and its share of steps taken."""

    start: Params | None
    end: Params
    accepted: float


class Member(NamedTuple):
    """A run: its parameters and, where it has one, its walk."""

    params: Params
    walk: Walk | None


class Group(NamedTuple):
    """Runs of one seed and train size: inputs [n, …], each run's labels [M, n] and their level of noise, the parameters
    [1, …] at which all began, and `normal(purpose, count)` -> that many normal vectors [M, d], the same for all runs of
    a level of noise."""

    inputs: Tensor
    labels: Tensor
    levels: list[float]
    test_inputs: Tensor
    start: Params
    normal: Callable[[str, int], list[Tensor]]

    def losses(self, rows: Tensor | None = None) -> Losses:
        """The training loss of all members, or of some of them."""
        return mean_cross_entropy(self.start, self.inputs, self.labels if rows is None else self.labels[rows])


def load(settings: dict, weights: list[Path], paths: list[Path], runs: list[Path]) -> tuple[pd.DataFrame, list[Member]]:
    """The runs to measure and, in the same order, their parameters."""
    tables, members = [], []
    for weight, path, run in zip(weights, paths, runs, strict=True):
        table = reading.table(run)
        kept = table if settings["grid"] else table[table["draw"] == 0]
        chosen = torch.tensor(kept.index)
        params = {name: tensor[chosen] for name, tensor in reading.tensors(weight).items()}
        walk = _walks(kept, params, path)
        members += [Member(_member(params, row), walk(row)) for row in range(len(kept))]
        tables.append(kept[ABOUT])
    return pd.concat(tables, ignore_index=True), members


def _walks(table: pd.DataFrame, params: Params, path: Path) -> Callable[[int], Walk | None]:
    """The walk of each run: the phase that reports how far it is from its level."""
    reporting = [re.fullmatch(r"mean_(\d+)\.level_error", name) for name in table.columns]
    phases = [int(column[1]) for column in reporting if column]
    if not phases:
        return lambda row: None
    phase = phases[0]
    accepted = table[f"mean_{phase}.accepted"].to_numpy()
    with reading.opened(path) as file:
        ends = {int(stage): number for number, (stage, _) in enumerate(file.get_tensor("moments").tolist())}

        def at_end_of(stage: int) -> Params:
            return {name: file.get_tensor(f"{ends[stage]:03d}/{name}")[torch.tensor(table.index)] for name in params}

        start = at_end_of(phase - 1) if phase else None
        end = at_end_of(phase) if phase in ends else params

    def walk(row: int) -> Walk:
        return Walk(_member(start, row) if start else None, _member(end, row), float(accepted[row]))

    return walk


def _member(params: Params, row: int) -> Params:
    return {name: tensor[row] for name, tensor in params.items()}


def groups(
    settings: dict, prepared: Prepared, table: pd.DataFrame, device: torch.device
) -> Iterator[tuple[np.ndarray, Group]]:
    """Runs that share their inputs, at most WIDTH at once, as rows of the table; and what they share."""
    dataset = settings["dataset"]
    model = mlp(prepared.inputs[0].numel(), settings["hidden"], int(prepared.labels.max()) + 1)
    for (seed, size), runs in table.groupby(["seed", "train_size"]):
        begun = randomness.varied("initialisation", seed, settings["vary"])
        dealt = deal_of(settings, prepared, seed)
        own, _ = dealt.training(size, 0.0)
        start = initialise(model, randomness.generator(dataset, begun, "initialisation"))
        dimension = sum(tensor.numel() for tensor in start.values())
        shared = prepared.inputs[own].to(device), prepared.inputs[dealt.parts.test].to(device)
        start = {name: tensor[None].to(device) for name, tensor in start.items()}
        for rows in np.array_split(runs.index.to_numpy(), math.ceil(len(runs) / WIDTH[device.type])):
            levels = table.loc[rows, "label_noise"].to_list()
            labels = {level: dealt.training(size, level)[1] for level in set(levels)}

            def normal(purpose: str, count: int, levels=levels, seed=seed, dimension=dimension) -> list[Tensor]:
                drawn = {
                    level: randomness.noise(dimension, 0, count, dataset, seed, level, purpose).to(device)
                    for level in set(levels)
                }
                return [torch.stack([drawn[level][number] for level in levels]) for number in range(count)]

            stacked = torch.stack([labels[level] for level in levels]).to(device)
            yield rows, Group(shared[0], stacked, levels, shared[1], start, normal)
