"""Training runs whose attention maps are scored: that of supervised runs."""

from robustpath.protocols.supervised.training import train

__all__ = ["train"]
