"""What a supervised experiment of the right form can still get wrong: unknown names, sizes that do not fit the data."""

import math
from collections.abc import Iterator

from robustpath import methods, models
from robustpath.config.checks import ascending
from robustpath.config.errors import Problem
from robustpath.config.section import Section
from robustpath.data import registry
from robustpath.data.grouped import GroupedDataSet
from robustpath.methods import search
from robustpath.protocols.experiments import OVER_A_GRID
from robustpath.protocols.supervised.held_out import learnt
from robustpath.protocols.supervised.section import Supervised


def problems(path: tuple, experiment: Supervised, scale: Section, config: Section) -> Iterator[Problem]:
    """Every mistake in the keys of the protocol's own, at `path` = ("scales", name of the scale, …)."""
    yield from ascending((*path, "train_sizes"), experiment.train_sizes)
    yield from ascending((*path, "label_noise"), experiment.label_noise)
    yield from _measured(path, experiment)
    yield from _points(path, experiment)
    yield from _held_out(path, experiment)
    yield from _losses(path, experiment, config)
    yield from _groups(path, experiment, config)
    if experiment.methods != "all":
        # The methods of an experiment under `further` are compared with runs of other ones, if at all.
        alone = path[2] == "further" or experiment.grid or experiment.points
        compares = not alone and len(experiment.vary) == 3
        if compares and config.reference in set(config.methods) - set(experiment.methods):
            allowed = f"'all' or a list with the reference method '{config.reference}'"
            if path[-1] in OVER_A_GRID:
                allowed = f"values of hyperparameters by name, or methods with the reference '{config.reference}'"
                complaint = "has no entry" if "grid" in experiment.model_fields_set else "is missing"
                yield Problem((*path, "grid"), experiment.grid, complaint, allowed)
            else:
                yield Problem((*path, "methods"), experiment.methods, "lacks the reference", allowed)
    yield from _sizes(path, scale, experiment)
    yield from _correlation(path, scale, experiment)


def _measured(path: tuple, experiment: Supervised) -> Iterator[Problem]:
    """The measures of minima are those of perceptrons."""
    there = models.names()
    if experiment.measured and experiment.model in there and not models.facts(experiment.model).measured:
        measurable = ", ".join(name for name in there if models.facts(name).measured)
        allowed = f"measured: false, or a network whose minima can be measured ({measurable})"
        yield Problem((*path, "model"), experiment.model, "cannot be measured", allowed)


def _points(path: tuple, experiment: Supervised) -> Iterator[Problem]:
    if experiment.points in (1, 2):
        allowed = "0, or at least 3: the start, the end and one between"
        yield Problem((*path, "points"), experiment.points, "is too small", allowed)
    if experiment.points > experiment.budget + 1:
        allowed = f"at most {experiment.budget + 1:,}, the start and one after each gradient evaluation of the budget"
        yield Problem((*path, "points"), experiment.points, "is too large", allowed)


def _looking(experiment: Supervised, config: Section, *needs: str) -> list[str]:
    """The methods of an experiment that need one of these, as their sources say."""
    families = methods.names()
    chosen = [name for name in experiment.chosen(config.methods) if name in families]
    return [name for name in chosen if search.needs(families[name], name) & {*needs}]


def _losses(path: tuple, experiment: Supervised, config: Section) -> Iterator[Problem]:
    """A method that looks at the losses of a parent needs one that gives them."""
    looking = _looking(experiment, config, "irreducible")
    if looking and (experiment.parent is None or experiment.parent.gives != "losses"):
        given = experiment.parent.gives if experiment.parent else None
        place = (*path, "parent", "gives") if experiment.parent else (*path, "parent")
        complaint = f"has no losses for '{looking[0]}' to look at"
        yield Problem(place, given, complaint, "gives: losses, with an experiment and a method such as holdout_sgd")


def _groups(path: tuple, experiment: Supervised, config: Section) -> Iterator[Problem]:
    """A method that learns from groups needs data sets with an attribute."""
    looking = _looking(experiment, config, "groups", "balanced")
    for position, name in enumerate(experiment.datasets if looking else ()):
        entry = registry.DATASETS.get(name)
        if entry and not (isinstance(entry, GroupedDataSet) or entry.joined):
            known = [each.name for each in registry.DATASETS.values() if isinstance(each, GroupedDataSet)]
            complaint = f"has no attribute, and '{looking[0]}' learns from groups"
            yield Problem((*path, "datasets", position), name, complaint, ", ".join(known))


def _held_out(path: tuple, experiment: Supervised) -> Iterator[Problem]:
    """What is left must hold every class, and the study's experiment of that name must hold examples out."""
    share, smallest = experiment.held_out, min(experiment.train_sizes)
    known = [registry.DATASETS[name] for name in experiment.datasets if name in registry.DATASETS]
    classes = max((dataset.classes for dataset in known), default=1)
    left = learnt(smallest, share)
    if share and not classes <= left:
        allowed = f"a share that leaves at least {classes}, one of each class, of {smallest:,} training examples"
        yield Problem((*path, "held_out"), share, f"leaves {left} to learn from", allowed)
    if path[-2:] == ("experiments", "held_out") and not share:
        complaint = "holds no example out" if "held_out" in experiment.model_fields_set else "is missing"
        yield Problem((*path, "held_out"), share, complaint, "a share above 0, such as 0.2")


