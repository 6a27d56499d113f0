"""Intra-label mixup: mix examples of one label and two attributes, so that the attribute tells less of the label."""

from torch import Tensor

from robustpath.methods.base import Method, log_uniform, register
from robustpath.methods.grouping import attributes
from robustpath.methods.minima.sgd import sgd
from robustpath.methods.mixing import following, mixture


def partners(labels: Tensor, attribute: Tensor, order: Tensor) -> Tensor:
    """For each example [b], the next in `order`, as on a circle, of the same label and another attribute; itself where
    the batch has none."""
    return following(order, (labels == labels[:, None]) & (attribute != attribute[:, None]))


@register(search={"alpha": log_uniform(0.1, 4.0, default=2.0)}, base=sgd, cite="yao2022lisa")
def intra_label_mixup(base: Method, alpha: Tensor) -> Method:
    """The base's step on CE(f(l x + (1 - l) x'), y), x' of the same label and another attribute (Yao et al. 2022).

    It is their LISA with intra-label mixing alone. x' is drawn from the batch; an example without such a partner stays
    as it is. l ~ Beta(alpha, alpha) is one number a batch, where the authors' program (huaxiuyao/LISA,
    subpopulation_shifts/train.py) draws one for each pair.
    """

    def step(loss, params, state, batch, context):
        examples = len(batch.labels)
        share, order = mixture(context, examples, alpha)
        partner = partners(batch.labels, attributes(context.given["groups"], examples), order)
        inputs = share * batch.inputs + (1 - share) * batch.inputs[partner]
        return base.step(loss, params, state, batch._replace(inputs=inputs), context)

    return base.replace(step=step, needs={**base.needs, "noise": 1, "groups": 1})
