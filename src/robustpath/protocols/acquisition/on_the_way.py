"""What is known of each score of a run on acquisition that is taken on its way: of each round, of what was acquired.

A score of a round has the number of the round in its name (`of_round`): the first is round 0, on the first labels
alone. `sizes.labels` says how many labels a run has in it. Apart from metrics.py, since a training depends on these and
not on the scores at its end.
"""

from math import inf

from robustpath.protocols.acquisition.sizes import MOST_ROUNDS
from robustpath.protocols.base import Metric

ACCURACY, WORST, VALIDATION = "accuracy", "accuracy_worst_group", "accuracy_validation"
CURVES = {ACCURACY: "test", WORST: "test", VALIDATION: "validation"}  # the scores of every round, and of which split


NOTES = ("off_manifold", "candidate_share")  # of acquisitions with anchors, in every round in which they choose


def of_round(score: str, number: int) -> str:
    """The name of a score, a key of CURVES, in the records of a round."""
    return f"{score}_round_{number}"


def _score(
    unit: str, high: float, better: str, split: str = "train", part: str = "acquisition", always: bool = True
) -> Metric:
    return Metric(unit, 0.0, high, better, (split,), part, always=always, on_the_way=True)


ON_THE_WAY = {
    **{
        of_round(name, number): _score("fraction", 1.0, "higher", split, "acquisition_rounds")
        for name, split in CURVES.items()
        for number in range(MOST_ROUNDS + 1)
    },
    # The area under the curve of a score over labels, by the range of labels.
    "area_accuracy": _score("fraction", 1.0, "higher", "test"),
    "area_worst_group": _score("fraction", 1.0, "higher", "test"),
    # Of the group that has no label at first.
    "discovered": _score("fraction", 1.0, "higher"),
    "labels_to_first_hit": _score("labels", inf, "lower"),
    "never_hit": _score("share of runs", 1.0, "lower"),
    # Of all that was acquired, and of all that could be.
    "acquired_minority": _score("fraction", 1.0, "neither"),
    "acquired_corrupted": _score("fraction", 1.0, "lower"),
    "pool_minority": _score("fraction", 1.0, "neither"),
    "pool_corrupted": _score("fraction", 1.0, "neither"),
    # NOTES, means over the rounds in which they are numbers; of what has none, or no anchors, they have no value.
    "off_manifold": _score("typical distances", inf, "neither", always=False),
    "candidate_share": _score("fraction", 1.0, "neither", always=False),
}
