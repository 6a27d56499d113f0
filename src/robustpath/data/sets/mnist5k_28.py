"""MNIST-5k at its own size, at every scale of the study."""

from dataclasses import replace

from robustpath.data.sets import mnist5k

ENTRY = replace(
    mnist5k.ENTRY, name="mnist5k_28", title="MNIST, 500 digits a class, 28 pixels a side", side=28, natural_shift_to=()
)
read = mnist5k.read
preprocess = mnist5k.preprocess
