"""Which rows of the theory cases miss what they should be."""

import math
import operator
import re

import pandas as pd

COUNT = "bands that hold"  # the quantity that counts the bands of a case
_SIDES = {"at least": operator.ge, "at most": operator.le, "above": operator.gt, "below": operator.lt}
_SIDE = re.compile(rf", (?:({'|'.join(_SIDES)})|within ([\d.]+))$")


def missed(table: pd.DataFrame) -> pd.Series:
    """Whether a row's `value` misses the `expected` one.

    A quantity says at its end on which side it should lie, or within which distance. One that says neither should be
    equal where its source counts bands; elsewhere it is no band, and nothing is missed.
    """
    counting = set(table.loc[table["quantity"] == COUNT, "source"])
    found = [
        _misses(row.quantity, row.value, row.expected, exact=row.source in counting and row.quantity != COUNT)
        for row in table.itertuples()
    ]
    return pd.Series(found, index=table.index, dtype=bool)


def _misses(quantity: str, value: float, expected: float, exact: bool) -> bool:
    said = _SIDE.search(quantity)
    if said is None:
        return exact and not math.isclose(value, expected, abs_tol=1e-9)
    if said[1]:
        return not _SIDES[said[1]](value, expected)
    return abs(value - expected) > float(said[2])
