"""Minority last: meet the rare groups late."""

from robustpath.methods.base import Method, register
from robustpath.methods.minima.sgd import sgd


@register(search={}, base=sgd)
def minority_last(base: Method) -> Method:
    """The base in the order of `minority_first`, backwards.

    The last part of training holds as many examples of the minority as of the majority.
    The run meets the very same examples as the base does, each as often: nothing but the order is another.
    """
    return base.replace(order="minority_last", needs={**base.needs, "groups": 1})
