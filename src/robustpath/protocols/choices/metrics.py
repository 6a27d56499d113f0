"""What is known of each score of a run whose choices are recorded."""

from robustpath.protocols.base import Metric
from robustpath.protocols.choices.shares import SHARES
from robustpath.protocols.supervised import metrics

METRICS = {
    **metrics.METRICS,
    **{name: Metric("fraction", 0.0, 1.0, "neither", ("train",), "choices", on_the_way=True) for name in SHARES},
}
