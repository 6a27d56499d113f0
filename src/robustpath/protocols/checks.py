"""What experiments of any protocol can get wrong together: protocols that do not exist, parents that cannot be."""

from collections.abc import Iterator, Mapping, Sequence

from robustpath import protocols
from robustpath.config.checks import known
from robustpath.config.errors import Problem, value_at
from robustpath.protocols.section import Experiment


def unknown(raw: object) -> Iterator[Problem]:
    """Protocols in a config, as it was read, that do not exist: which keys an experiment may have hangs on them."""
    for scale, section in _items(raw, ("scales",)):
        for group in ("experiments", "further"):
            for name, experiment in _items(section, (group,)):
                named = value_at(experiment, ("protocol",))
                if isinstance(named, str):
                    place = ("scales", scale, group, name, "protocol")
                    yield from (
                        each._replace(value=named) for each in known(place, named, "protocol", protocols.names())
                    )


def parents(experiments: Sequence[tuple[tuple, Experiment]], methods: Sequence[str]) -> Iterator[Problem]:
    """Parents that do not exist, that lack what a run would begin with, or that begin with their own children.

    `experiments` are those of a scale, each with its address; `methods` the list at the top of the config.
    """
    there = {path[-1]: experiment for path, experiment in experiments}
    for path, child in experiments:
        if child.parent is None:
            continue
        name, place = child.parent.experiment, (*path, "parent")
        yield from known((*place, "experiment"), name, "experiment of the scale", there)
        if name not in there:
            continue
        yield from known(
            (*place, "method"), child.parent.method, "method of that experiment", there[name].chosen(methods)
        )
        if path[-1] in _ancestors(name, there):
            allowed = "an experiment that does not begin with the runs of this one"
            yield Problem((*place, "experiment"), name, "begins with the runs of its own child", allowed)
        for complaint, allowed in _lacking(child, there[name]):
            yield Problem((*place, "experiment"), name, complaint, allowed)


def _ancestors(name: str, there: Mapping[str, Experiment]) -> list[str]:
    found = []
    while name in there and name not in found:
        found.append(name)
        name = there[name].parent.experiment if there[name].parent else ""
    return found


def _lacking(child: Experiment, parent: Experiment) -> Iterator[tuple[str, str]]:
    """What the parent does not have of what its child needs, and what would do."""
    keys = {axis.key for each in (child, parent) for axis in protocols.load(each.protocol).axes.values()}
    for key in ["datasets", *sorted(keys)]:
        wanted, held = getattr(child, key, None), getattr(parent, key, None)
        if wanted is not None and held is not None and set(wanted) - set(held):
            yield f"lacks some of the {key} of its child", f"one with the {key} {wanted}"
    if child.seeds > parent.seeds:
        yield "has fewer seeds than its child", f"one with at least {child.seeds} seeds"
    if child.model != parent.model:
        yield f"trains the network {parent.model}, its child {child.model}", "one with the same model"


def _items(raw: object, path: tuple) -> list[tuple]:
    below = value_at(raw, path)
    return list(below.items()) if isinstance(below, Mapping) else []
