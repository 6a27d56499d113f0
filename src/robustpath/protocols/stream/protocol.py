"""The stream protocol: examples come once, in batches that stay for some steps, and tasks follow one another."""

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import Field

from robustpath.config.section import DISTINCT
from robustpath.protocols.base import Axis, Protocol
from robustpath.protocols.section import Experiment
from robustpath.protocols.stream.checks import problems
from robustpath.protocols.stream.kinds import KINDS
from robustpath.protocols.stream.metrics import METRICS
from robustpath.protocols.stream.needs import DEALS
from robustpath.protocols.supervised.axes import LABEL_NOISE


class StreamExperiment(Experiment):
    """One experiment on a stream of tasks: every budget a batch, level of label noise, seed and draw."""

    protocol: Literal["stream"] = Field("stream", description="What a run learns from, and when it is scored.")
    stream: str = Field(description=f"The kind of stream: {', '.join(KINDS)} (docs/streams.md).")
    tasks: Annotated[int, Field(ge=1, le=1_000)] = Field(description="Tasks that follow one another.")
    examples: Annotated[int, Field(ge=1, le=10_000_000)] = Field(
        description="Training examples of each task, each met once; the batch size divides it."
    )
    examples_per_batch: Annotated[int, Field(ge=1, le=100_000)] = Field(10, description="Examples that come together.")
    memory: Annotated[int, Field(ge=1, le=512)] = Field(
        100, description="Examples that the memory holds; every method meets the same memory."
    )
    evaluations: list[Annotated[float, Field(ge=1, le=100_000)]] = Field(
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


def _spent(settings: Mapping) -> tuple[float, int]:
    batches = settings["tasks"] * settings["examples"] // settings["examples_per_batch"]
    return batches * sum(settings["evaluations"]) / len(settings["evaluations"]), settings["examples_per_batch"]


PROTOCOL = Protocol(
    name="stream",
    section=StreamExperiment,
    axes={
        "evaluations": Axis("evaluations", "real", 1.0, 100_000.0, "number of gradient evaluations a batch"),
        "label_noise": LABEL_NOISE,
    },
    metrics=METRICS,
    deals=DEALS,
    keys=frozenset({"examples_per_batch", "memory", "evaluations", "label_noise"}),
    unusual=frozenset({"stream", "tasks", "examples", "shifted"}),
    problems=problems,
    spent=_spent,
)
