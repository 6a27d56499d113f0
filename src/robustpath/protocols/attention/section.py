"""The keys of an experiment whose attention maps are scored: those of a supervised one."""

from typing import Literal

from pydantic import Field

from robustpath.protocols.supervised.section import Supervised


class AttentionExperiment(Supervised):
    """One supervised experiment with a network that has an attention map; it also scores where this map lies."""

    protocol: Literal["attention"] = Field(description="What a run learns from, and when it is scored.")
