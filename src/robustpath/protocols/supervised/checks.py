"""What a config of the right form can still get wrong: names that do not exist, sizes that do not fit the data."""

from collections.abc import Collection, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from robustpath import methods
from robustpath.config.errors import Problem, nearest
from robustpath.data import registry
from robustpath.methods.search import hyperparameters

if TYPE_CHECKING:
    from robustpath.study import Config, Experiment, Scale


def problems(config: "Config") -> Iterator[Problem]:
    """Every mistake in all scales of `config`, whichever is active."""
    families = methods.names()
    yield from _known(("scale",), config.scale, "scale", config.scales)
    yield from _names(("methods",), config.methods, "method", families)
    yield from _known(("reference",), config.reference, "method of the list", config.methods)
    if config.verify.level == 3 and config.start != "raw":
        complaint = f"compares with a run from raw data, but start = '{config.start}'"
        yield Problem(("verify", "level"), 3, complaint, "0 to 2, or start: raw")
    for name, scale in config.scales.items():
        yield from _ascending(("scales", name, "severities"), scale.severities)
        for case, told in scale.theory:
            path = ("scales", name, "theory", case)
            yield from _names((*path, "methods"), getattr(told, "methods", []), "method", families)
            for key, value in told:
                if isinstance(value, list) and not any(isinstance(entry, str) for entry in value):
                    yield from _ascending((*path, key), value)
        for key in sorted(scale.further.keys() & dict(scale.experiments).keys()):
            yield Problem(("scales", name, "further", key), key, "is the name of an experiment already", "another name")
        for path, experiment in _experiments(name, scale):
            yield from _names((*path, "datasets"), experiment.datasets, "data set", registry.DATASETS)
            yield from _network(path, experiment)
            yield from _ascending((*path, "train_sizes"), experiment.train_sizes)
            yield from _ascending((*path, "label_noise"), experiment.label_noise)
            yield from _names((*path, "vary"), experiment.vary, "source", experiment.vary)
            yield from _draws(path, experiment, config, families)
            if experiment.methods != "all":
                yield from _names((*path, "methods"), experiment.methods, "method of the list", config.methods)
                compares = not (experiment.grid or experiment.points) and len(experiment.vary) == 3
                if compares and config.reference in set(config.methods) - set(experiment.methods):
                    allowed = f"'all' or a list with the reference method '{config.reference}'"
                    yield Problem((*path, "methods"), experiment.methods, "lacks the reference", allowed)
            yield from _sizes(name, path, scale, experiment)


def _experiments(name: str, scale: "Scale") -> Iterator[tuple[tuple, "Experiment"]]:
    """Every experiment of a scale with its address."""
    for key, experiment in scale.experiments:
        yield ("scales", name, "experiments", key), experiment
    for key, experiment in scale.further.items():
        yield ("scales", name, "further", key), experiment


def _network(path: tuple, experiment: "Experiment") -> Iterator[Problem]:
    """What is trained on must have a pool, convolutions need images, and the measures are those of perceptrons."""
    for position, name in enumerate(experiment.datasets):
        dataset = registry.DATASETS.get(name)
        if dataset and not dataset.examples:
            allowed = "a data set with training examples; this one is a shift of another"
            yield Problem((*path, "datasets", position), name, "is there to test on alone", allowed)
        if dataset and experiment.model != "mlp" and dataset.kind != "image":
            yield Problem((*path, "model"), experiment.model, f"takes images, which '{name}' has not", "mlp")
    if experiment.measured and experiment.model != "mlp":
        allowed = "measured: false; the measures are those of a perceptron (model: mlp)"
        yield Problem((*path, "model"), experiment.model, "cannot be measured", allowed)


def unpublished(config: "Config", root: Path) -> Iterator[Problem]:
    """A start from what is published, in the folder `root`, where nothing is of the scale."""
    there = sorted(file.parent.name for file in (root / "published").glob("*/manifest.json"))
    if config.start != "raw" and config.scale not in there:
        scales = f", or one of the scales that something is published of: {', '.join(there)}" if there else ""
        complaint = f"needs published files, but nothing is published of the scale '{config.scale}'"
        yield Problem(("start",), config.start, complaint, f"raw{scales}")


def _known(path: tuple, name: str, what: str, allowed: Collection[str]) -> Iterator[Problem]:
    if name not in allowed:
        yield Problem(path, name, f"is not a known {what}", ", ".join(allowed), nearest(name, allowed))


def _names(path: tuple, names: list[str], what: str, allowed: Collection[str]) -> Iterator[Problem]:
    for position, name in enumerate(names):
        yield from _known((*path, position), name, what, allowed)
        if name in names[:position]:
            yield Problem((*path, position), name, f"is a {what} named twice", "each name once")


def _draws(path: tuple, experiment: "Experiment", config: "Config", families: dict[str, str]) -> Iterator[Problem]:
    chosen = config.methods if experiment.methods == "all" else experiment.methods
    spaces = {name: hyperparameters(families[name], name) for name in chosen if name in families}
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
        yield from _names((*path, "grid", key), values, "value", values)
    if experiment.points == 1:
        yield Problem((*path, "points"), 1, "is too small", "0, or at least 2: the start and the end")
    if experiment.points > experiment.budget + 1:
        allowed = f"at most {experiment.budget + 1:,}, the start and one after each gradient evaluation of the budget"
        yield Problem((*path, "points"), experiment.points, "is too large", allowed)


def _ascending(path: tuple, numbers: list[float]) -> Iterator[Problem]:
    right = sorted(set(numbers))
    if numbers != right:
        yield Problem(path, numbers, "is not in ascending order without repeats", "each number once, ascending", right)


def _sizes(name: str, path: tuple, scale: "Scale", experiment: "Experiment") -> Iterator[Problem]:
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
            yield Problem(("scales", name, "test_size"), scale.test_size, "is too large", allowed)
            return
        if dataset.examples and room[dataset.name] < 1:
            kind = "validation_size" if official or scale.validation_size > scale.test_size else "test_size"
            what = "validation_size" if official else "validation_size and test_size together"
            allowed = f"{what} below {balanced:,}, the examples of '{dataset.name}' in equal classes"
            yield Problem(("scales", name, kind), getattr(scale, kind), "leaves nothing to train on", allowed)
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


def _room(dataset: "registry.DataSet", scale: "Scale", room: int) -> str:
    balanced = dataset.classes * dataset.smallest_class
    test = "" if dataset.official_test else f" and {scale.test_size:,} for testing"
    whole = ", and what whole families cost" if dataset.largest_group else ""
    return (
        f"at most {room:,} (of its {dataset.examples:,} examples, {balanced:,} are in equal classes, "
        f"less {scale.validation_size:,} for validation{test}{whole})"
    )
