"""The supervised protocol: a run learns from independent batches of one training set and is scored at its end."""

from robustpath.protocols.base import Axis, Protocol
from robustpath.protocols.supervised.axes import LABEL_NOISE
from robustpath.protocols.supervised.checks import problems
from robustpath.protocols.supervised.metrics import METRICS
from robustpath.protocols.supervised.needs import DEALS
from robustpath.protocols.supervised.section import Supervised

PROTOCOL = Protocol(
    name="supervised",
    section=Supervised,
    axes={
        "train_size": Axis("train_sizes", "whole", 1, 10_000_000, "number of training examples"),
        "label_noise": LABEL_NOISE,
    },
    metrics=METRICS,
    deals=DEALS,
    keys=frozenset({"train_sizes", "label_noise", "points"}),
    unusual=frozenset({"held_out", "correlation"}),
    problems=problems,
)
