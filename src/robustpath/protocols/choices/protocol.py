"""The protocol of choices: supervised runs, with a record of what their methods choose among candidates."""

from dataclasses import replace

from robustpath.protocols.choices.checks import problems
from robustpath.protocols.choices.metrics import METRICS
from robustpath.protocols.choices.section import ChoicesExperiment
from robustpath.protocols.supervised import protocol

PROTOCOL = replace(protocol.PROTOCOL, name="choices", section=ChoicesExperiment, metrics=METRICS, problems=problems)
