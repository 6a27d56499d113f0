"""What is known of each score that is taken on the way of a stream; they are computed in scores.py.

Apart from metrics.py, since a training depends on them and not on the scores at its end.
"""

from math import inf

from robustpath.protocols.base import Metric


def _of_stream(unit: str, low: float, high: float, better: str, split: str = "test") -> Metric:
    return Metric(unit, low, high, better, (split,), "stream", on_the_way=True)


ON_THE_WAY = {
    # Of the labels of each batch before its first step.
    "prequential_accuracy": _of_stream("fraction", 0.0, 1.0, "higher", "train"),
    "prequential_bits": _of_stream("bits per label", 0.0, inf, "lower", "train"),
    "calibrated_bits": _of_stream("bits per label", 0.0, inf, "lower", "train"),
    "examples_to_threshold": _of_stream("examples", 0.0, inf, "lower", "train"),
    "below_threshold": _of_stream("share of tasks", 0.0, 1.0, "lower", "train"),
    "movement": _of_stream("nats a batch", 0.0, inf, "neither", "validation"),
    # Of the distance to the anchor, after a batch, to the radius of the ball.
    "ratio": _of_stream("radii", 0.0, inf, "neither", "train"),
    # Of the accuracies on every task after every task.
    "forgetting": _of_stream("fraction", -1.0, 1.0, "lower"),
    "backward_transfer": _of_stream("fraction", -1.0, 1.0, "higher"),
    "forward_transfer": _of_stream("fraction", -1.0, 1.0, "higher"),
    "learning_accuracy": _of_stream("fraction", 0.0, 1.0, "higher"),
    "worst_accuracy": _of_stream("fraction", 0.0, 1.0, "higher"),
    "averaged_accuracy": _of_stream("fraction", 0.0, 1.0, "higher"),
}
