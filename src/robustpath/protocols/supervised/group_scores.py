"""What is known of the accuracies over groups, which protocols/accuracies.py computes."""

from robustpath.protocols.base import Metric
from robustpath.protocols.supervised.scores import ALL_SPLITS


def _accuracy(always: bool = True) -> Metric:
    return Metric("fraction", 0.0, 1.0, "higher", ALL_SPLITS, "groups", always=always)


FACTS = {
    "accuracy_worst_group": _accuracy(),
    "accuracy_balanced": _accuracy(),
    **{f"accuracy_label_{label}_attribute_{value}": _accuracy() for label in range(2) for value in range(2)},
}
