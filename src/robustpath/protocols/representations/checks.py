"""What an experiment whose last hidden layer is measured can get wrong: what a supervised one can, and sizes."""

from collections.abc import Iterator

from robustpath import models
from robustpath.config.errors import Problem
from robustpath.config.section import Section
from robustpath.data import registry
from robustpath.protocols.representations.section import RepresentationsExperiment
from robustpath.protocols.representations.sizes import LEAST_WIDTH, ROOM, taken
from robustpath.protocols.supervised import checks


def problems(path: tuple, experiment: RepresentationsExperiment, scale: Section, config: Section) -> Iterator[Problem]:
    """Every mistake in the keys of the protocol's own, at `path` = ("scales", name of the scale, …)."""
    yield from checks.problems(path, experiment, scale, config)
    if experiment.model in models.names() and not models.facts(experiment.model).hidden:
        measurable = ", ".join(name for name in models.names() if models.facts(name).hidden)
        complaint = "has none of the hidden layers of the scale, the last of which is measured"
        yield Problem((*path, "model"), experiment.model, complaint, measurable)
        return
    width, place = scale.hidden[-1], (*path[:2], "hidden")
    if width < LEAST_WIDTH:
        complaint = f"ends with {width} unit, too few for what {path[-1]} measures between units"
        yield Problem(place, scale.hidden, complaint, f"a last layer of at least {LEAST_WIDTH}")
        return
    yield from _autoencoder(path, experiment, width, scale.test_size)
    known = [registry.DATASETS[name] for name in experiment.datasets if name in registry.DATASETS]
    classes = max((dataset.classes for dataset in known), default=1)
    if scale.test_size < classes:
        complaint = f"is too small for what {path[-1]} measures of each class"
        yield Problem((*path[:2], "test_size"), scale.test_size, complaint, f"at least {classes}, one of each class")


def _autoencoder(path: tuple, experiment: RepresentationsExperiment, width: int, examples: int) -> Iterator[Problem]:
    """It must fit the memory, and keep no more latents than it has."""
    latents, level = experiment.sae_width * width, experiment.sae_level
    if taken(width, latents, examples) > ROOM:
        most = max(
            (each for each in range(1, experiment.sae_width) if taken(width, each * width, examples) <= ROOM), default=0
        )
        complaint = f"makes an autoencoder of {latents:,} latents, wider than the memory of a job"
        allowed = f"at most {most:,} at {examples:,} test examples" if most else "a smaller layer or test_size"
        yield Problem((*path, "sae_width"), experiment.sae_width, complaint, allowed)
    elif level > latents:
        complaint = f"is more than the {latents:,} latents of the autoencoder"
        yield Problem((*path, "sae_level"), level, complaint, f"at most {latents:,}, or a larger sae_width")
