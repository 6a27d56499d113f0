"""Reading what training has written: a file that is cut short is named, with what to do."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import numpy as np
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


def parameters_of_parent(weights: Path, runs: Path) -> Callable[[NamedTuple], dict[str, Tensor]]:
    """run -> the parameters that it begins with: those of the default draw of another training that agrees with the run
    in all that both have but the draw. The function raises a UserError where there is none."""
    held, about = tensors(weights), table(runs)
    default = about[about["draw"] == 0]

    def parameters(run: NamedTuple) -> dict[str, Tensor]:
        values = {name: value for name, value in run._asdict().items() if name in default and name != "draw"}
        rows = default.index[np.logical_and.reduce([default[name] == value for name, value in values.items()])]
        if len(rows) != 1:
            place = ", ".join(f"{name}={value}" for name, value in values.items())
            raise UserError(f"{runs} has {len(rows)} runs of the default draw with {place}: name another parent")
        return {name: tensor[rows[0]] for name, tensor in held.items()}

    return parameters


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
