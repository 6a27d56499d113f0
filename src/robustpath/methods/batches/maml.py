"""MAML on a stream: a start from which one step on half of a batch lowers the loss on the other half."""

from torch import Tensor

from robustpath.core.parameters import tree_map
from robustpath.methods.base import Batch, Method, grad, log_uniform, register
from robustpath.methods.batches.online_sgd import online_sgd


@register(search={"inner_rate": log_uniform(3e-3, 0.3, default=0.03)}, base=online_sgd, cite="finn2017maml")
def maml(base: Method, inner_rate: Tensor) -> Method:
    """The base's step on the loss of a batch's second half after one step on its first half (Finn et al. 2017, eq. 1).

    The gradient goes through w' = w - a g, g that of the first half.

    A batch is a task: its examples come together. As published are the loss and its gradient; there a step averages it
    over several tasks and Adam takes it, here it is that of one batch and the base takes it. A single example
    is both halves. What it leaves is a start for other cells, which name this one as their `parent`.
    """

    def step(loss, params, state, batch, context):
        support, query = halves(batch)

        def after_a_step(params, _):
            moved = tree_map(lambda w, g: w - inner_rate * g, params, grad(loss)(params, support))
            return loss(moved, query)

        return base.step(after_a_step, params, state, batch, context)

    return base.replace(step=step)


def halves(batch: Batch) -> tuple[Batch, Batch]:
    """The first and the second half of a batch; the second has the odd one."""
    middle = len(batch.inputs) // 2
    if middle == 0:
        return batch, batch
    parts = [None if part is None else (part[:middle], part[middle:]) for part in batch]
    return tuple(Batch(*(None if part is None else part[half] for part in parts)) for half in (0, 1))
