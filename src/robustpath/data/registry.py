"""What there is: data sets with their files, checksums, licences and counts, and the shifts each is tested under.

Importable without torch, so that planning and listing stay fast. No job imports it: what a job depends on is its own
data set's file and its settings.
"""

from functools import cache

from robustpath.core.errors import UserError
from robustpath.data import sets
from robustpath.data.entries import DataSet
from robustpath.data.shift_names import Shift, shifts

FAMILIES = ("corruption", "natural", "published", "generator")  # of shifts, in the order of listings


def __getattr__(name: str) -> dict[str, DataSet]:
    """DATASETS, collected when it is first used: a mistake in a data set's file is met where errors are printed."""
    if name == "DATASETS":
        return _collected()
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


@cache
def _collected() -> dict[str, DataSet]:
    """Every data set by name: first those that packages ship, then those to fetch, each in alphabetical order."""
    entries = [sets.load(name).ENTRY for name in sets.names()]
    for entry in entries:
        if unknown := {*entry.natural_shift_to, entry.published} - {"", *sets.names()}:
            raise UserError(
                f"{sets.load(entry.name).__file__} is to be tested on {min(unknown)!r}, which is no data set: "
                f"choose from {', '.join(sets.names())}"
            )
    return {entry.name: entry for entry in sorted(entries, key=lambda entry: (entry.fetched, entry.name))}


def get(name: str) -> DataSet:
    """The data set called `name`; UserError if there is none."""
    return _collected().get(name) or sets.load(name).ENTRY


def partners(dataset: str) -> tuple[str, ...]:
    """The other data sets that `dataset` is evaluated on: its natural shifts, then its published corruptions."""
    entry = get(dataset)
    return entry.natural_shift_to + ((entry.published,) if entry.published else ())


def shifts_of(dataset: str) -> tuple[Shift, ...]:
    """The shifts that `dataset` is evaluated under, family by family; none where nothing is trained on it."""
    entry = get(dataset)
    return shifts(**entry.shifted_by) if entry.examples else ()


def shifting_code(dataset: str) -> tuple[str, ...]:
    """The modules that evaluation runs of `dataset`: its own file where its generator makes its shifts."""
    return (f"{sets.__name__}.{dataset}",) if get(dataset).knobs else ()


def largest_train(dataset: str, validation: int, test: int) -> int:
    """How many training examples a balanced split of `dataset` leaves: see entries.DataSet.room."""
    return get(dataset).room(validation, test)


def test_pool(dataset: str) -> int:
    """How many examples the test set of a seed is drawn from: the official test part, or the whole pool."""
    entry = get(dataset)
    return entry.official_test or entry.examples


def summary() -> list[dict]:
    """One plain row a shift: name, family, split, the data sets it applies to and its severities."""
    trained: dict[Shift, list[str]] = {}
    for name in _collected():
        for shift in shifts_of(name):
            trained.setdefault(shift, []).append(name)
    return [
        {
            "name": shift.name,
            "family": shift.family,
            "split": shift.split,
            "datasets": trained[shift],
            "severities": list(shift.severities),
        }
        for shift in sorted(trained, key=lambda shift: FAMILIES.index(shift.family))
    ]
