"""Analogy targets: train on r0 + (r1 - r2) itself, with the label of r0, and buy no label for it."""

import torch
from torch import Tensor

from robustpath.methods.base import Method, register, uniform
from robustpath.methods.grouping import attributes
from robustpath.methods.minima.sgd import sgd
from robustpath.methods.mixing import following, mixture


def targets(inputs: Tensor, labels: Tensor, attribute: Tensor, order: Tensor) -> Tensor:
    """r0 + (r1 - r2) for each example r0 [b, ...]: r2 is the next in `order`, as on a circle, of another label and the
    same attribute, r1 the next from r2 on of the label of r2 and another attribute. An example without both stays as it
    is."""
    own = torch.arange(len(labels), device=labels.device)
    two = following(order, (labels != labels[:, None]) & (attribute == attribute[:, None]))
    other = following(order, (labels == labels[:, None]) & (attribute != attribute[:, None]))
    one = other[two]
    there = (two != own) & (one != two)
    return torch.where(there.reshape(-1, *[1] * (inputs.dim() - 1)), inputs + inputs[one] - inputs[two], inputs)


@register(
    search={"share": uniform(0.0, 1.0, default=0.5)}, base=sgd, cite="hariharan2017hallucinating", off={"share": 0.0}
)
def analogy_targets(base: Method, share: Tensor) -> Method:
    """The base's step with a random `share` of the batch moved by r1 - r2, each with the label that it had.

    A control of the acquisition `parallelogram`, which looks for a real example near the same target and buys its
    label. Hariharan & Girshick 2017 learn a network that completes the analogy; here it is the sum, of inputs, and
    groups are known, not guessed.
    """

    def step(loss, params, state, batch, context):
        examples = len(batch.labels)
        order = mixture(context, examples, torch.ones_like(share)).order
        moved = targets(batch.inputs, batch.labels, attributes(context.given["groups"], examples), order)
        chosen = order.argsort() < share * examples
        inputs = torch.where(chosen.reshape(-1, *[1] * (batch.inputs.dim() - 1)), moved, batch.inputs)
        return base.step(loss, params, state, batch._replace(inputs=inputs), context)

    return base.replace(step=step, needs={**base.needs, "noise": 1, "groups": 1})
