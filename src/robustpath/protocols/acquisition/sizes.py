"""How many labels a run has in each round: the check of the config, the training and figures read it, without torch."""

from collections.abc import Mapping

from robustpath.protocols.base import ABSENT

NONE = ABSENT  # no group is missing
MOST_ROUNDS = 30  # the names of scores say after which round they were taken, and the records know all names


def labels(settings: Mapping) -> list[int]:
    """How many labels a run has in each round, from the settings of its training or what a report says of its
    experiment."""
    return [settings["seed_labels"] + settings["acquired"] * number for number in range(settings["rounds"] + 1)]
