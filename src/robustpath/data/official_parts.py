"""Tables of labels and attributes in their authors' parts, and what is refused where they are not whole.

A part is 0 for training, 1 for validation, 2 for testing. Training examples, each a group of its own, are the pool, and
test examples the official test part. Validation examples are in no part: a split takes its own from the pool, so that
their labels are as skewed as those that are learnt from.
"""

from collections.abc import Iterable

import numpy as np

from robustpath.data.grouped import GroupedDataSet

TRAINING, VALIDATION, TESTING = range(3)


def columns(rows: Iterable[dict[str, str]], names: tuple[str, ...], what: str) -> list[tuple[str, ...]]:
    """The values under each of `names`; ValueError where the table `what` has no rows, or one without such a value."""
    found = []
    for number, row in enumerate(rows, 1):
        if missing := [name for name in names if row.get(name) is None]:
            raise ValueError(f"row {number} of {what} has no {missing[0]!r}")
        found.append(tuple(row[name] for name in names))
    if not found:
        raise ValueError(f"{what} has no rows")
    return list(zip(*found, strict=True))


def parted(
    labels: np.ndarray, attribute: np.ndarray, part: np.ndarray, entry: GroupedDataSet, validation: int
) -> tuple[np.ndarray | None, ...]:
    """Labels, official-test mask, group, no domain, no severity and attribute of each example, as a reader gives them.

    ValueError where the counts are not those of `entry` (every group of the training part, every class of the test
    part), or where the validation part has not `validation` examples.
    """
    groups = labels[part == TRAINING] * entry.attributes + attribute[part == TRAINING]
    _check("groups of the training part", groups, [count for row in entry.pool_groups for count in row])
    _check("classes of the test part", labels[part == TESTING], [sum(row) for row in entry.test_groups])
    _check("validation part", labels[part == VALIDATION] * 0, [validation])
    group = np.where(part == TRAINING, np.arange(len(part)), -1)
    return labels, part == TESTING, group, None, None, attribute


def _check(what: str, numbers: np.ndarray, known: list[int]) -> None:
    found = np.bincount(numbers, minlength=len(known)).tolist()
    if found != known:
        raise ValueError(f"the {what} should hold {_listed(known)} examples and hold {_listed(found)}")


def _listed(counts: list[int]) -> str:
    return ", ".join(map(str, counts))
