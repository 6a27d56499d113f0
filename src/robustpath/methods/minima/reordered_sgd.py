"""Reordered SGD: how far apart two runs end that differ in the order of their batches alone."""

from robustpath.methods.base import Method, register
from robustpath.methods.minima.sgd import sgd


@register(search={}, base=sgd)
def reordered_sgd(base: Method) -> Method:
    """SGD from the same start on the same examples, in another random order.

    Its distance from SGD is what the order alone does: the yardstick for methods that claim to reach another minimum.
    """
    return base.replace(order="reordered")
