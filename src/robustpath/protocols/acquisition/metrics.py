"""What is known of each score of a run on acquisition: of those on its way, and of those of the last model."""

from robustpath.protocols.acquisition.on_the_way import ON_THE_WAY
from robustpath.protocols.supervised import group_scores, scores

SPLITS = ("validation", "test")
AT_THE_END = scores.FACTS | group_scores.FACTS
METRICS = {name: metric._replace(splits=SPLITS) for name, metric in AT_THE_END.items()} | ON_THE_WAY
