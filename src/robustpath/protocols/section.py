"""The keys that the experiments of every protocol have."""

from collections.abc import Sequence
from typing import Annotated, Literal

from pydantic import Discriminator, Field, Tag

from robustpath.config.section import DISTINCT, Section, Word

Size = Annotated[int, Field(ge=1, le=10_000_000)]
Budget = Annotated[
    int, Field(ge=1, le=100_000_000, description="Gradient evaluations per run, the same for every method.")
]
Values = Annotated[list[Annotated[float, Field(ge=0, le=1_000_000)]], Field(min_length=1, json_schema_extra=DISTINCT)]


class Parent(Section):
    """Another cell: a run takes something over from the run there that has the same seed, sizes and label noise, and
    the default hyperparameters (draw 0)."""

    experiment: str = Field(description="The experiment of the other cell, which is on the same data set.")
    method: str = Field(description="Its method.")
    gives: Literal["parameters", "losses"] = Field(
        "parameters",
        description="What a run takes over: the `parameters`, with which it begins; or, in supervised experiments, the "
        "`losses` on its examples, for methods that use them, and then it begins with parameters of its own.",
    )


class Experiment(Section):
    """One experiment: some methods on some data sets, every seed and draw, and all that its protocol tells apart."""

    protocol: str = Field("supervised", description="What a run learns from, and when it is scored.")
    datasets: list[str] = Field(
        min_length=1,
        description="Data sets to train on (`python -m robustpath list data`), each once.",
        json_schema_extra=DISTINCT,
    )
    methods: Annotated[
        Annotated[Literal["all"], Tag("all")]
        | Annotated[list[str], Field(min_length=1, json_schema_extra=DISTINCT), Tag("list")],
        Discriminator(lambda value: "list" if isinstance(value, list) else "all"),
    ] = Field(
        "all", description="Methods to train: `all` of the list at the top, or some by name, of that list or not."
    )
    model: str = Field(
        "mlp", description="The network (`python -m robustpath list models`); `mlp` has the hidden layers of the scale."
    )
    seeds: int = Field(
        ge=2,
        le=10_000,
        description="Paired repetitions: a seed fixes split, start and batch order of every method; at least two.",
    )
    vary: list[Literal["split", "initialisation", "order"]] = Field(
        ["split", "initialisation", "order"],
        description="What a seed changes in addition to the draws; what is not named is as in seed 0.",
        json_schema_extra=DISTINCT,
    )
    draws: int = Field(
        1,
        ge=1,
        le=10_000,
        description="Hyperparameter draws of each method. Draw 0 is the default; validation accuracy selects.",
    )
    grid: dict[Word, Values] = Field(
        {},
        description="In place of random draws: values of hyperparameters, every combination a draw, all else default.",
    )
    parent: Parent | None = Field(
        None, description="The cell whose trained parameters or losses the runs have, if any."
    )

    def chosen(self, listed: Sequence[str]) -> list[str]:
        """Its methods: those of the list at the top of the config in the order there, then the others."""
        if self.methods == "all":
            return list(listed)
        others = [name for name in self.methods if name not in listed]
        return [name for name in listed if name in self.methods] + others
