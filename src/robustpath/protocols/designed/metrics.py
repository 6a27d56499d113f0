"""What is known of each score of a run on a designed training set."""

from math import inf

from robustpath.protocols.base import Metric
from robustpath.protocols.supervised import group_scores, scores


def _reliance() -> Metric:
    return Metric("fraction", 0.0, 1.0, "neither", ("test",), "designed", always=True)


def _learned() -> Metric:
    return Metric("gradient evaluations", 0.0, inf, "neither", ("test",), "designed", always=True, on_the_way=True)


METRICS = {
    "accuracy": scores.FACTS["accuracy"]._replace(splits=("validation", "test")),
    "accuracy_worst_group": group_scores.FACTS["accuracy_worst_group"]._replace(splits=("test",)),
    "reliance_core": _reliance(),
    "reliance_attribute": _reliance(),
    "learned_core": _learned(),
    "learned_attribute": _learned(),
}
