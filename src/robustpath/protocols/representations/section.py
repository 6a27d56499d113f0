"""The keys of an experiment whose last hidden layer is measured: those of a supervised one, and of an autoencoder."""

from typing import Annotated, Literal

from pydantic import Field

from robustpath.protocols.supervised.section import Supervised


class RepresentationsExperiment(Supervised):
    """One supervised experiment that also measures what the last hidden layer of its networks represents."""

    protocol: Literal["representations"] = Field(description="What a run learns from, and when it is scored.")
    sae_width: Annotated[int, Field(ge=1, le=1024)] = Field(
        2, description="Latents of the sparse autoencoder of each run, as a multiple of the width of the layer."
    )
    sae_steps: Annotated[int, Field(ge=1, le=100_000)] = Field(
        100, description="Steps that each autoencoder is trained for."
    )
    sae_level: Annotated[int, Field(ge=1, le=65_536)] = Field(
        8, description="Latents that an example may have: the k of a TopK autoencoder."
    )
