"""What is known of each score of a run whose attention maps are scored."""

from robustpath.protocols.attention.core import CORE_SHARE
from robustpath.protocols.base import Metric
from robustpath.protocols.supervised import metrics

METRICS = {**metrics.METRICS, CORE_SHARE: Metric("fraction", 0.0, 1.0, "neither", ("test",), "attention")}