def _correlation(path: tuple, scale: Section, experiment: Supervised) -> Iterator[Problem]:
    """Every data set must have an attribute, and enough examples of each group at the correlation."""
    rho = experiment.correlation
    for name in experiment.datasets if rho is not None else ():
        entry = registry.DATASETS.get(name)
        if entry is None:
            continue
        if not isinstance(entry, GroupedDataSet):
            with_one = ", ".join(each.name for each in registry.DATASETS.values() if isinstance(each, GroupedDataSet))
            complaint = f"needs an attribute, which '{name}' has not"
            yield Problem((*path, "correlation"), rho, complaint, f"no correlation, or data sets of {with_one}")
            continue
        if scale.test_size > entry.test_in_equal_groups:
            allowed = f"at most {entry.test_in_equal_groups:,}, the test examples of '{name}' in equal groups"
            yield Problem((*path[:2], "test_size"), scale.test_size, "is too large", allowed)
            continue
        room = entry.correlated_room(rho, scale.validation_size, scale.test_size)
        if room < max(experiment.train_sizes):
            complaint = f"leaves {room:,} training examples of '{name}' in groups of that share"
            allowed = f"another correlation, or train_sizes of at most {room:,}" if room else "another correlation"
            yield Problem((*path, "correlation"), rho, complaint, allowed)
        smallest = smallest_correlated(entry, rho)
        if min(experiment.train_sizes) < smallest:
            complaint = f"leaves a group of '{name}' without an example at that correlation"
            yield Problem((*path, "train_sizes"), experiment.train_sizes, complaint, f"at least {smallest:,}")


def smallest_correlated(entry: GroupedDataSet, correlation: float) -> int:
    """How many training examples in equal classes it takes that every seed has one of each group at a correlation.

    data/group_splits.pattern gives at least, and at most, so many of a label's first examples its majority attribute;
    the other attributes share the rest.
    """
    largest, smallest = 1 - 0.5 / entry.classes, 0.5 / entry.classes
    rounds = 1
    while (
        math.floor(correlation * rounds + smallest) < 1
        or rounds - math.floor(correlation * rounds + largest) < entry.attributes - 1
    ):
        rounds += 1
    return entry.classes * rounds


def _sizes(path: tuple, scale: Section, experiment: Supervised) -> Iterator[Problem]:
    """Training, validation and test examples must be there in every data set, the natural shifts' included."""
    trained = [registry.DATASETS[chosen] for chosen in experiment.datasets if chosen in registry.DATASETS]
    partners = [registry.DATASETS[other] for dataset in trained for other in registry.partners(dataset.name)]
    room = {  # what is left for training
        dataset.name: registry.largest_train(dataset.name, scale.validation_size, scale.test_size)
        for dataset in trained + partners
    }
    for dataset in trained + partners:
        official, balanced = dataset.balanced_test, dataset.classes * dataset.smallest_class
        if official and scale.test_size > official:
            equal = "" if official == dataset.official_test else " in equal classes"
            allowed = f"at most {official:,}, the test part of '{dataset.name}'{equal}"
            yield Problem((*path[:2], "test_size"), scale.test_size, "is too large", allowed)
            return
        if dataset.examples and room[dataset.name] < 1:
            kind = "validation_size" if official or scale.validation_size > scale.test_size else "test_size"
            what = "validation_size" if official else "validation_size and test_size together"
            allowed = f"{what} below {balanced:,}, the examples of '{dataset.name}' in equal classes"
            yield Problem((*path[:2], kind), getattr(scale, kind), "leaves nothing to train on", allowed)
            return
    if not trained:
        return
    smallest = min(trained, key=lambda dataset: room[dataset.name])
    widest = max(trained, key=lambda dataset: dataset.classes)
    for position, size in enumerate(experiment.train_sizes):
        place = (*path, "train_sizes", position)
        if size > room[smallest.name]:
            complaint = f"is more training examples than '{smallest.name}' has"
            yield Problem(place, size, complaint, _room(smallest, scale, room[smallest.name]))
        if size < widest.classes:
            allowed = f"at least {widest.classes}, one of each class of '{widest.name}'"
            yield Problem(place, size, "is too small", allowed)


def _room(dataset: "registry.DataSet", scale: Section, room: int) -> str:
    balanced = dataset.classes * dataset.smallest_class
    test = "" if dataset.official_test else f" and {scale.test_size:,} for testing"
    whole = ", and what whole families cost" if dataset.largest_group else ""
    return (
        f"at most {room:,} (of its {dataset.examples:,} examples, {balanced:,} are in equal classes, "
        f"less {scale.validation_size:,} for validation{test}{whole})"
    )
