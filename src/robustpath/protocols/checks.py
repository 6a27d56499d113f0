"""What experiments of any protocol can get wrong: names that do not exist, draws, needs of methods, parents."""

from collections.abc import Iterator, Mapping, Sequence

from robustpath import methods, models, protocols
from robustpath.config.checks import distinct, known
from robustpath.config.errors import ABSENT, Problem, nearest, value_at
from robustpath.config.section import Section
from robustpath.data import registry
from robustpath.methods import search
from robustpath.protocols.section import Experiment

# Hyperparameters that are a part of something, such as of the budget.
SHARES = ("share", "descended", "warmup", "age")


def unknown(raw: object) -> Iterator[Problem]:
    """Protocols in a config, as it was read, that do not exist: they decide which keys an experiment may have."""
    for scale, section in _items(raw, ("scales",)):
        for group in ("experiments", "further"):
            for name, experiment in _items(section, (group,)):
                named = value_at(experiment, ("protocol",))
                if named is not ABSENT:
                    place = ("scales", scale, group, name, "protocol")
                    yield from (
                        each._replace(value=named) for each in known(place, named, "protocol", protocols.names())
                    )


def problems(path: tuple, experiment: Experiment, config: Section) -> Iterator[Problem]:
    """Every mistake in the keys that all protocols share, at `path` = ("scales", name of the scale, …)."""
    yield from distinct((*path, "datasets"), experiment.datasets, "data set", registry.DATASETS)
    yield from _network(path, experiment)
    yield from distinct((*path, "vary"), experiment.vary, "source", experiment.vary)
    if experiment.methods != "all":
        yield from distinct((*path, "methods"), experiment.methods, "method", methods.names())
    for name in experiment.chosen(config.methods):
        if name in methods.names():
            yield from _usable(path, experiment, name)
    yield from _draws(path, experiment, config)


def of_theory(path: tuple, names: Sequence[str]) -> Iterator[Problem]:
    """Methods of a theory case, listed at `path`, that do not exist, come twice or need more than a loss."""
    yield from distinct(path, names, "method", methods.names())
    for position, name in enumerate(names):
        meant = methods.protocols_of(name) if name in methods.names() else ()
        if meant and protocols.DEFAULT not in meant:
            yield Problem(
                (*path, position), name, "cannot learn in a theory case", "methods that need no more than a loss"
            )


def _network(path: tuple, experiment: Experiment) -> Iterator[Problem]:
    """A network there is, for data with training examples that it takes: convolutions need images."""
    yield from known((*path, "model"), experiment.model, "network", models.names())
    model = models.facts(experiment.model) if experiment.model in models.names() else None
    for position, name in enumerate(experiment.datasets):
        dataset = registry.DATASETS.get(name)
        if dataset and not dataset.examples:
            allowed = "a data set with training examples; this one is a shift of another"
            yield Problem((*path, "datasets", position), name, "is there to test on alone", allowed)
        if dataset and model and dataset.kind not in model.kinds:
            fitting = ", ".join(other for other in models.names() if dataset.kind in models.facts(other).kinds)
            complaint = f"takes no {dataset.kind}s, which '{name}' holds"
            yield Problem((*path, "model"), experiment.model, complaint, fitting)


def _usable(path: tuple, experiment: Experiment, name: str) -> Iterator[Problem]:
    """A method must be able to use the network, and the protocol must deal what its steps need."""
    for complaint, allowed in _unusable(experiment, name):
        if "methods" in experiment.model_fields_set:
            yield Problem((*path, "methods"), experiment.methods, complaint, allowed)
        else:
            said = f"{allowed}; the list at the top, which stands in its place, {complaint}"
            yield Problem((*path, "methods"), experiment.methods, "is missing", said)


