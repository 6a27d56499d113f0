"""RHO-LOSS: train on what another model can learn and this one has not learnt yet."""

from robustpath.methods.base import Method, register
from robustpath.methods.minima.sgd import sgd
from robustpath.methods.selecting import highest, selecting


@register(search={}, base=sgd, cite="mindermann2022rho")
def rho_loss(base: Method) -> Method:
    """The base on the candidates with the highest reducible loss: their loss less that of the run's parent.

    Mindermann et al. 2022, eq. 3; OATML/RHO-Loss, reducible_loss_selection. The parent is a cell of `holdout_sgd`,
    which learns from the hold-out alone: no candidate is among its examples.
    """

    def choose(losses, count, context):
        return highest(losses - context.given["irreducible"].labels, count)

    chosen = selecting(base, choose)
    return chosen.replace(needs={**chosen.needs, "irreducible": 1, "holdout": 1})
