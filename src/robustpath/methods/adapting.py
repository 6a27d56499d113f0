"""Methods with a rule of their own for a support set: what they do with a new task once they are trained."""

from dataclasses import dataclass, fields

from torch import Tensor

from robustpath.core.parameters import tree_map
from robustpath.methods.base import Method, grad_and_value


@dataclass(frozen=True)
class Adapting(Method):
    """A method that adapts to a support set by the steps of another, from the parameters that it reads out.

    The steps of `adaptation` see the support set as their batch; `arrive` runs once before them.
    """

    adaptation: Method | None = None


def adapting(method: Method, adaptation: Method) -> Adapting:
    """The same method with a rule for support sets."""
    return Adapting(**{each.name: getattr(method, each.name) for each in fields(Method)}, adaptation=adaptation)


def adaptation_of(method: Method) -> Method:
    """What adapts to a support set: the rule of the method's own or, where it has none, its steps in training."""
    return getattr(method, "adaptation", None) or method


def descent(rate: Tensor) -> Method:
    """w <- w - rate g, with g the gradient on the whole support set."""

    def step(loss, params, state, batch, context):
        gradient, value = grad_and_value(loss)(params, batch)
        return tree_map(lambda w, g: w - rate * g, params, gradient), state, {"loss": value}

    return Method(lambda params: (), step)
