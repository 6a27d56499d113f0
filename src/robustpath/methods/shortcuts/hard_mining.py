"""Hard example mining: train on the examples with the highest losses."""

from robustpath.methods.base import Method, register
from robustpath.methods.minima.sgd import sgd
from robustpath.methods.selecting import highest, selecting


@register(search={}, base=sgd, cite="shrivastava2016training")
def hard_mining(base: Method) -> Method:
    """The base on the candidates with the highest losses, as many as a batch has (after Shrivastava et al. 2016)."""
    return selecting(base, lambda losses, count, context: highest(losses, count))
