"""Fashion-MNIST at its own size, at every scale of the study."""

from dataclasses import replace

from robustpath.data.sets import fashion_mnist

ENTRY = replace(fashion_mnist.ENTRY, name="fashion_mnist_28", title="Fashion-MNIST, 28 pixels a side", side=28)
read = fashion_mnist.read
