"""What is known of each score of a run on episodes: its mean accuracy after some steps on each support set."""

from robustpath.protocols.base import Metric
from robustpath.protocols.episodes.sizes import NAMES
from robustpath.protocols.supervised.scores import FACTS

SPLITS = ("validation", "test")
METRICS = {name: Metric("fraction", 0.0, 1.0, "higher", SPLITS, "episodes", always=True) for name in NAMES[:-1]}
METRICS["accuracy"] = FACTS["accuracy"]._replace(splits=SPLITS)  # after the last step: it selects the draw
