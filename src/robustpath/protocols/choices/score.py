"""The final scores of runs whose choices are recorded: those of supervised runs."""

from robustpath.protocols.supervised.score import evaluate

__all__ = ["evaluate"]
