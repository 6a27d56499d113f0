"""The keys of an experiment on designed training sets."""

from typing import Annotated, Literal

from pydantic import Field, computed_field

from robustpath.protocols.section import Budget, Experiment, Size


class DesignedExperiment(Experiment):
    """One experiment on designed training sets: every setting and seed."""

    protocol: Literal["designed"] = Field("designed", description="What a run learns from, and when it is scored.")
    budget: Budget
    design: Literal["sweep", "subsets", "changes"] = Field(
        description="`sweep`: settings of all knobs of the generator; `subsets`: of the numbers of examples of each "
        "group, from one pool; `changes`: one training set with more or fewer examples of one group."
    )
    settings: Annotated[int, Field(ge=1, le=100_000)] = Field(
        description="How many settings: training sets that differ, each of which every seed learns from."
    )
    train_size: Size = Field(
        description="Examples of a training set: the most of them in `sweep` and `subsets`, those of the unchanged set "
        "in `changes`."
    )

    @computed_field
    @property
    def numbers(self) -> list[int]:
        """The numbers of its settings."""
        return list(range(self.settings))
