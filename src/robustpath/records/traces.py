"""Reading what was traced: quantities along the way of a run, and the surfaces it crosses."""

from pathlib import Path

import numpy as np
import pandas as pd

from robustpath import records


def files(given: list[str] | None, scale: str, pattern: str) -> list[Path]:
    """The files as given, or those of `scale` that match `pattern` (see records.files)."""
    return [Path(file) for file in given] if given else records.files(scale, pattern)


def quantities(given: list[str] | None, scale: str) -> pd.DataFrame:
    """One row a run x moment x quantity, with columns gradient_evaluations, walking, value, converged.

    UserError where a run lacks a moment or a quantity that others have.
    """
    tables = []
    for file in files(given, scale, "trace/*/*.parquet"):
        table = records.complete(pd.read_parquet(file))
        every = {axis: table[axis].unique() for axis in records.RUN}
        axes = ["experiment", "dataset", "method", "metric", "moment"]
        records.refuse_gaps(table.rename(columns={"quantity": "metric"}), axes, every, file)
        tables.append(table)
    return pd.concat(tables, ignore_index=True)


def surfaces(given: list[str] | None, scale: str, experiment: str) -> dict[str, dict[str, np.ndarray]]:
    """Method -> name -> array, for the first file of surfaces of an experiment; the folder of a file is its name."""
    found: dict[str, dict[str, np.ndarray]] = {}
    own = [file for file in files(given, scale, f"trace/{experiment}/*.npz") if file.parent.name == experiment]
    with np.load(own[0]) as arrays:
        for key in arrays:
            method, _, name = key.partition(".")
            found.setdefault(method, {})[name] = arrays[key]
    return found
