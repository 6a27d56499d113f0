"""The keys of a supervised experiment: independent batches of one split, scored at the end."""

from typing import Annotated, Literal

from pydantic import Field

from robustpath.config.section import DISTINCT
from robustpath.protocols.section import Budget, Experiment, Size


class Supervised(Experiment):
    """One experiment: some methods on some data sets, every size, level of label noise, seed and draw."""

    protocol: Literal["supervised"] = Field("supervised", description="What a run learns from, and when it is scored.")
    budget: Budget
    train_sizes: list[Size] = Field(
        min_length=1,
        description="Numbers of training examples, ascending; what validation and test leave is the limit.",
        json_schema_extra=DISTINCT,
    )
    label_noise: list[Annotated[float, Field(ge=0, le=1)]] = Field(
        [0.0],
        min_length=1,
        description="Shares of the training and validation labels that are drawn anew at random, ascending.",
        json_schema_extra=DISTINCT,
    )
    held_out: float = Field(
        0.0,
        ge=0,
        le=0.9,
        description="Share of each training set, its end, that no run learns from: for a selection without validation.",
    )
    correlation: float | None = Field(
        None,
        ge=0.001,
        le=0.999,
        description="P(attribute = the majority attribute of the label) in training and validation, classes and test "
        "groups equal, of data sets with an attribute; by default a split does not look at it.",
    )
    points: Annotated[int, Field(ge=0, le=10_000)] = Field(
        0, description="Moments of training, start and end included, whose parameters are kept; 0 for none."
    )
    measured: bool = Field(
        False, description="Whether sharpness, norms, barriers and walks are measured, on draw 0 or a whole grid."
    )
