"""The table that every theory case gives: one row a measured quantity, with what the theory says of it."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from robustpath.core.errors import UserError
from robustpath.core.files import replacing

SCHEMA = {
    "case": pa.string(),
    "landscape": pa.string(),
    "method": pa.string(),
    "seed": pa.int64(),
    "quantity": pa.string(),
    "value": pa.float64(),
    "expected": pa.float64(),
    "source": pa.string(),
}
KEY = ["case", "landscape", "method", "seed", "quantity"]
# The quantity of every case that asks who escapes: gradient evaluations until the loss is below the case's bound.
ESCAPE = "gradient evaluations to escape"


class Row(NamedTuple):
    """landscape: the problem, as a figure prints it; method: a registered method, or "" where none is run; value: +inf
    for what never happened; expected: the outcome that theory gives, NaN where there is none; source: where it says so,
    as "citation key, place".
    """

    landscape: str
    quantity: str
    value: float
    expected: float = float("nan")
    source: str = ""
    method: str = ""
    seed: int = 0


def frame(case: str, rows: Iterable[Row]) -> pd.DataFrame:
    """The rows of a case as a table with the columns of SCHEMA."""
    return pd.DataFrame(rows, columns=Row._fields).assign(case=case)[list(SCHEMA)]


def write(table: pd.DataFrame, out: Path) -> None:
    """Write a case's table as parquet, rows in its own order; equal tables are equal bytes."""
    twice = table.duplicated(KEY)
    if twice.any():
        raise ValueError(f"the same row occurs twice: {table[twice].iloc[0].to_dict()}")
    rows = pa.Table.from_pandas(table[list(SCHEMA)], schema=pa.schema(list(SCHEMA.items())), preserve_index=False)
    with replacing(out) as temporary:
        pq.write_table(rows.replace_schema_metadata(None), temporary, compression="zstd")


def read(files: Sequence[str | Path]) -> pd.DataFrame:
    """The tables of several cases as one; UserError for a file that is missing or is no such table."""
    tables = []
    for file in files:
        try:
            tables.append(pq.ParquetFile(file).read().to_pandas(use_threads=False))
        except FileNotFoundError:
            raise UserError(f"{file}: no such file; run snakemake to make it") from None
        except pa.ArrowInvalid as error:
            raise UserError(f"{file}: not a readable parquet file ({error}); remove it, run snakemake again") from None
        if list(tables[-1]) != list(SCHEMA):
            raise UserError(f"{file}: not the table of a theory case; remove it and run snakemake again")
    return pd.concat(tables, ignore_index=True)
