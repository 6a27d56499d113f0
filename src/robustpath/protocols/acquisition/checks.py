"""What an experiment on acquisition of the right form can still get wrong: labels that the pool cannot give, groups
that the data do not have, methods that do not acquire or do not learn."""

import math
from collections.abc import Iterator

from robustpath import methods
from robustpath.config.checks import ascending, known
from robustpath.config.errors import Problem
from robustpath.config.section import Section
from robustpath.data import registry
from robustpath.data.entries import DataSet
from robustpath.data.grouped import GroupedDataSet
from robustpath.methods import search
from robustpath.protocols.acquisition.needs import reads_attribute
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
        yield Problem((*path, "parent"), experiment.parent.model_dump(exclude_defaults=True), complaint, "no parent")
    yield from _labels(path, experiment)
    yield from _task(path, experiment)
    for position, name in enumerate(experiment.datasets):
        if entry := registry.DATASETS.get(name):
            grouped = _groups(path, experiment, config.methods, position, entry)
            found = [*grouped, *_counts(path, experiment, scale, entry)]
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


def _groups(
    path: tuple, experiment: AcquisitionExperiment, listed: list[str], position: int, entry: DataSet
) -> Iterator[Problem]:
    """A correlation, a missing group and an oracle need an attribute, and the group must be there."""
    place, attributes = (*path, "datasets", position), attributes_of(entry)
    hole, correlation, minorities = experiment.task == "hole", experiment.correlation, experiment.first_minorities
    oracle = next((name for name in experiment.chosen(listed) if reads_attribute(name)), None)
    if attributes < 2 and (hole or oracle or minorities or correlation is not None):
        others = "first_minorities" if minorities else "correlation"
        wanted = "task = hole" if hole else f"'{oracle}'" if oracle else others
        complaint = f"has no attribute beside its labels, which {wanted} needs"
        yield Problem(place, entry.name, complaint, f"one of {', '.join(_grouped())}")
    elif correlation is not None and not isinstance(entry, GroupedDataSet):
        complaint = "does not say how many examples its groups have, which correlation needs"
        yield Problem(place, entry.name, complaint, f"no correlation, or one of {', '.join(_grouped())}")
    elif minorities * (attributes - 1) > experiment.seed_labels // entry.classes:
        complaint = f"of each minority are more than {experiment.seed_labels} first labels can hold"
        allowed = f"at most {experiment.seed_labels // entry.classes // max(1, attributes - 1)}, or more seed_labels"
        yield Problem((*path, "first_minorities"), minorities, complaint, allowed)
    elif hole:
        for group in experiment.missing:
            label, attribute = divmod(group, attributes)
            if label >= entry.classes:
                complaint = f"holds {group}, and '{entry.name}' has {entry.classes * attributes} groups"
                allowed = f"0 to {entry.classes * attributes - 1}"
            elif not _least(entry, correlation, (0, experiment.pool // entry.classes), label, attribute):
                complaint = f"holds {group}, a group of which a pool of {experiment.pool:,} may have no example"
                allowed = "other groups, a larger pool or another correlation"
            else:
                continue
            yield Problem((*path, "missing"), experiment.missing, complaint, allowed)


def _counts(path: tuple, experiment: AcquisitionExperiment, scale: Section, entry: DataSet) -> Iterator[Problem]:
    """The examples for training must suffice for first labels and pool, also where a group is missing among these."""
    first, pool, correlation = experiment.seed_labels, experiment.pool, experiment.correlation
    sizes, grouped = (scale.validation_size, scale.test_size), isinstance(entry, GroupedDataSet)
    if not entry.examples:
        return
    if first < entry.classes:
        allowed = f"at least {entry.classes}, one of each class of '{entry.name}'"
        yield Problem((*path, "seed_labels"), first, "is too small", allowed)
        return
    if correlation is not None and grouped and scale.test_size > entry.test_in_equal_groups:
        allowed = f"at most {entry.test_in_equal_groups:,}, the test examples of '{entry.name}' in equal groups"
        yield Problem((*path[:2], "test_size"), scale.test_size, "is too large", allowed)
        return
    room = entry.room(*sizes) if correlation is None else entry.correlated_room(correlation, *sizes) if grouped else 0
    if first + pool > room and correlation is not None:
        complaint = f"leaves {room:,} training examples of '{entry.name}' in groups of that share"
        allowed = f"another correlation, or a pool and seed_labels of at most {room:,} together"
        yield Problem((*path, "correlation"), correlation, complaint, allowed)
    elif first + pool > room:
        complaint = f"and the {first:,} first labels are more than '{entry.name}' has for training"
        yield Problem((*path, "pool"), pool, complaint, f"at most {room:,} together")
    elif experiment.task == "hole" and grouped:
        for group in experiment.missing:
            label, attribute = divmod(group, entry.attributes)
            others = [each for each in range(entry.attributes) if each != attribute]
            rest = -(-pool // entry.classes), room // entry.classes
            left = sum(_least(entry, correlation, rest, label, each) for each in others)
            if left < -(-first // entry.classes):
                complaint = f"holds {group}: beside the pool there may be only {left:,} other examples of its label"
                allowed = "other groups, fewer seed_labels, a smaller pool or another correlation"
                yield Problem((*path, "missing"), experiment.missing, complaint, allowed)
                return


def _least(
    entry: DataSet, correlation: float | None, rounds: tuple[int, int], label: int, attribute: int
) -> int:  # fmt: skip
    """How many examples with an attribute there are at least among those of a label in training examples from one round
    of the classes to another; without a correlation, where chance decides, what can be expected."""
    (begin, end), attributes = rounds, attributes_of(entry)
    if correlation is None:
        row = entry.pool_groups[label] if isinstance(entry, GroupedDataSet) else (1,) * attributes
        return math.floor((end - begin) * row[attribute] / sum(row))
    starts = [(place + 0.5) / entry.classes for place in range(entry.classes)]  # as in data/group_splits.pattern
    usual = [math.floor(correlation * end + each) - math.floor(correlation * begin + each) for each in starts]
    if attribute == entry.majority(label):
        return min(usual)
    return (end - begin - max(usual)) // (attributes - 1)


def _grouped() -> list[str]:
    """The data sets with an attribute that say how many examples their groups have."""
    return [each.name for each in registry.DATASETS.values() if isinstance(each, GroupedDataSet)]


def attributes_of(entry: DataSet) -> int:
    """How many attributes a data set has; 1 for one without."""
    return entry.attributes if isinstance(entry, GroupedDataSet) else max(1, len(entry.joined))
