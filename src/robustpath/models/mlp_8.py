"""The multilayer perceptron whose last hidden layer has eight units: about twice as many as the data have factors."""

from robustpath.models.mlp_2 import narrowed

KINDS = ("image", "signal")
MEASURED = True
HIDDEN = True
PORTION = (16, 0)

network = narrowed(8)
