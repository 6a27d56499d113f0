"""Training a cell whose last hidden layer is measured: that of a supervised one."""

from robustpath.protocols.supervised.training import train

__all__ = ["train"]
