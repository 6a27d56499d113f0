"""What the runs of a round learn from: batches of their own labelled examples, and a record of how they learn them."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy

from robustpath.core.types import Params
from robustpath.engine.plan import Network, Stage
from robustpath.engine.source import Data, Dealt, Source, examples
from robustpath.protocols.supervised.source import Learner, dealing

MOMENTS = 10  # of a round at which each labelled example is predicted


class Seen(NamedTuple):
    """Of M runs, at K moments of a round, on their l labelled examples: whether they were right, bool [M, K, l], and
    the cross-entropies in nats [M, K, l]; and the logits [M, K, N, classes] of those of all examples that are asked
    for."""

    correct: Tensor
    losses: Tensor
    earlier: Tensor


def moments(steps: int) -> list[int]:
    """After how many steps of a round the labelled examples are predicted: at equal distances, the last at the end."""
    count = min(MOMENTS, steps)
    return [steps * number // count for number in range(1, count + 1)]


def learning(
    data: Data, labelled: Tensor, orders: Sequence[int], dataset: str, batch_size: int, dimension: int, steps: int,
    network: Network, every: Callable[[int, Params], Tensor] | None = None, shape: tuple[int, int] = (0, 0),
) -> tuple[Source, Callable[[Seen, Callable[[], Params], int], Seen]]:  # fmt: skip
    """The source of runs with the examples `labelled`, positions in the data int64 [M, l], and its `look`, which is to
    be called once more after the last step.

    orders: the seed of each run's order of batches; dimension: how many numbers a vector of noise has; every(run,
    parameters) -> logits `shape` of all that the run may label, where they are asked for at the same moments.

    Batches are a function of (data set, order, l, step), so that they are the same for all acquisitions at the first
    labels.
    """
    count, numbered = labelled.shape[1], range(len(labelled))
    learners = [Learner(number, count) for number in numbered]
    pools, seeds = dict(enumerate(labelled)), dict(enumerate(orders))
    inner = dealing(data, learners, pools, seeds, dataset, batch_size, dimension)
    asked = {done: number for number, done in enumerate(moments(steps))}
    device = data.inputs.device

    def init() -> Seen:
        each = len(labelled), len(asked), count
        return Seen(
            torch.zeros(each, dtype=torch.bool, device=device),
            torch.zeros(each, device=device),
            torch.zeros(*each[:2], *shape, device=device),
        )

    @torch.no_grad()
    def look(seen: Seen, read: Callable[[], Params], done: int) -> Seen:
        if done not in asked:
            return seen
        own, params = examples(data, labelled.to(device)), read()
        logits = torch.vmap(network)(params, own["inputs"])
        earlier = seen.earlier[:, 0]
        if every:
            each = [{name: tensor[number] for name, tensor in params.items()} for number in numbered]
            earlier = torch.stack([every(number, mine) for number, mine in enumerate(each)]).to(device)
        here = Seen(
            logits.argmax(2) == own["labels"],
            cross_entropy(logits.transpose(1, 2), own["labels"], reduction="none"),
            earlier,
        )
        return Seen(*(_at(asked[done], whole, part) for whole, part in zip(seen, here, strict=True)))

    def next_(seen: Seen, params: Params, stage: Stage, step: int) -> tuple[Seen, Dealt]:
        return seen, inner.next((), params, stage, step)[1]

    return Source(init, next_, look), look


def _at(moment: int, whole: Tensor, part: Tensor) -> Tensor:
    """`whole` with a part at a moment; the tensor before stays as it was, for a checkpoint may hold it."""
    changed = whole.clone()
    changed[:, moment] = part
    return changed