def _unusable(experiment: Experiment, name: str) -> Iterator[tuple[str, str]]:
    """Why an experiment cannot train a method that it holds, and what it could train."""
    networks = search.networks(methods.names()[name], name)
    if networks and experiment.model in set(models.names()) - set(networks):
        complaint = f"holds '{name}', which cannot use the network {experiment.model}"
        yield complaint, f"methods that can, or model: {networks[0]}"
    protocol = protocols.load(experiment.protocol)
    if (meant := methods.protocols_of(name)) and protocol.name not in meant:
        there = " or ".join(each for each in meant if each in protocols.names())
        complaint = f"holds '{name}', which cannot learn in the protocol {protocol.name}"
        yield complaint, f"other methods, or protocol: {there}"
        return
    for need in lacking_needs(name, protocol.deals):
        complaint = f"holds '{name}', which needs '{need}' beside its batches: {protocol.name} does not deal it"
        needing = f"no more than {', '.join(sorted(protocol.deals))}" if protocol.deals else "nothing beside them"
        yield complaint, f"methods that need {needing}"


def lacking_needs(name: str, dealt: frozenset[str]) -> list[str]:
    """What a method's steps need and is not dealt.

    Its source names them without torch, and may name too many; then the method itself is asked.
    """
    if search.needs(methods.names()[name], name) <= dealt:
        return []
    from robustpath.engine.plan import phases
    from robustpath.methods.base import build

    steps = [method for _, method in phases(build(methods.load(name), {}))]
    return sorted({need for step in steps for need in step.needs} - dealt)


def has_phases(name: str) -> bool:
    """Whether a method has phases that follow one another.

    Its source says without torch where it has none; then the method itself is asked.
    """
    if not search.may_have_phases(methods.names()[name], name):
        return False
    from robustpath.methods.base import build

    return bool(build(methods.load(name), {}).phases)


def _draws(path: tuple, experiment: Experiment, config: Section) -> Iterator[Problem]:
    families = methods.names()
    spaces = {
        name: search.hyperparameters(families[name], name)
        for name in experiment.chosen(config.methods)
        if name in families
    }
    spaces = {name: space for name, space in spaces.items() if space is not None}
    if experiment.grid and experiment.draws > 1:
        yield Problem((*path, "draws"), experiment.draws, "stands beside a grid, which sets the draws", "1, or no grid")
    fixed = next((name for name in spaces if not spaces[name]), None)
    if fixed and experiment.draws > 1:
        complaint = f"is more draws than '{fixed}' can have, which has no hyperparameter"
        yield Problem((*path, "draws"), experiment.draws, complaint, "1, or other methods")
    for key, values in experiment.grid.items():
        for name, space in spaces.items():
            if key not in space:
                complaint = f"is no hyperparameter of '{name}'"
                yield Problem((*path, "grid", key), values, complaint, ", ".join(sorted(space)), nearest(key, space))
                break
        yield from distinct((*path, "grid", key), values, "value", values)
        if key in SHARES and max(values) > 1:
            yield Problem((*path, "grid", key), values, "is more than the whole", "shares from 0 to 1")


def parents(experiments: Sequence[tuple[tuple, Experiment]], listed: Sequence[str]) -> Iterator[Problem]:
    """Parents that do not exist, that lack what a run would begin with, or that begin with their own children.

    `experiments` are those of a scale, each with its address; `listed` the methods at the top of the config.
    """
    there = {path[-1]: experiment for path, experiment in experiments}
    for path, child in experiments:
        if child.parent is None:
            continue
        name, place = child.parent.experiment, (*path, "parent")
        yield from known((*place, "experiment"), name, "experiment of the scale", there)
        if name not in there:
            continue
        chosen = there[name].chosen(listed)
        yield from known((*place, "method"), child.parent.method, "method of that experiment", chosen, methods.names())
        if child.parent.gives == "losses" and "irreducible" not in protocols.load(child.protocol).deals:
            yield Problem((*place, "gives"), "losses", f"is not what {child.protocol} deals", "parameters")
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
        if wanted is None and len(held) > 1:
            yield f"has several {key}, of which its child has none", f"one with a single entry in {key}"
    if child.seeds > parent.seeds:
        yield "has fewer seeds than its child", f"one with at least {child.seeds} seeds"
    if child.model != parent.model:
        yield f"trains the network {parent.model}, its child {child.model}", "one with the same model"


def _items(raw: object, path: tuple) -> list[tuple]:
    below = value_at(raw, path)
    return list(below.items()) if isinstance(below, Mapping) else []
