"""Minority first: meet the rare groups early, and only common ones later."""

from robustpath.methods.base import Method, register
from robustpath.methods.minima.sgd import sgd


@register(search={}, base=sgd)
def minority_first(base: Method) -> Method:
    """The base, with as many examples of the minority as of the majority until the minority is used up.

    An example is of the minority where its attribute is not the one that most training examples of its label have. The
    run meets the very same examples as the base does, each as often: nothing but the order is another.
    """
    return base.replace(order="minority_first", needs={**base.needs, "groups": 1})
