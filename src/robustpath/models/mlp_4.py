"""The multilayer perceptron whose last hidden layer has four units: about as many as the data have factors."""

from robustpath.models.mlp_2 import narrowed

KINDS = ("image", "signal")
MEASURED = True
HIDDEN = True
PORTION = (16, 0)

network = narrowed(4)
