"""What an experiment on designed training sets of the right form can still get wrong."""

from collections.abc import Iterator

from robustpath import methods
from robustpath.config.errors import Problem
from robustpath.config.section import Section
from robustpath.protocols.checks import has_phases
from robustpath.protocols.designed.section import DesignedExperiment
from robustpath.protocols.designed.sizes import CHANGES, DATASET, LEAST


def problems(path: tuple, experiment: DesignedExperiment, scale: Section, config: Section) -> Iterator[Problem]:
    """Every mistake in the keys of the protocol's own, at `path` = ("scales", name of the scale, …)."""
    for position, name in enumerate(experiment.datasets):
        if name != DATASET:
            complaint = "is not the data set whose generator makes designed training sets"
            yield Problem((*path, "datasets", position), name, complaint, DATASET)
    for name in experiment.chosen(config.methods):
        if name in methods.names() and has_phases(name):
            complaint = f"holds '{name}', which has phases: a run on a designed training set is one phase"
            yield Problem((*path, "methods"), experiment.methods, complaint, "methods without phases")
            break
    if experiment.draws > 1:
        complaint = "is more than the one draw of designed training sets, whose methods are at their defaults"
        yield Problem((*path, "draws"), experiment.draws, complaint, "1")
    if experiment.grid:
        complaint = "stands in an experiment whose methods are at their defaults"
        yield Problem((*path, "grid"), experiment.grid, complaint, "no grid")
    if experiment.parent:
        complaint = "stands in an experiment whose runs begin afresh"
        yield Problem((*path, "parent"), experiment.parent.model_dump(exclude_defaults=True), complaint, "no parent")
    design, least = experiment.design, LEAST[experiment.design]
    if experiment.train_size < least:
        complaint = f"is too small for the design {design}"
        yield Problem((*path, "train_size"), experiment.train_size, complaint, f"at least {least:,}")
    if design == "changes" and experiment.settings > len(CHANGES):
        complaint = f"is more than the {len(CHANGES)} training sets of the design changes"
        yield Problem((*path, "settings"), experiment.settings, complaint, f"at most {len(CHANGES)}")
