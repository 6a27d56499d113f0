"""Near r0 itself: a control of the parallelogram without its difference."""

from torch import Tensor

from robustpath.methods.acquiring import Acquisition
from robustpath.methods.analogy import SEARCH, by_analogy, nowhere
from robustpath.methods.base import register

PROTOCOLS = ("acquisition",)


@register(search=SEARCH, cite="hariharan2017hallucinating")
def parallelogram_at_start(**numbers: Tensor) -> Acquisition:
    """The nearest examples of r0, an example of the majority: r1 - r2 is zero."""
    return by_analogy(numbers, target=nowhere)
