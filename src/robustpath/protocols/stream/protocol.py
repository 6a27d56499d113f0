"""The stream protocol: examples come once, in batches that stay for some steps, and tasks follow one another."""

from collections.abc import Mapping

from robustpath.protocols.base import Axis, Protocol
from robustpath.protocols.stream.checks import problems
from robustpath.protocols.stream.metrics import METRICS
from robustpath.protocols.stream.needs import DEALS
from robustpath.protocols.stream.section import StreamExperiment
from robustpath.protocols.supervised.axes import LABEL_NOISE


def _spent(settings: Mapping) -> tuple[float, int]:
    batches = settings["tasks"] * settings["examples"] // settings["examples_per_batch"]
    return batches * sum(settings["evaluations"]) / len(settings["evaluations"]), settings["examples_per_batch"]


PROTOCOL = Protocol(
    name="stream",
    section=StreamExperiment,
    axes={
        "evaluations": Axis("evaluations", "real", 0.1, 100_000.0, "number of gradient evaluations a batch"),
        "label_noise": LABEL_NOISE,
    },
    metrics=METRICS,
    deals=DEALS,
    keys=frozenset({"examples_per_batch", "memory", "evaluations", "label_noise"}),
    unusual=frozenset({"stream", "tasks", "examples", "shifted"}),
    problems=problems,
    spent=_spent,
)
