"""The protocol of designed training sets: which features of a training set lead to which behaviours."""

from robustpath.protocols.base import Axis, Protocol
from robustpath.protocols.designed.checks import problems
from robustpath.protocols.designed.metrics import METRICS
from robustpath.protocols.designed.section import DesignedExperiment

PROTOCOL = Protocol(
    name="designed",
    section=DesignedExperiment,
    axes={"setting": Axis("numbers", "whole", 0, 100_000, "number of a setting of the training set")},
    metrics=METRICS,
    deals=frozenset(),
    keys=frozenset({"numbers", "train_size"}),
    unusual=frozenset({"design"}),
    problems=problems,
)
