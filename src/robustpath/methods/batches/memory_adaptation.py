"""Memory-based parameter adaptation: the last layer learns from the nearest stored examples before each prediction."""

import torch
from torch import Tensor

from robustpath.methods.base import Method, log_uniform, register
from robustpath.methods.batches.online_sgd import online_sgd
from robustpath.methods.stored import divided, emptied, features, written


@register(
    search={"adaptation": log_uniform(1e-2, 10.0, default=0.3), "delta": log_uniform(1e-4, 1.0, default=1e-3)},
    base=online_sgd,
    cite="sprechmann2018mbpa",
    off={"adaptation": 0.0},
    networks=("adapting_mlp",),
)
def memory_adaptation(base: Method, adaptation: Tensor, delta: Tensor) -> Method:
    """At each prediction W takes a step of rate `adaptation` on Σ_i w_i CE(W k_i + b, y_i) (Sprechmann et al. 2018).

    The weights w_i are in proportion to 1 / (|h - k_i|² + δ). Not as published: one step in place of several, so that
    the step has a closed form in the network (models/recall.py: no gradient of the network is taken, and a prediction
    costs one pass and a read); all slots of the stream's memory in place of the nearest few; keys are the features of
    an example when its batch left, and are not renewed. The descent is the base's.
    """

    def init(params):
        return base.init(divided(params)[0])

    def step(loss, params, state, batch, context):
        trained, stored = divided(params)
        quiet = emptied(stored)
        trained, state, info = base.step(lambda p, b: loss(p | quiet, b), trained, state, batch, context)
        return trained | stored, state, info

    def leave(loss, params, state, batch, context):
        keys, _ = features(context, params, batch.inputs)
        settings = {"reach": delta, "tail": torch.ones_like(delta), "rate": adaptation}
        return written(params, batch, keys, True, **settings), state

    return base.replace(init=init, step=step, leave=leave)
