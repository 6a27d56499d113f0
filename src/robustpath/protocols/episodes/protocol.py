"""The protocol of episodes: runs learn to learn from few examples, and adapt to classes that they never met."""

from collections.abc import Mapping

from robustpath.methods.episode_sizes import TOGETHER
from robustpath.protocols.base import Axis, Protocol
from robustpath.protocols.episodes.checks import problems
from robustpath.protocols.episodes.metrics import METRICS
from robustpath.protocols.episodes.section import EpisodesExperiment


def _spent(settings: Mapping) -> tuple[float, int]:
    shots = settings["shots"]
    return settings["budget"], round(TOGETHER * 2 * settings["ways"] * sum(shots) / len(shots))


PROTOCOL = Protocol(
    name="episodes",
    section=EpisodesExperiment,
    axes={"shots": Axis("shots", "whole", 1, 1_000, "number of examples of each class in a support set")},
    metrics=METRICS,
    deals=frozenset(),
    keys=frozenset({"shots"}),
    unusual=frozenset({"ways", "queries", "validation_episodes", "test_episodes"}),
    problems=problems,
    spent=_spent,
)
