"""The published table of draws: the value of each hyperparameter in each draw of a seed, and which method declares it.

It holds for all experiments, since a draw depends on none; those with a grid or a design draw nothing and are left out.
"""

import json
from collections.abc import Collection, Mapping
from pathlib import Path

import numpy as np
import pandas as pd

from robustpath import methods, records
from robustpath.core.errors import UserError
from robustpath.methods.base import declaring, draw
from robustpath.publication import published
from robustpath.publication.compare import DIFFERS, SAME, Check, Findings, Unchecked
from robustpath.publication.published import DRAWS, RECORDS

DRAWN = ["method", "seed", "draw"]
KEY = [*DRAWN, "hyperparameter"]
COLUMNS = [*KEY, "owner", "value"]
PRECISION = 1e-12  # relative: a power of two machines may differ in its last bit


def undrawn(experiments: Mapping[str, Mapping]) -> list[str]:
    """Of the experiments in the settings of a report, those whose runs differ in given values: a grid or a design."""
    return [name for name, each in experiments.items() if each.get("grid") or each.get("design")]


def of_records(table: pd.DataFrame, given: Collection[str]) -> pd.DataFrame:
    """The draws (COLUMNS) of all runs in some records, those of the experiments `given` left out.

    UserError where two experiments have other values in one draw.
    """
    own = _runs(table, given)
    if own.duplicated(DRAWN).any():
        method, seed, number = own.loc[own.duplicated(DRAWN), DRAWN].iloc[0]
        raise UserError(
            f"the records have two sets of hyperparameters for draw {number} of {method} at seed {seed}; train the "
            "experiments that differ again"
        )
    specs = {name: methods.load(name) for name in own["method"].unique()}
    rows = [
        (method, seed, number, name, declaring(specs[method], name), float(value))
        for method, seed, number, text in own.itertuples(index=False)
        for name, value in json.loads(text).items()
    ]
    return pd.DataFrame(rows, columns=COLUMNS).sort_values(KEY, ignore_index=True)


def anew(table: pd.DataFrame, given: Collection[str]) -> pd.DataFrame:
    """The draws (COLUMNS) of the same runs, drawn by this code."""
    rows = []
    for method, seed, number in _runs(table, given)[DRAWN].drop_duplicates().itertuples(index=False):
        spec = methods.load(method)
        drawn = draw(spec, int(seed), int(number))
        rows += [(method, seed, number, name, declaring(spec, name), value) for name, value in drawn.items()]
    return pd.DataFrame(rows, columns=COLUMNS).sort_values(KEY, ignore_index=True)


def _runs(table: pd.DataFrame, given: Collection[str]) -> pd.DataFrame:
    """DRAWN and the hyperparameters of each draw."""
    return table.loc[~table["experiment"].isin(given), [*DRAWN, "hyperparameters"]].drop_duplicates()


def check(out: Path) -> Findings:
    """Level 1: the table in the published folder `out` against the hyperparameters in its records, and drawn anew."""
    manifest = published.manifest(out)
    if DRAWS not in manifest["files"]:
        return Findings([], [Unchecked(DRAWS, "no table of draws is published")])
    table = pd.read_parquet(out / DRAWS)
    given = undrawn(manifest["settings"]["experiments"])
    try:
        runs = records.read(out / RECORDS)
        recorded = of_records(runs, given)
    except UserError as error:
        return Findings([Check(1, DRAWS, "one table of draws", str(error), DIFFERS)], [])
    return Findings(
        [_same(f"{DRAWS}, the runs'", table, recorded), _same(f"{DRAWS}, drawn anew", table, anew(runs, given))], []
    )


def _same(name: str, one: pd.DataFrame, other: pd.DataFrame) -> Check:
    """Whether two tables hold the same draws; where not, the first that differs."""
    both = one.merge(other, how="outer", on=KEY, suffixes=("", "_found"))
    close = np.isclose(both["value"], both["value_found"], rtol=PRECISION, atol=0)
    departs = both[~close | (both["owner"] != both["owner_found"])]
    if departs.empty:
        return Check(1, name, f"{len(one):,} values", f"{len(other):,} values", SAME)
    first = departs.iloc[0]
    where = ", ".join(f"{axis}={first[axis]}" for axis in KEY)
    shown = [f"{float(first[f'value{end}'])!r} of {first[f'owner{end}']}" for end in ("", "_found")]
    return Check(1, f"{name}: {len(departs):,} values, the first {where}", *shown, DIFFERS)
