"""What a stream experiment of the right form can still get wrong: sizes that do not fit the data or one another."""

from collections.abc import Iterator

from robustpath import methods
from robustpath.config.checks import ascending, known
from robustpath.config.errors import Problem
from robustpath.config.section import Section
from robustpath.data import registry
from robustpath.protocols.checks import has_phases
from robustpath.protocols.stream import kinds
from robustpath.protocols.stream.section import StreamExperiment


def problems(path: tuple, experiment: StreamExperiment, scale: Section, config: Section) -> Iterator[Problem]:
    """Every mistake in the keys of the protocol's own, at `path` = ("scales", name of the scale, …)."""
    yield from known((*path, "stream"), experiment.stream, "stream", kinds.KINDS)
    yield from ascending((*path, "evaluations"), experiment.evaluations)
    yield from ascending((*path, "label_noise"), experiment.label_noise)
    length, batch = experiment.tasks * experiment.examples, experiment.examples_per_batch
    if experiment.examples % batch:
        allowed = f"a multiple of examples_per_batch, {batch}"
        yield Problem((*path, "examples"), experiment.examples, "does not divide into batches", allowed)
    if experiment.memory > length:
        allowed = f"at most {length:,}, the examples of the stream"
        yield Problem((*path, "memory"), experiment.memory, "is larger than the stream", allowed)
    for name in experiment.chosen(config.methods):
        if name in methods.names() and has_phases(name):
            complaint = f"holds '{name}', which has phases: a stream has no parts that a method may know"
            yield Problem((*path, "methods"), experiment.methods, complaint, "methods without phases")
    for name in experiment.datasets if experiment.stream in kinds.KINDS else ():
        if entry := registry.DATASETS.get(name):
            sizes = experiment.tasks, experiment.examples, entry, scale.validation_size, scale.test_size
            if complaint := kinds.possible(experiment.stream, *sizes):
                yield Problem(
                    (*path, "stream"),
                    experiment.stream,
                    f"is not possible: {complaint}",
                    "a stream that the data can give",
                )
                return
