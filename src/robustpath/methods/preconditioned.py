"""Steps of a base along another direction than the gradient."""

from collections.abc import Callable

from torch import Tensor

from robustpath.core.parameters import dot, subtract
from robustpath.methods.base import Loss, Params, grad_and_value


def along(direction: Params, params: Params, value: Tensor) -> Loss:
    """A loss that is `value` at `params`, where its gradient is `direction`: for one step of a base from `params`.

    It is linear: value + <direction, w - params>. All that the base does with a gradient it does with the direction.
    """
    return lambda p, batch: value + dot(direction, subtract(p, params))


def preconditioned(loss: Loss, params: Params, change: Callable[[Params], Params]) -> Loss:
    """The same with the direction change(gradient of `loss`), on any batch that the base asks for."""

    def linear(p, batch):
        gradient, value = grad_and_value(loss)(params, batch)
        return along(change(gradient), params, value)(p, batch)

    return linear
