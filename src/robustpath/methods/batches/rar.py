"""Repeated augmented rehearsal: several steps on each batch, with changed copies of replayed examples."""

from robustpath.methods.base import Method, register
from robustpath.methods.batches.online_sgd import online_sgd


@register(search={}, base=online_sgd, cite="zhang2022rar")
def rar(base: Method) -> Method:
    """The base's step on the loss of the batch + the loss of 20 replayed, augmented examples (Zhang et al. 2022).

    Two means, each with the weight 1, as in YaqianZhang/RepeatedAugmentedRehearsal@d1158b4, agents/exp_replay.py; there
    are 10 replayed examples and 10 steps on a batch. Not as published: the number of steps is that of the budget, and
    neither the rules that stop early nor the one that learns it are run; the augmentation is that of the source, not
    RandAugment, and changes the replayed examples only, where their test run changes the batch as well.
    """

    def step(loss, params, state, batch, context):
        replay = context.given["augmented_replay"]
        return base.step(lambda p, b: loss(p, b) + loss(p, replay), params, state, batch, context)

    return base.replace(step=step, needs={**base.needs, "augmented_replay": 20})
