"""Mixup: train on mixtures of two examples and of their labels."""

from torch import Tensor
from torch.nn.functional import cross_entropy

from robustpath.methods.base import Method, log_uniform, register
from robustpath.methods.minima.sgd import sgd
from robustpath.methods.mixing import mixture


@register(search={"alpha": log_uniform(0.1, 4.0, default=1.0)}, base=sgd, cite="zhang2018mixup")
def mixup(base: Method, alpha: Tensor) -> Method:
    """The base's step on l CE(f(x~), y) + (1 - l) CE(f(x~), y'), x~ = l x + (1 - l) x' (Zhang et al. 2018).

    (x', y') is the same batch in another order and l ~ Beta(alpha, alpha) one number a batch, as in the authors'
    program (facebookresearch/mixup-cifar10, train.py).
    """

    def step(loss, params, state, batch, context):
        share, order = mixture(context, len(batch.labels), alpha)
        inputs = share * batch.inputs + (1 - share) * batch.inputs[order]
        partners = batch.labels[order]

        def mixed(p, b):
            logits = context.network(p, b.inputs)
            return share * cross_entropy(logits, b.labels) + (1 - share) * cross_entropy(logits, partners)

        return base.step(mixed, params, state, batch._replace(inputs=inputs), context)

    return base.replace(step=step, needs={**base.needs, "noise": 1})
