"""Dark experience replay: the logits of replayed examples are held at what they were when the examples arrived."""

from typing import Any, NamedTuple

from torch import Tensor
from torch.nn.functional import mse_loss

from robustpath.methods.base import Method, log_uniform, register
from robustpath.methods.batches.online_sgd import online_sgd
from robustpath.methods.layers import classes
from robustpath.methods.replay import Kept, keep, nothing_kept, of_earlier


class State(NamedTuple):
    """inner: the base's state; logits: beside each example of the memory, those of the model before its batch."""

    inner: Any
    logits: Kept


@register(
    search={"alpha": log_uniform(0.05, 20.0, default=0.5)}, base=online_sgd, cite="buzzega2020der", off={"alpha": 0.0}
)
def der(base: Method, alpha: Tensor) -> Method:
    """loss + alpha mean (z(x') - z')² over examples x' and classes, z' stored (Buzzega et al. 2020).

    The mean is over all entries and z' is stored before the first step on the example's batch, as in
    aimagelab/mammoth@16cebdb, models/der.py. Values of alpha tuned by its authors reach from 0.1 to 1, with 0.5 as
    their stable choice, on clean labels; labels that are wrong may want more, so the range ends at 20. There are 20
    replayed examples in each step, and the term is zero while the first batch stays.
    """

    def init(params):
        return State(base.init(params), nothing_kept(params, classes(params)))

    def arrive(loss, params, state, batch, context):
        return state._replace(logits=keep(state.logits, batch.positions, context.network(params, batch.inputs)))

    def step(loss, params, state, batch, context):
        replay, stored = context.given["replay"], state.logits

        def penalised(p, b):
            distance = mse_loss(context.network(p, replay.inputs), stored.now[replay.positions])
            return loss(p, b) + alpha * of_earlier(stored) * distance

        params, inner, info = base.step(penalised, params, state.inner, batch, context)
        return params, state._replace(inner=inner), info

    return base.replace(init=init, arrive=arrive, step=step, needs={**base.needs, "replay": 20})
