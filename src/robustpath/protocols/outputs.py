"""What training a cell writes: weights, the parameters kept on the way, a table of runs, and the seconds they took."""

import json
import math
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq
import torch
from pyarrow.json import ParseOptions, read_json
from safetensors.torch import save_file
from torch import Tensor

from robustpath.core.files import replacing
from robustpath.engine.plan import Moment, Stage
from robustpath.methods.base import Params, Spec

if TYPE_CHECKING:
    import pandas as pd

TYPES = {bool: pa.bool_(), int: pa.int64(), float: pa.float64(), str: pa.string()}


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
    settings: dict, spec: Spec, members: Sequence[NamedTuple], stages: Sequence[list[Stage]], values: list[dict],
    results: list[Trained], runs: Path,
) -> None:  # fmt: skip
    """One row a run: what it is, what it cost, whether it diverged, and the means of what its steps report; `stages`
    and `values` are those of each run."""
    sums = {name: torch.cat([result.sums[name] for result in results]).tolist() for name in results[0].sums}
    steps = [{str(stage.index): stage.steps for stage in own} for own in stages]
    same = {name: settings[name] for name in ("experiment", "dataset")} | {"method": spec.name, "family": spec.family}
    table = _rows(members, same) | {
        "gradient_evaluations": [float(sum(stage.steps * stage.cost for stage in own)) for own in stages],
        "steps": [sum(own.values()) for own in steps],
        "diverged": torch.cat([result.diverged for result in results]).tolist(),
        "hyperparameters": [json.dumps(each, sort_keys=True) for each in values],
    }
    for name, totals in sums.items():
        index = name.split(".")[0]
        table[f"mean_{name}"] = [total / own[index] for total, own in zip(totals, steps, strict=True)]
    _write(table, runs)


def write_scores(frames: "Sequence[pd.DataFrame]", path: Path) -> None:
    """The scores that were taken on the way, as rows of the records; no rows where there are none."""
    if not frames:
        return _write({}, path)
    import pandas as pd

    with replacing(path) as temporary:
        pd.concat(frames, ignore_index=True).to_parquet(temporary, index=False)


def write_seconds(settings: dict, members: Sequence[NamedTuple], durations: list[float], path: Path) -> None:
    """One row a run: its share of the wall time."""
    same = {name: settings[name] for name in ("experiment", "dataset", "method")}
    _write(_rows(members, same) | {"seconds": durations}, path)


def _rows(members: Sequence[NamedTuple], same: dict) -> dict[str, list]:
    """A column for what is the same for all members, then one for each field of a member."""
    columns = {name: [value] * len(members) for name, value in same.items()}
    return columns | {name: [getattr(member, name) for member in members] for name in members[0]._fields}


def _write(columns: dict[str, list], path: Path) -> None:
    """A table as a parquet file; a number that is not finite is a missing value.

    It goes through JSON, since all else that makes a table of Python's numbers imports pandas, which takes a quarter as
    long as PyTorch.
    """
    schema = pa.schema([(name, TYPES[type(values[0])]) for name, values in columns.items()])
    rows = zip(*([_finite(value) for value in values] for values in columns.values()), strict=True)
    lines = "\n".join(json.dumps(dict(zip(columns, row, strict=True)), allow_nan=False) for row in rows).encode()
    table = read_json(pa.BufferReader(lines), parse_options=ParseOptions(schema)) if lines else schema.empty_table()
    with replacing(path) as temporary:
        pq.write_table(table, temporary)


def _finite(value: object) -> object:
    return None if isinstance(value, float) and not math.isfinite(value) else value
