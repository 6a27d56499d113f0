"""What is known of each score of a run whose choices are recorded."""

from robustpath.protocols.base import Metric
from robustpath.protocols.supervised import metrics

# Means over the steps of a run. A method that does not choose has its batches for both.
SHARES = [f"{whom}_{what}" for what in ("corrupted", "minority") for whom in ("chosen", "candidates")]
METRICS = {
    **metrics.METRICS,
    **{name: Metric("fraction", 0.0, 1.0, "neither", ("train",), "choices", on_the_way=True) for name in SHARES},
}
