"""What training a cell writes: weights, the parameters kept on the way, a table of runs, and the seconds they took."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import pandas as pd
import torch
from safetensors.torch import save_file
from torch import Tensor

from robustpath.core.files import replacing
from robustpath.engine.plan import Moment, Stage
from robustpath.methods.base import Params, Spec


class Trained(NamedTuple):
    """What a chunk gives: parameters [runs, …] to evaluate and those kept on the way, who diverged [runs], and the sums
    of info [runs]."""

    params: Params
    path: Params
    diverged: Tensor
    sums: dict[str, Tensor]


def write_weights(results: list[Trained], kept: list[Moment], weights: Path, path: Path) -> None:
    """Tensors [runs, …]: the parameters to evaluate, and those kept on the way with their moments."""
    params = {name: torch.cat([result.params[name] for result in results]) for name in results[0].params}
    on_the_way = {name: torch.cat([result.path[name] for result in results]) for name in results[0].path}
    times = torch.tensor([[moment.stage, moment.spent] for moment in kept], dtype=torch.float64).reshape(-1, 2)
    for tensors, file in ((params, weights), (on_the_way | {"moments": times}, path)):
        with replacing(file) as temporary:
            save_file({name: tensor.contiguous() for name, tensor in tensors.items()}, temporary)


def write_runs(
    settings: dict, spec: Spec, members: Sequence[NamedTuple], stages: list[Stage], values: list[dict],
    results: list[Trained], runs: Path,
) -> None:  # fmt: skip
    """One row a run: what it is, what it cost, whether it diverged, and the means of what its steps told."""
    sums = {name: torch.cat([result.sums[name] for result in results]).tolist() for name in results[0].sums}
    steps = {str(stage.index): stage.steps for stage in stages}
    table = pd.DataFrame(members)
    table.insert(0, "experiment", settings["experiment"])
    table.insert(1, "dataset", settings["dataset"])
    table.insert(2, "method", spec.name)
    table.insert(3, "family", spec.family)
    table["gradient_evaluations"] = float(sum(stage.steps * stage.cost for stage in stages))
    table["steps"] = sum(steps.values())
    table["diverged"] = torch.cat([result.diverged for result in results]).tolist()
    table["hyperparameters"] = [json.dumps(each, sort_keys=True) for each in values]
    for name, totals in sums.items():
        table[f"mean_{name}"] = [total / steps[name.split(".")[0]] for total in totals]
    with replacing(runs) as temporary:
        table.to_parquet(temporary, index=False)


def write_scores(frames: Sequence[pd.DataFrame], path: Path) -> None:
    """The scores that were taken on the way, as rows of the records; no rows where there are none."""
    table = pd.concat(frames, ignore_index=True) if frames else pd.DataFrame()
    with replacing(path) as temporary:
        table.to_parquet(temporary, index=False)


def write_seconds(settings: dict, members: Sequence[NamedTuple], durations: list[float], path: Path) -> None:
    """One row a run: its share of the wall time."""
    table = pd.DataFrame(members)
    for position, name in enumerate(("experiment", "dataset", "method")):
        table.insert(position, name, settings[name])
    table["seconds"] = durations
    with replacing(path) as temporary:
        table.to_parquet(temporary, index=False)
