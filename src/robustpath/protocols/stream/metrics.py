"""What is known of each score of a run on a stream: of those on its way, and of those at its end."""

from robustpath.protocols.base import Metric
from robustpath.protocols.stream.on_the_way import ON_THE_WAY
from robustpath.protocols.supervised.scores import FACTS

METRICS = {
    **{name: metric._replace(splits=("validation", "test")) for name, metric in FACTS.items()},
    "calibration_error": Metric("fraction", 0.0, 1.0, "lower", ("validation", "test"), "stream"),
    **ON_THE_WAY,
}
