"""Dark experience replay with labels: DER, and cross-entropy on a second draw of replayed examples."""

from torch import Tensor
from torch.nn.functional import cross_entropy

from robustpath.methods.base import Method, log_uniform, register
from robustpath.methods.batches.der import der


@register(search={"beta": log_uniform(0.1, 4.0, default=0.5)}, base=der, cite="buzzega2020der")
def der_plus_plus(base: Method, beta: Tensor) -> Method:
    """DER's loss + beta cross-entropy on examples of a second, independent draw (Buzzega et al. 2020).

    As in aimagelab/mammoth@0151ba0, models/derpp.py. Values of beta tuned there are 0.5 and 1; alpha and its range are
    DER's; alpha = beta = 0.5 is the authors' stable choice. Each draw has as many examples as a batch (10), so that a
    step costs what it costs DER. While the first batch stays, only the second draw is used, from that batch.
    """

    def step(loss, params, state, batch, context):
        other = context.given["other_replay"]

        def with_labels(p, b):
            return loss(p, b) + beta * cross_entropy(context.network(p, other.inputs), other.labels)

        return base.step(with_labels, params, state, batch, context)

    return base.replace(step=step, needs={**base.needs, "replay": 10, "other_replay": 10})
