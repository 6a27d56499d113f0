"""What a figure, a table or a number needs of the experiments that it reads, as it declares beside their names.

A declaration maps experiments to needs by the names of the functions in NEEDS: `{trajectories: {least: {points: 3}}}`.
What it is compared with are the settings that the report uses (study.report_settings). Nothing here imports torch.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from importlib import import_module
from types import ModuleType
from typing import NamedTuple

from robustpath import methods
from robustpath.config.errors import show
from robustpath.methods import search

PLACE = ("datasets", "train_sizes", "label_noise")  # what tells the cells of a comparison apart
REFERENCE = "reference"  # in a declaration, the config's


class Lack(NamedTuple):
    """A need that a config does not meet: the experiment and its key, the value there, and what is needed."""

    experiment: str
    key: str
    value: object
    needed: str


def lacks(needs: Mapping[str, Mapping], settings: Mapping) -> list[Lack]:
    """Every need of a declaration that these settings do not meet, an experiment that they lack included."""
    found: list[Lack] = []
    for name, own in needs.items():
        there = settings["experiments"]
        if name not in there:
            found.append(Lack(name, "", None, "there"))
        for need, asked in own.items() if name in there else ():
            found += [Lack(name, *each) for each in NEEDS[need](asked, there[name], settings)]
    return found


def why(needs: Mapping[str, Mapping], settings: Mapping) -> str:
    """Why what declares these needs is left out of the paper, as a sentence that names the first experiment and key and
    how many others there are; "" where every need is met."""
    found = lacks(needs, settings)
    if not found:
        return ""
    first, more = found[0], len(found) - 1
    key = f".{first.key} = {show(first.value)}" if first.key else ""
    others = f" (and {more} more)" if more else ""
    return f"Left out: experiments.{first.experiment}{key} is not {first.needed}, which this needs{others}."


def without(needs: Mapping[str, Mapping], settings: Mapping) -> list[str]:
    """The experiments of a declaration that are there and do not meet it: numbers take them for absent."""
    return list(dict.fromkeys(lack.experiment for lack in lacks(needs, settings) if lack.key))


Found = Iterator[tuple[str, object, str]]


def _named(name: str, settings: Mapping) -> str:
    return settings["reference"] if name == REFERENCE else name


def _methods(asked: Sequence[str], own: Mapping, settings: Mapping) -> Found:
    """It trains each of these methods."""
    wanted = [_named(name, settings) for name in asked]
    if set(wanted) - set(own["methods"]):
        yield "methods", own["methods"], f"a list with {', '.join(wanted)}"


def _compares(asked: str, own: Mapping, settings: Mapping) -> Found:
    """It trains this method, and another one beside it."""
    name = _named(asked, settings)
    if name not in own["methods"] or len(own["methods"]) < 2:
        yield "methods", own["methods"], f"a list with {name} and another method"


def _least(asked: Mapping[str, float], own: Mapping, settings: Mapping) -> Found:
    """Its keys are at least these numbers."""
    for key, number in asked.items():
        if own.get(key, number) < number:
            yield key, own[key], f"at least {number:g}"


def _least_of(asked: Mapping[str, int], own: Mapping, settings: Mapping) -> Found:
    """Its lists, or those of its grid, have at least so many entries."""
    for key, number in asked.items():
        group, _, name = key.rpartition(".")
        values = (own.get("grid") or {}).get(name, []) if group else own[key]
        if len(values) < number:
            yield key, values, f"a list of at least {number} value{'s' * (number > 1)}"


def _equals(asked: Mapping[str, object], own: Mapping, settings: Mapping) -> Found:
    """Its keys have these values."""
    for key, value in asked.items():
        if own.get(key, value) != value:
            yield key, own[key], show(value)


def _holds(asked: Mapping[str, object], own: Mapping, settings: Mapping) -> Found:
    """Its lists hold these values."""
    for key, value in asked.items():
        if value not in own.get(key, [value]):
            yield key, own[key], f"a list with {show(value)}"


def _any_of(asked: Mapping[str, Sequence], own: Mapping, settings: Mapping) -> Found:
    """Its lists hold one of these values."""
    for key, values in asked.items():
        if key in own and not set(own[key]) & set(values):
            yield key, own[key], f"a list with one of {show(list(values))}"


def _single(asked: Sequence[str], own: Mapping, settings: Mapping) -> Found:
    """Its lists have one entry."""
    for key in asked:
        if len(own[key]) != 1:
            yield key, own[key], "a list of one entry"


def _alike(*keys: str) -> Callable[..., Found]:
    """Another experiment has the same values of these keys."""

    def need(asked: str, own: Mapping, settings: Mapping) -> Found:
        other = settings["experiments"].get(asked, own)
        for key in keys:
            if own.get(key) != other.get(key):
                yield key, own.get(key), f"{show(other.get(key))}, as that of {asked}"

    return need


def _within(asked: str, own: Mapping, settings: Mapping) -> Found:
    """Another experiment has runs on all of its data sets, at all of its sizes and label noises."""
    other = settings["experiments"].get(asked, own)
    for key in PLACE:
        if set(own.get(key, [])) - set(other.get(key, [])):
            yield key, own.get(key), f"part of {show(other.get(key))}, that of {asked}"


def _first_within(asked: str, own: Mapping, settings: Mapping) -> Found:
    """Another experiment has runs on its first data set."""
    other = settings["experiments"].get(asked, {}).get("datasets", [])
    if own["datasets"][0] not in other:
        yield "datasets", own["datasets"], f"a list that begins with one of {show(other)}, those of {asked}"


def _varied(asked: Sequence[str], own: Mapping, settings: Mapping) -> Found:
    """A seed changes these sources of variation and no other."""
    if set(own.get("vary", asked)) != set(asked):
        yield "vary", own.get("vary"), show(list(asked))


def _grid(asked: Sequence[str], own: Mapping, settings: Mapping) -> Found:
    """Its grid has these hyperparameters."""
    lacking = [name for name in asked if name not in (own.get("grid") or {})]
    if lacking:
        yield "grid", own.get("grid"), f"a grid of {', '.join(asked)}"


def _no_grid(asked: object, own: Mapping, settings: Mapping) -> Found:
    """It has draws, not a grid."""
    if own.get("grid"):
        yield "grid", own.get("grid"), "left out"


def _absent_or_present(asked: Sequence[str], own: Mapping, settings: Mapping) -> Found:
    """Its grid has two values of each of these hyperparameters, one of them 0."""
    for name in asked:
        values = sorted((own.get("grid") or {}).get(name, []))
        if len(values) != 2 or values[0] != 0:
            yield f"grid.{name}", values, "a list of 0 and another value"


def _hyperparameters(asked: Sequence[str], own: Mapping, settings: Mapping) -> Found:
    """All of its methods have these hyperparameters."""
    families = methods.names()
    for method in own["methods"]:
        space = search.hyperparameters(families[method], method)
        if space is not None and set(asked) - set(space):
            yield "methods", own["methods"], f"a list of methods with the hyperparameters {', '.join(asked)}"
            return


def _data(module: str) -> ModuleType:
    """A module of the data sets, by name: what a figure depends on is its settings, not the list of all data sets."""
    return import_module(f"robustpath.data.{module}")


def _shifts(asked: object, own: Mapping, settings: Mapping) -> Found:
    """Each of its data sets has shifts, and it is scored under them."""
    if not own.get("shifted", True):
        yield "shifted", False, "true"
    shifts_of = _data("registry").shifts_of
    bare = [name for name in own["datasets"] if not any(each.split == "test" for each in shifts_of(name))]
    if bare:
        yield "datasets", own["datasets"], f"a list without {bare[0]}, which has no shifts"


def _groups(asked: object, own: Mapping, settings: Mapping) -> Found:
    """Each of its data sets has labels and an attribute that make groups."""
    get, grouped = _data("registry").get, _data("grouped").GroupedDataSet
    bare = [name for name in own["datasets"] if not isinstance(get(name), grouped)]
    if bare:
        yield "datasets", own["datasets"], f"a list without {bare[0]}, which has no groups"


def _correlated(asked: object, own: Mapping, settings: Mapping) -> Found:
    """It says how strongly label and attribute go together."""
    if own.get("correlation") is None:
        yield "correlation", None, "a number"


def _interacting(asked: int, own: Mapping, settings: Mapping) -> Found:
    """So many of its data sets, and all of them, have an interaction of label and attribute that is known."""
    known = [name for name in own["datasets"] if name.startswith("gauss_")]
    if len(known) < len(own["datasets"]) or len(known) < asked:
        yield "datasets", own["datasets"], f"a list of {asked} or more generated Gaussian sets (gauss_…)"


NEEDS: dict[str, Callable[..., Found]] = {
    "methods": _methods,
    "compares": _compares,
    "least": _least,
    "least_of": _least_of,
    "equals": _equals,
    "holds": _holds,
    "any_of": _any_of,
    "single": _single,
    "like": _alike(*PLACE),
    "spends": _alike("budget"),
    "noises_of": _alike("label_noise"),
    "runs_of": _alike("datasets", "methods", "task", "missing", "label_noise", "seeds"),
    "within": _within,
    "first_within": _first_within,
    "varied": _varied,
    "grid": _grid,
    "no_grid": _no_grid,
    "absent_or_present": _absent_or_present,
    "hyperparameters": _hyperparameters,
    "shifts": _shifts,
    "groups": _groups,
    "correlated": _correlated,
    "interacting": _interacting,
}
