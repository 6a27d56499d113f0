"""The axis that the supervised protocol shares with others."""

from robustpath.protocols.base import Axis

LABEL_NOISE = Axis("label_noise", "real", 0.0, 1.0, "share of the labels that are drawn anew at random")
