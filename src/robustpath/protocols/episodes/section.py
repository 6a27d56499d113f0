"""The keys of an experiment on episodes: small tasks of a few classes with a few examples each."""

from typing import Annotated, Literal

from pydantic import Field

from robustpath.config.section import DISTINCT
from robustpath.protocols.section import Budget, Experiment


class EpisodesExperiment(Experiment):
    """One experiment on episodes: every number of examples per class, seed and draw."""

    protocol: Literal["episodes"] = Field("episodes", description="What a run learns from, and when it is scored.")
    budget: Budget
    ways: Annotated[int, Field(ge=2, le=1_000)] = Field(description="Classes of an episode.")
    shots: list[Annotated[int, Field(ge=1, le=1_000)]] = Field(
        min_length=1,
        description="Examples of each class in the support set of an episode, ascending.",
        json_schema_extra=DISTINCT,
    )
    queries: Annotated[int, Field(ge=1, le=1_000)] = Field(
        description="Examples of each class on which an episode is scored at the end of a run."
    )
    validation_episodes: Annotated[int, Field(ge=1, le=100_000)] = Field(
        description="Validation episodes of each seed, for selection."
    )
    test_episodes: Annotated[int, Field(ge=1, le=100_000)] = Field(
        description="Test episodes of each seed, the same for all methods."
    )
