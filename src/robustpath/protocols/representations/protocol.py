"""The protocol of representations: supervised runs, whose last hidden layer is measured after training."""

from dataclasses import replace

from robustpath.protocols.representations.checks import problems
from robustpath.protocols.representations.metrics import METRICS
from robustpath.protocols.representations.section import RepresentationsExperiment
from robustpath.protocols.supervised import protocol

PROTOCOL = replace(
    protocol.PROTOCOL, name="representations", section=RepresentationsExperiment, metrics=METRICS, problems=problems
)
