"""What an experiment on acquisition of the right form can still get wrong: labels that the pool cannot give, groups
that the data do not have, methods that do not acquire or do not learn."""

from collections.abc import Iterator

from robustpath import methods
from robustpath.config.checks import ascending, known
from robustpath.config.errors import Problem
from robustpath.config.section import Section
from robustpath.data import registry
from robustpath.data.entries import DataSet
from robustpath.methods import search
from robustpath.protocols.acquisition import sizes
from robustpath.protocols.acquisition.section import AcquisitionExperiment
from robustpath.protocols.acquisition.sizes import NONE
from robustpath.protocols.checks import has_phases, lacking_needs
from robustpath.protocols.supervised.needs import DEALS


def problems(path: tuple, experiment: AcquisitionExperiment, scale: Section, config: Section) -> Iterator[Problem]:
    """Every mistake in the keys of the protocol's own, at `path` = ("scales", name of the scale, …)."""
    yield from ascending((*path, "label_noise"), experiment.label_noise)
    yield from ascending((*path, "missing"), experiment.missing)
    yield from _learner(path, experiment)
    for name in experiment.chosen(config.methods):
        if name in methods.names() and not methods.protocols_of(name):
            complaint = f"holds '{name}', which trains and does not choose what is labelled"
            allowed = "methods for the protocol acquisition; the training method is the `learner`"
            yield Problem((*path, "methods"), experiment.methods, complaint, allowed)
            break
    if experiment.parent:
        complaint = "stands in an experiment whose models are trained anew in every round"
        yield Problem((*path, "parent"), experiment.parent.model_dump(), complaint, "no parent")
    yield from _labels(path, experiment)
    yield from _task(path, experiment)
    for position, name in enumerate(experiment.datasets):
        if entry := registry.DATASETS.get(name):
            found = [*_groups(path, experiment, position, entry), *_counts(path, experiment, scale, entry)]
            yield from found[:1]


def _learner(path: tuple, experiment: AcquisitionExperiment) -> Iterator[Problem]:
    """It is a method of one phase that the network can be trained by on independent batches."""
    name, place = experiment.learner, (*path, "learner")
    yield from known(place, name, "method", methods.names())
    if name not in methods.names():
        return
    meant = methods.protocols_of(name)
    networks = search.networks(methods.names()[name], name)
    allowed = "a training method of one phase, such as sgd"
    if meant and "supervised" not in meant:
        yield Problem(place, name, f"does not train on one training set, it is for {' or '.join(meant)}", allowed)
    elif has_phases(name):
        yield Problem(place, name, "has phases, and a round is one phase", allowed)
    elif networks and experiment.model not in networks:
        yield Problem(place, name, f"cannot use the network {experiment.model}", f"model: {networks[0]}, or {allowed}")
    elif lacking := lacking_needs(name, DEALS):
        yield Problem(place, name, f"needs '{lacking[0]}' beside its batches, which is not dealt", allowed)


def _labels(path: tuple, experiment: AcquisitionExperiment) -> Iterator[Problem]:
    pool, bought = experiment.pool, experiment.acquired * experiment.rounds
    if experiment.acquired > pool:
        complaint = f"is more than the pool of {pool:,}"
        yield Problem((*path, "acquired"), experiment.acquired, complaint, f"at most {pool:,}")
    elif bought > pool:
        complaint = f"buys {bought:,} labels, {experiment.acquired:,} a round, and the pool has {pool:,} examples"
        yield Problem((*path, "rounds"), experiment.rounds, complaint, f"at most {pool // experiment.acquired:,}")


def _task(path: tuple, experiment: AcquisitionExperiment) -> Iterator[Problem]:
    place, missing = (*path, "missing"), experiment.missing
    if experiment.task == "generic" and missing != [NONE]:
        yield Problem(
            place, missing, "names groups, and in the task generic none is missing", "no missing, or task: hole"
        )
    if experiment.task == "hole" and NONE in missing:
        given = "missing" in experiment.model_fields_set
        complaint = "names no group" if given else "is left out, and the task hole needs groups"
        yield Problem(place, missing, complaint, "the numbers of groups, such as [0, 1, 2, 3]")


def _groups(path: tuple, experiment: AcquisitionExperiment, position: int, entry: DataSet) -> Iterator[Problem]:
    """A correlation and a missing group need an attribute, and the group must be there."""
    place, attributes = (*path, "datasets", position), attributes_of(entry)
    if attributes < 2:
        wanted = "task = hole" if experiment.task == "hole" else "correlation"
        if experiment.task == "hole" or experiment.correlation is not None:
            complaint = f"has no attribute beside its labels, which {wanted} needs"
            yield Problem(place, entry.name, complaint, "a data set with attributes, such as digit_domains")
        return
    beyond = [each for each in experiment.missing if each >= entry.classes * attributes]
    if beyond:
        complaint = f"holds {beyond[0]}, and '{entry.name}' has {entry.classes * attributes} groups"
        yield Problem((*path, "missing"), experiment.missing, complaint, f"0 to {entry.classes * attributes - 1}")
        return
    if experiment.correlation is not None:
        pool = sizes.of_groups(experiment.pool, entry.classes, attributes, experiment.correlation)
        absent = [each for each in experiment.missing if each != NONE and not pool[each]]
        if absent:
            complaint = f"holds {absent[0]}, a group without an example in a pool of {experiment.pool:,}"
            allowed = f"groups with one at correlation = {experiment.correlation:g}, or a larger pool"
            yield Problem((*path, "missing"), experiment.missing, complaint, allowed)


def _counts(path: tuple, experiment: AcquisitionExperiment, scale: Section, entry: DataSet) -> Iterator[Problem]:
    """The examples for training must suffice for first labels and pool, of each group where there is a correlation."""
    if not entry.examples:
        return
    room = entry.room(scale.validation_size, scale.test_size)
    first, pool = experiment.seed_labels, experiment.pool
    if first < entry.classes:
        allowed = f"at least {entry.classes}, one of each class of '{entry.name}'"
        yield Problem((*path, "seed_labels"), first, "is too small", allowed)
    elif first + pool > room:
        complaint = f"and the {first:,} first labels are more than '{entry.name}' has for training"
        yield Problem((*path, "pool"), pool, complaint, f"at most {room:,} together")
    elif experiment.correlation is not None:
        attributes = attributes_of(entry)
        each = room // (entry.classes * attributes) if entry.joined else None
        for missing in experiment.missing if each else ():
            needed = sizes.of_groups(pool, entry.classes, attributes, experiment.correlation)
            needed.update(sizes.of_groups(first, entry.classes, attributes, experiment.correlation, missing))
            group, most = needed.most_common(1)[0]
            if most > each:
                complaint = (
                    f"needs {most:,} examples of group {group} of '{entry.name}', which has {each:,} for training"
                )
                allowed = "one nearer to equal groups, or a smaller pool and fewer seed_labels"
                yield Problem((*path, "correlation"), experiment.correlation, complaint, allowed)
                return


def attributes_of(entry: DataSet) -> int:
    """How many attributes a data set has; 1 for one without."""
    return max(1, len(entry.joined))
