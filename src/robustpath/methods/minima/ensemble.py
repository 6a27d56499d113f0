"""Ensemble: networks that learn each on its own, and whose probabilities are averaged."""

from torch.nn.functional import cross_entropy

from robustpath.methods.base import Method, register
from robustpath.methods.minima.sgd import sgd
from robustpath.models.ensemble_mlp import COUNT


@register(search={}, base=sgd, cite="lakshminarayanan2017simple", networks=("ensemble_mlp", "ensemble_strided_cnn"))
def ensemble(base: Method) -> Method:
    """The base's step on the sum of the members' cross-entropies (Lakshminarayanan et al. 2017, algorithm 1).

    No member has a part in another's loss, so that a step of all is a step of each. They differ by their initial
    parameters alone: the batches are the same, and there are no adversarial examples, where the paper has an order of
    its own for each member and such examples. The loss that is reported is the mean over members.
    """

    def step(loss, params, state, batch, context):
        def each(p, b):
            logits = context.activations(p, b.inputs)["members"]
            return sum(cross_entropy(own, b.labels) for own in logits.unbind(1))

        params, state, info = base.step(each, params, state, batch, context)
        return params, state, info | {"loss": info["loss"] / COUNT}

    return base.replace(step=step)
