"""Joint training: SGD on batches of all tasks together, what a stream without forgetting could reach."""

from robustpath.methods.base import Method, register
from robustpath.methods.batches.online_sgd import online_sgd


@register(search={}, base=online_sgd, cite="robbins1951stochastic")
def joint(base: Method) -> Method:
    """The base on as many batches, drawn without order from the examples of all tasks: the upper reference.

    It sees what no method in the stream may see. Its number of steps on a batch is that of the base.
    """
    return base.replace(order="joint")
