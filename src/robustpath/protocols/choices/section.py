"""The keys of an experiment whose choices are recorded: those of a supervised one."""

from typing import Literal

from pydantic import Field

from robustpath.protocols.supervised.section import Supervised


class ChoicesExperiment(Supervised):
    """One supervised experiment that also records what its methods choose among candidates."""

    protocol: Literal["choices"] = Field(description="What a run learns from, and when it is scored.")
