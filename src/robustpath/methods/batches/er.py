"""Experience replay: each step is taken on the batch and on examples of the memory together."""

from robustpath.methods.base import Method, register
from robustpath.methods.batches.online_sgd import online_sgd
from robustpath.methods.replay import joined


@register(search={}, base=online_sgd, cite="chaudhry2019tiny")
def er(base: Method) -> Method:
    """The base's step on the batch and 20 replayed examples joined: one mean over all (Chaudhry et al. 2019).

    As in aimagelab/mammoth@2de9523, models/er.py. Not as published: the paper replays as many examples as a batch has
    (10), here a batch has 10 and 20 are drawn anew for each of its steps; while the first batch stays, the memory is
    that batch.
    """

    def step(loss, params, state, batch, context):
        replay = context.given["replay"]
        return base.step(lambda p, b: loss(p, joined(b, replay)), params, state, batch, context)

    return base.replace(step=step, needs={**base.needs, "replay": 20})
