"""Binary latent: the units of a linear penultimate layer are compressed until each class is one point."""

from torch import Tensor

from robustpath.methods.activations import STRENGTH, total, with_loss
from robustpath.methods.base import Method, register
from robustpath.methods.minima.sgd import sgd


@register(
    search={"strength": STRENGTH},
    base=sgd,
    cite="sbailo2024emergence",
    off={"strength": 0.0},
    networks=("latent_mlp",),
)
def binary_latent(base: Method, strength: Tensor) -> Method:
    """The base's step on CE + strength sum_j E[x_j²], x the linear penultimate layer (Sbailò & Ghiringhelli 2024).

    The loss is that of the authors' program (luigisbailo/binary_encoding at 9d600b4, trainer.py) but for the sum over
    units in the place of their mean. Not as there: from 0.01 on, they let the factor rise by 2.5 % an epoch, up to
    10,000, with AdamW, so that compression wins over size; the descent of the base would diverge at such factors, and
    the schedule is that of double_well. In an earlier version of the paper the loss grows as exp(x²).
    """

    def penalty(outputs, batch):
        *_, latent, _ = outputs.values()
        return total(latent.square())

    return with_loss(base, strength, penalty)
