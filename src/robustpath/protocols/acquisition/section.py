"""The keys of an experiment on acquisition: a few labels to begin with, and more of them bought in rounds."""

from typing import Annotated, Literal

from pydantic import Field

from robustpath.config.section import DISTINCT
from robustpath.protocols.acquisition.sizes import MOST_ROUNDS, NONE
from robustpath.protocols.section import Experiment, Size

Evaluations = Annotated[
    int, Field(ge=1, le=100_000_000, description="Gradient evaluations per round; each round trains a new model.")
]


class AcquisitionExperiment(Experiment):
    """One experiment on acquisition: every level of label noise, missing group, seed and draw."""

    protocol: Literal["acquisition"] = Field(
        "acquisition", description="What a run learns from, and when it is scored."
    )
    learner: str = Field("sgd", description="The training method of every round, at its default hyperparameters.")
    budget: Evaluations
    seed_labels: Size = Field(description="Examples that are labelled before the first round.")
    first_minorities: int = Field(
        0,
        ge=0,
        le=1_000_000,
        description="The least number of first labels of each group that is a minority of its label; a missing group "
        "still has none.",
    )
    acquired: Size = Field(description="Examples that are labelled after each round but the last.")
    rounds: Annotated[int, Field(ge=1, le=MOST_ROUNDS)] = Field(
        description="How often labels are acquired; a model is trained before the first time and after each."
    )
    pool: Size = Field(description="Unlabelled examples that a run can choose from.")
    task: Literal["generic", "hole"] = Field(
        "generic", description="`hole`: one group has no label among the first ones, each group of `missing` in turn."
    )
    missing: list[Annotated[int, Field(ge=NONE, le=1_000_000)]] = Field(
        [NONE],
        min_length=1,
        description="Groups without a first label in the task `hole`, ascending: label x number of attributes + "
        "attribute; -1 in the task `generic`.",
        json_schema_extra=DISTINCT,
    )
    correlation: float | None = Field(
        None,
        ge=0.001,
        le=0.999,
        description="P(attribute = the majority attribute of the label) in pool, seed set and validation, of data sets "
        "with an attribute; by default a split does not look at it.",
    )
    label_noise: list[Annotated[float, Field(ge=0, le=1)]] = Field(
        [0.0],
        min_length=1,
        description="Shares of the labels of pool and validation that are drawn anew at random, ascending.",
        json_schema_extra=DISTINCT,
    )
    shifted: bool = Field(True, description="Whether the last models are scored under the shifts of the data set, too.")
