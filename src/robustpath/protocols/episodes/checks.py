"""What an experiment on episodes of the right form can still get wrong: sizes that the data do not have."""

from collections.abc import Iterator

from robustpath import methods
from robustpath.config.checks import ascending
from robustpath.config.errors import Problem
from robustpath.config.section import Section
from robustpath.data import registry
from robustpath.data.entries import DataSet
from robustpath.protocols.checks import has_phases
from robustpath.protocols.episodes import sizes
from robustpath.protocols.episodes.section import EpisodesExperiment


def problems(path: tuple, experiment: EpisodesExperiment, scale: Section, config: Section) -> Iterator[Problem]:
    """Every mistake in the keys of the protocol's own, at `path` = ("scales", name of the scale, …)."""
    yield from ascending((*path, "shots"), experiment.shots)
    for name in experiment.chosen(config.methods):
        if name in methods.names() and has_phases(name):
            complaint = f"holds '{name}', which has phases: a run on episodes is one phase, and adapts afterwards"
            yield Problem((*path, "methods"), experiment.methods, complaint, "methods without phases")
    for position, name in enumerate(experiment.datasets):
        if entry := registry.DATASETS.get(name):
            yield from _too_small(path, experiment, position, entry)


def _too_small(path: tuple, experiment: EpisodesExperiment, position: int, entry: DataSet) -> Iterator[Problem]:
    if entry.kind != "image" or entry.largest_group == 1:
        allowed = "a data set of images whose examples come in families, such as typefaces"
        yield Problem(
            (*path, "datasets", position), entry.name, "has no families that episodes can keep apart", allowed
        )
        return
    letters = sizes.letters(entry.classes)["validation"]
    if experiment.ways > letters:
        complaint = f"is more than the {letters} labels of {entry.name} that validation episodes are made of"
        yield Problem((*path, "ways"), experiment.ways, complaint, f"at most {letters}")
    faces, shots = sizes.faces(entry.smallest_class, entry.largest_group), max(experiment.shots)
    if shots + experiment.queries > faces["validation"]:
        complaint = f"and the {shots} shots are more than the {faces['validation']} examples of a class of {entry.name}"
        allowed = f"at most {faces['validation']} together"
        yield Problem((*path, "queries"), experiment.queries, complaint + " in validation", allowed)
