"""Digests that name the row of the records that was altered, in a hundredth of the room of a digest a row.

Rows are summed up twice: over each run, and over each score (split, shift, severity, metric) of a method on a data set.
An altered row changes one sum of each kind, and lies where the two cross.
"""

import hashlib
from itertools import product

import numpy as np
import pandas as pd

from robustpath import protocols
from robustpath.protocols.base import ABSENT
from robustpath.records import KEY, RUN, SCHEMA, complete, named

BLOCK = ["experiment", "dataset", "method"]
SCORE = [*BLOCK, "split", "shift", "severity", "metric"]


def row_digests(table: pd.DataFrame) -> np.ndarray:
    """uint64 [rows]: a digest of all columns of SCHEMA of each row, in their order; the same on any machine."""
    digests = np.zeros(len(table), dtype=np.uint64)
    for name, kind in SCHEMA.items():
        mixed = _mixed(digests + _numbers(table[name], kind))
        # The axis of another protocol leaves no trace: a protocol that is added later changes no published digest.
        digests = np.where(table[name] == ABSENT, digests, mixed) if name in protocols.axes() else mixed
    return digests


def _numbers(column: pd.Series, kind: str) -> np.ndarray:
    """uint64 [rows]: the values of a column as bits, texts as the first 8 bytes of their SHA-256."""
    if kind == "text":
        codes, texts = pd.factorize(column)
        known = [int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "little") for text in texts]
        return np.array(known, dtype=np.uint64)[codes]
    if kind == "real":
        values = column.to_numpy(dtype=np.float64)
        return np.where(np.isnan(values), np.nan, values).view(np.uint64)  # of all NaNs the one
    return column.to_numpy(dtype=np.int64).view(np.uint64)


def _mixed(numbers: np.ndarray) -> np.ndarray:
    """SplitMix64's step (Steele et al. 2014, figure 16): every bit of a number changes half of those of the result."""
    numbers = numbers + np.uint64(0x9E3779B97F4A7C15)
    numbers = (numbers ^ (numbers >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    numbers = (numbers ^ (numbers >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return numbers ^ (numbers >> np.uint64(31))


def of_records(table: pd.DataFrame) -> pd.DataFrame:
    """Columns KEY and digest: the sum of the row digests of each run (no score) and of each score (no run)."""
    digests = row_digests(table)
    return pd.concat([_sums(table, digests, RUN), _sums(table, digests, SCORE)], ignore_index=True)[[*KEY, "digest"]]


def _sums(table: pd.DataFrame, digests: np.ndarray, axes: list[str]) -> pd.DataFrame:
    """The sums (modulo 2^64, of which 32 bits are kept) in each cell of `axes`, every other axis left empty."""
    groups = table.groupby(axes, sort=True, observed=True)
    number = groups.ngroup().to_numpy()
    order = np.argsort(number, kind="stable")
    starts = np.flatnonzero(np.diff(number[order], prepend=-1))
    sums = np.add.reduceat(digests[order], starts)
    cells = table[axes].iloc[order[starts]].reset_index(drop=True)
    of_kind = {"text": "", "whole": -1, "real": -1.0}
    empty = {name: of_kind[SCHEMA[name]] for name in KEY if name not in axes}
    return cells.assign(digest=(sums >> np.uint64(32)).astype(np.uint32), **empty)


def altered(table: pd.DataFrame, published: pd.DataFrame) -> list[tuple[str, str]]:
    """Where `table` departs from the records whose digests are `published`: each row by its key, and what it is now.

    Where several runs and several scores of one method and data set were altered, they are named as they cross.
    """
    both = of_records(table).merge(complete(published), how="outer", on=KEY, suffixes=("", "_published"))
    changed = both[both["digest"].ne(both["digest_published"])]
    found = []
    for _, rows in changed.groupby(BLOCK, sort=True):
        runs = rows[rows["metric"] == ""][RUN].to_dict("records")
        scores = rows[rows["metric"] != ""][SCORE].to_dict("records")
        if min(len(runs), len(scores)) > 1:
            row, now = _row(table, runs[0], scores[0])
            found.append((f"rows of {len(runs)} runs and {len(scores)} scores, the first of which cross in {row}", now))
        else:
            found += [_row(table, run, score) for run, score in product(runs, scores)]
    return found


def _row(table: pd.DataFrame, run: dict, score: dict) -> tuple[str, str]:
    """A row by its key, and the value that it has now."""
    key = run | score
    here = np.logical_and.reduce([(table[name] == value).to_numpy() for name, value in key.items()])
    values = table.loc[here, "value"].tolist()
    return named({name: key[name] for name in KEY}), repr(values[0]) if values else "no row"
