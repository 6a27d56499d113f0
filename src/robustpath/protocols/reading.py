"""Reading what training has written: a file that is cut short is named, with what to do."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pandas as pd
import torch
from pyarrow import ArrowInvalid
from safetensors import SafetensorError, safe_open
from safetensors.torch import load_file
from torch import Tensor

from robustpath.core.errors import UserError


def table(path: Path) -> pd.DataFrame:
    """The runs of a training; UserError where the file is damaged."""
    with _whole(path):
        return pd.read_parquet(path)


def tensors(path: Path, device: torch.device | str = "cpu") -> dict[str, Tensor]:
    """The tensors of a file by name; UserError where it is damaged."""
    with _whole(path):
        return load_file(path, device=str(device))


def default_runs(weights: Path, runs: Path, axes: Sequence[str]) -> dict[tuple, dict[str, Tensor]]:
    """The parameters of the default draw of every run of a training, by the values of some axes of the run."""
    held, about = tensors(weights), table(runs)
    default = about[about["draw"] == 0]
    keys = default[list(axes)].itertuples(index=False, name=None)
    return {
        key: {name: tensor[row] for name, tensor in held.items()} for row, key in zip(default.index, keys, strict=True)
    }


@contextmanager
def opened(path: Path) -> Iterator[safe_open]:
    """A file of which only some tensors are read; UserError where it is damaged."""
    with _whole(path), safe_open(path, "pt") as file:
        yield file


@contextmanager
def _whole(path: Path) -> Iterator[None]:
    try:
        yield
    except (SafetensorError, ArrowInvalid):
        raise UserError(f"{path} is truncated or damaged: delete it and run again") from None
