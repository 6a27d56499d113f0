"""The protocol of acquisition: runs begin with a few labels and choose which examples to label next, in rounds."""

from collections.abc import Mapping

from robustpath.protocols.acquisition.checks import problems
from robustpath.protocols.acquisition.metrics import METRICS
from robustpath.protocols.acquisition.section import AcquisitionExperiment
from robustpath.protocols.base import Axis, Protocol
from robustpath.protocols.supervised.axes import LABEL_NOISE


def _spent(settings: Mapping) -> tuple[float, int]:
    return (settings["rounds"] + 1) * settings["budget"], settings["batch_size"]


PROTOCOL = Protocol(
    name="acquisition",
    section=AcquisitionExperiment,
    axes={
        "label_noise": LABEL_NOISE,
        "missing": Axis("missing", "whole", 0, 1_000_000, "number of the group that has no label at first"),
    },
    metrics=METRICS,
    deals=frozenset(),
    keys=frozenset({"learner", "seed_labels", "acquired", "rounds", "pool", "task", "missing", "label_noise"}),
    unusual=frozenset({"correlation", "first_minorities", "shifted"}),
    problems=problems,
    spent=_spent,
)
