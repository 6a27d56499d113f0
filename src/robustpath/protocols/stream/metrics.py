"""What is known of each score of a run on a stream; those on its way are computed in scores.py."""

from robustpath.protocols.base import Metric
from robustpath.protocols.supervised.scores import FACTS, INFINITE


def _of_stream(unit: str, low: float, high: float, better: str, split: str = "test") -> Metric:
    return Metric(unit, low, high, better, (split,), "stream", on_the_way=True)


METRICS = {
    **{name: metric._replace(splits=("validation", "test")) for name, metric in FACTS.items()},
    "calibration_error": Metric("fraction", 0.0, 1.0, "lower", ("validation", "test"), "stream"),
    # Of the labels of each batch before its first step.
    "prequential_accuracy": _of_stream("fraction", 0.0, 1.0, "higher", "train"),
    "prequential_bits": _of_stream("bits per label", 0.0, INFINITE, "lower", "train"),
    "calibrated_bits": _of_stream("bits per label", 0.0, INFINITE, "lower", "train"),
    "examples_to_threshold": _of_stream("examples", 0.0, INFINITE, "lower", "train"),
    "below_threshold": _of_stream("share of tasks", 0.0, 1.0, "lower", "train"),
    "movement": _of_stream("nats a batch", 0.0, INFINITE, "neither", "validation"),
    # Of the distance to the anchor, after a batch, to the radius of the ball.
    "ratio": _of_stream("radii", 0.0, INFINITE, "neither", "train"),
    # Of the accuracies on every task after every task.
    "forgetting": _of_stream("fraction", -1.0, 1.0, "lower"),
    "backward_transfer": _of_stream("fraction", -1.0, 1.0, "higher"),
    "forward_transfer": _of_stream("fraction", -1.0, 1.0, "higher"),
    "learning_accuracy": _of_stream("fraction", 0.0, 1.0, "higher"),
    "worst_accuracy": _of_stream("fraction", 0.0, 1.0, "higher"),
    "averaged_accuracy": _of_stream("fraction", 0.0, 1.0, "higher"),
}
