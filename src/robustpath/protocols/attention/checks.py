"""What an experiment whose attention maps are scored can get wrong: what a supervised one can, and data or networks
without what is scored."""

from collections.abc import Iterator

from robustpath import models
from robustpath.config.errors import Problem
from robustpath.config.section import Section
from robustpath.data import registry
from robustpath.protocols.attention.core import MAPPED, SHORTCUT_ROWS
from robustpath.protocols.attention.section import AttentionExperiment
from robustpath.protocols.supervised import checks


def problems(path: tuple, experiment: AttentionExperiment, scale: Section, config: Section) -> Iterator[Problem]:
    """Every mistake in the keys of the protocol's own, at `path` = ("scales", name of the scale, …)."""
    yield from checks.problems(path, experiment, scale, config)
    if experiment.model in set(models.names()) - {*MAPPED}:
        yield Problem((*path, "model"), experiment.model, "has no attention map", ", ".join(MAPPED))
    for position, name in enumerate(experiment.datasets):
        if name in registry.DATASETS and name not in SHORTCUT_ROWS:
            complaint = "has no part of its images that is known to hold the shortcut alone"
            yield Problem((*path, "datasets", position), name, complaint, ", ".join(SHORTCUT_ROWS))
