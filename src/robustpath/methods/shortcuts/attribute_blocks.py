"""Blocks of attributes: meet all examples of one attribute, then all of the next."""

from robustpath.methods.base import Method, register
from robustpath.methods.minima.sgd import sgd


@register(search={}, base=sgd)
def attribute_blocks(base: Method) -> Method:
    """The base with the examples of each attribute in one block, in the order of the attributes.

    What is learnt from one block is what the next can overwrite.
    The run meets the very same examples as the base does, each as often: nothing but the order is another.
    """
    return base.replace(order="attribute_blocks", needs={**base.needs, "groups": 1})
