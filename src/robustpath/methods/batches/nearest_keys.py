"""A readout by the nearest stored features: neural episodic control, for classes."""

import torch
from torch import Tensor

from robustpath.methods.base import Method, log_uniform, register, uniform
from robustpath.methods.batches.online_sgd import online_sgd
from robustpath.methods.stored import divided, emptied, features, written


@register(
    search={"delta": log_uniform(1e-4, 1.0, default=1e-3), "share": uniform(0.0, 1.0, default=0.9)},
    base=online_sgd,
    cite="pritzel2017nec",
    off={"share": 0.0},
    networks=("episodic_mlp",),
)
def nearest_keys(base: Method, delta: Tensor, share: Tensor) -> Method:
    """p = (1 - `share`) p_θ + `share` Σ_i w_i onehot(y_i), w_i in proportion to 1 / (|h - k_i|² + δ).

    The kernel, δ = 1e-3 and one entry for each stored example are those of Pritzel et al. 2017 (public program:
    Kaixhin/EC), who read the 50 nearest of many entries and have `share` 1; here all slots of the
    stream's memory are read. Keys k_i are the features of an example when its batch left, and are not renewed. The
    mixture with the network's own prediction is that of Khandelwal et al. 2020. The descent is the base's.
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
        kernel = {"reach": delta, "tail": torch.ones_like(delta)}
        gate = {"offset": share.logit(1e-6), "slope": torch.zeros_like(share)}
        return written(params, batch, keys, share > 0, **kernel, **gate), state

    return base.replace(init=init, step=step, leave=leave)
