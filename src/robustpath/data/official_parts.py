"""Tables of labels and attributes in their authors' parts, and what is refused where they are not whole.

A part is 0 for training, 1 for validation, 2 for testing. Training examples, each a group of its own, are the pool, and
test examples the official test part. Validation examples are in no part: a split takes its own from the pool, so that
their labels are as skewed as those that are learnt from.
"""

from collections.abc import Iterable

import numpy as np

TRAINING, VALIDATION, TESTING = range(3)


def columns(rows: Iterable[dict[str, str]], names: tuple[str, ...], what: str, most: int) -> list[tuple[str, ...]]:
    """The values under each of `names`; ValueError where the table `what` has no rows, more than `most`, or one without
    such a value."""
    found = []
    for number, row in enumerate(rows, 1):
        if number > most:
            raise ValueError(f"{what} has more than {most:,} rows")
        if missing := [name for name in names if row.get(name) is None]:
            raise ValueError(f"row {number} of {what} has no {missing[0]!r}")
        found.append(tuple(row[name] for name in names))
    if not found:
        raise ValueError(f"{what} has no rows")
    return list(zip(*found, strict=True))


def parted(labels: np.ndarray, attribute: np.ndarray, part: np.ndarray) -> tuple[np.ndarray | None, ...]:
    """Labels, official-test mask, group, no domain, no severity and attribute of each example, as a reader gives them.

    ValueError where an example is in none of the parts; how many each part has to hold is checked of all data sets in
    one place (registered.py).
    """
    if not np.isin(part, (TRAINING, VALIDATION, TESTING)).all():
        raise ValueError("an example is in a part other than 0, 1 and 2")
    group = np.where(part == TRAINING, np.arange(len(part)), -1)
    return labels, part == TESTING, group, None, None, attribute
