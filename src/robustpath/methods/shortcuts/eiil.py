"""EIIL: invariant risk minimisation on environments that a reference model's losses tell."""

import torch

from robustpath.methods.base import Batch, Method, register
from robustpath.methods.environments import most_different, slopes
from robustpath.methods.shortcuts.irm import irm

ENVIRONMENTS = 2


@register(search={}, base=irm, cite="creager2021environment")
def eiil(base: Method) -> Method:
    """IRM between the two environments that IRM's penalty of the run's parent is largest for.

    Creager et al. 2021, sec. 3: the parent is a cell of plain training. Of the splits that they search with Adam this
    is the best one (robustpath.methods.environments): with two classes, what the parent gets wrong against what it gets
    right. A parent that gets every example right leaves one environment, within which nothing is to be invariant.
    """

    def step(loss, params, state, batch, context):
        examples = len(batch.labels)
        losses = context.given["irreducible"].labels.to(batch.inputs)  # whole numbers where a step is only counted
        split = most_different(slopes(losses)).expand(examples)
        groups = Batch(torch.zeros(examples, ENVIRONMENTS, device=split.device), split.long())
        params, state, info = base.step(loss, params, state, batch, context.giving(groups=groups))
        return params, state, info | {"errors": split.float().mean()}

    kept = {name: amount for name, amount in base.needs.items() if name != "groups"}
    return base.replace(step=step, needs={**kept, "irreducible": 1})
