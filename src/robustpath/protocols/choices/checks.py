"""What an experiment whose choices are recorded can get wrong: what a supervised one can, and methods with phases."""

from collections.abc import Iterator

from robustpath import methods
from robustpath.config.errors import Problem
from robustpath.config.section import Section
from robustpath.protocols.checks import has_phases
from robustpath.protocols.choices.section import ChoicesExperiment
from robustpath.protocols.supervised import checks


def problems(path: tuple, experiment: ChoicesExperiment, scale: Section, config: Section) -> Iterator[Problem]:
    """Every mistake in the keys of the protocol's own, at `path` = ("scales", name of the scale, …)."""
    yield from checks.problems(path, experiment, scale, config)
    for name in experiment.chosen(config.methods):
        if name in methods.names() and has_phases(name):
            complaint = f"holds '{name}', which has phases: choices are recorded of methods that have one phase"
            yield Problem((*path, "methods"), experiment.methods, complaint, "methods without phases")
            break
