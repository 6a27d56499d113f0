"""The protocol of attention: supervised runs, with scores of where their attention maps lie."""

from dataclasses import replace

from robustpath.protocols.attention.checks import problems
from robustpath.protocols.attention.metrics import METRICS
from robustpath.protocols.attention.section import AttentionExperiment
from robustpath.protocols.supervised import protocol

PROTOCOL = replace(protocol.PROTOCOL, name="attention", section=AttentionExperiment, metrics=METRICS, problems=problems)
