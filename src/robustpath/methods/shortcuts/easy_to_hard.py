"""Easy to hard: meet the examples in the order of their losses under a trained model."""

from robustpath.methods.base import Method, register
from robustpath.methods.minima.sgd import sgd


@register(search={}, base=sgd, cite="hacohen2019power")
def easy_to_hard(base: Method) -> Method:
    """The base with the easy examples early and the hard ones late, by the loss of the run's parent.

    After Hacohen & Weinshall 2019; with a parent that learnt from the same examples it is their self-taught scoring.
    The run meets the very same examples as the base does, each as often, where their pacing shows hard ones less often:
    in the first half of training it lets in ever harder ones, in the second it leaves out ever harder ones.
    """
    return base.replace(order="easy_to_hard", needs={**base.needs, "irreducible": 1})
