"""The keys of an experiment on a stream: tasks that follow one another, batches that come once."""

from typing import Annotated, Literal

from pydantic import Field

from robustpath.config.section import DISTINCT
from robustpath.protocols.section import Experiment
from robustpath.protocols.stream.kinds import KINDS


class StreamExperiment(Experiment):
    """One experiment on a stream of tasks: every budget per batch, level of label noise, seed and draw."""

    protocol: Literal["stream"] = Field("stream", description="What a run learns from, and when it is scored.")
    stream: str = Field(description=f"The kind of stream: {', '.join(KINDS)} (docs/streams.md).")
    tasks: Annotated[int, Field(ge=1, le=1_000)] = Field(
        description="Number of tasks, one after the other, at least two. In `split` it divides the number of classes, "
        "in `domains` there are at most as many tasks as joined data sets."
    )
    examples: Annotated[int, Field(ge=1, le=10_000_000)] = Field(
        description="Training examples of each task, a multiple of `examples_per_batch`; each is in one batch only."
    )
    examples_per_batch: Annotated[int, Field(ge=1, le=100_000)] = Field(10, description="Examples that come together.")
    memory: Annotated[int, Field(ge=1, le=512)] = Field(
        100, description="Examples that the memory holds; every method meets the same memory."
    )
    evaluations: list[Annotated[float, Field(ge=0.1, le=100_000)]] = Field(
        min_length=1,
        description="Gradient evaluations that may be spent on each batch, replay included, ascending.",
        json_schema_extra=DISTINCT,
    )
    label_noise: list[Annotated[float, Field(ge=0, le=1)]] = Field(
        [0.0],
        min_length=1,
        description="Shares of the labels of the stream that are drawn anew at random, ascending.",
        json_schema_extra=DISTINCT,
    )
    shifted: bool = Field(True, description="Whether runs are scored under the shifts of the data set, too.")
