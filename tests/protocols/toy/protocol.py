"""A toy stream: a batch stays for some steps, and of two candidates the one of the larger loss comes next."""

from collections.abc import Iterator
from typing import Annotated, Literal

from pydantic import Field

from robustpath.config.checks import ascending
from robustpath.config.errors import Problem
from robustpath.config.section import DISTINCT, Section
from robustpath.protocols.base import Axis, Metric, Protocol
from robustpath.protocols.section import Budget, Experiment

INFINITE = float("inf")


class Toy(Experiment):
    """One experiment on the toy stream."""

    protocol: Literal["toy"] = Field("toy", description="What a run learns from, and when it is scored.")
    budget: Budget
    steps_per_batch: list[Annotated[int, Field(ge=1, le=1_000)]] = Field(
        min_length=1, description="Steps for which a batch stays, ascending.", json_schema_extra=DISTINCT
    )
    label_noise: list[Annotated[float, Field(ge=0, le=1)]] = Field(
        [0.0], min_length=1, description="Shares of the labels that are drawn anew.", json_schema_extra=DISTINCT
    )


def problems(path: tuple, experiment: Toy, scale: Section, config: Section) -> Iterator[Problem]:
    """Every mistake in the keys of the protocol's own."""
    yield from ascending((*path, "steps_per_batch"), experiment.steps_per_batch)
    yield from ascending((*path, "label_noise"), experiment.label_noise)


PROTOCOL = Protocol(
    name="toy",
    section=Toy,
    axes={
        "steps_per_batch": Axis("steps_per_batch", "whole", 1, 1_000, "number of steps for which a batch stays"),
        "label_noise": Axis("label_noise", "real", 0.0, 1.0, "share of the labels that are drawn anew at random"),
    },
    metrics={
        "accuracy": Metric("fraction", 0.0, 1.0, "higher", ("train", "validation", "test"), "accuracy", always=True),
        "accuracy_before": Metric(
            "fraction", 0.0, 1.0, "higher", ("train",), "prequential", always=True, on_the_way=True
        ),
        "surprise": Metric(
            "nats", 0.0, INFINITE, "neither", ("train",), "prequential", family="stream", on_the_way=True
        ),
    },
    deals=frozenset({"noise", "probe"}),
    keys=frozenset({"steps_per_batch", "label_noise"}),
    problems=problems,
)
