"""Scores on the way of a stream: what is predicted before the first step on each batch, and on held-out examples."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn.utils.rnn import pad_sequence

from robustpath.core.types import Params
from robustpath.engine.plan import Network
from robustpath.engine.source import Data, examples
from robustpath.protocols.stream.scores import movement
from robustpath.protocols.stream.source import Course
from robustpath.protocols.stream.streams import Stream

EVERY = 5  # batches from one look at the first task to the next
PROBE = 20  # held-out examples on which the movement of predictions is measured
AVERAGED = 0.95  # what the average of the weights keeps of itself at each batch: about the last 20 batches


class Seen(NamedTuple):
    """Of each member: the logits of every example of the stream before the first step on its batch [M, L, C];
    accuracies [M, T + 1, H] on the H tasks that are scored, before the stream and after each of its T tasks; worst: the
    lowest accuracy on the first task since it ended [M]; moved: the sum over batches of KL(before || after) on the
    probe, in nats [M]; before [M, P, C]: the logits there before the batch; averaged: the average of the weights."""

    logits: Tensor
    accuracies: Tensor
    worst: Tensor
    moved: Tensor
    before: Tensor
    averaged: Params


class Watch(NamedTuple):
    """init() -> Seen and look(seen, read, step) -> Seen, for the source; accuracy(params) -> accuracies on the H tasks
    that are scored [M, H]."""

    init: Callable[[], Seen]
    look: Callable[[Seen, Callable[[], Params], int], Seen]
    accuracy: Callable[[Params], Tensor]


def watch(
    data: Data, streams: Sequence[Stream], courses: Sequence[Course], row: Tensor, repeats: int, network: Network,
    like: Params, classes: int,
) -> Watch:  # fmt: skip
    """Scores of members whose seeds have these streams and courses; `row`: the place of each member's seed [M]; `like`:
    parameters of one model."""
    device, members = data.inputs.device, len(row)
    together = torch.vmap(network)
    lengths = [len(each.labels) for each in streams]
    tasks = int(streams[0].task[-1]) + 1
    batches, batch_size = courses[0].order.shape
    held = [each.held["test"] for each in streams]
    scored = int(held[0].task.max()) + 1
    tested = Data(*(torch.cat([getattr(each, part) for each in held]).to(device) for part in ("inputs", "labels")))
    sizes = torch.tensor([len(each.task) for each in held])
    # A seed may have fewer test examples than another: its last one fills up the row, and counts for no task.
    filled = torch.arange(int(sizes.max())).minimum(sizes[:, None] - 1) + (sizes.cumsum(0) - sizes)[:, None]
    fields = examples(tested, filled[row].to(device))
    of_task = pad_sequence([each.task for each in held], batch_first=True, padding_value=-1)[row].to(device)  # [M, n]
    of_first_task = max(int((each.task == 0).sum()) for each in held)  # they come first
    probe = torch.stack([each.held["validation"].inputs[_spread(each, PROBE)] for each in streams])[row].to(device)
    ends = {(number + 1) * batches // tasks: number + 1 for number in range(tasks)} | {0: 0}

    @torch.no_grad()
    def accuracy(params: Params) -> Tensor:
        hits = (together(params, fields["inputs"]).argmax(2) == fields["labels"]).double()
        masks = [(of_task == task).double() for task in range(scored)]
        return torch.stack([(hits * mask).sum(1) / mask.sum(1) for mask in masks], 1)

    def of_first(params: Params) -> Tensor:
        first = slice(of_first_task)
        hits = (together(params, fields["inputs"][:, first]).argmax(2) == fields["labels"][:, first]).double()
        mask = (of_task[:, first] == 0).double()
        return (hits * mask).sum(1) / mask.sum(1)

    def init() -> Seen:
        nothing = torch.zeros(members, dtype=torch.float64, device=device)
        return Seen(
            torch.zeros(members, lengths[0], classes, device=device),
            nothing[:, None, None].repeat(1, tasks + 1, scored),
            nothing + 1.0,
            nothing,
            torch.zeros(members, probe.shape[1], classes, device=device),
            {name: tensor.new_zeros(members, *tensor.shape, device=device) for name, tensor in like.items()},
        )

    @torch.no_grad()
    def look(seen: Seen, read: Callable[[], Params], step: int) -> Seen:
        batch, repeat = divmod(step, repeats)
        if repeat:
            return seen
        params = read()
        after = together(params, probe)
        moved, averaged = seen.moved, params
        if batch:
            moved = moved + movement(seen.before, after)
            averaged = {name: AVERAGED * mean + (1 - AVERAGED) * params[name] for name, mean in seen.averaged.items()}
        logits, accuracies, worst = seen.logits, seen.accuracies, seen.worst
        if batch in ends:
            accuracies = accuracies.index_copy(1, torch.tensor([ends[batch]], device=device), accuracy(params)[:, None])
        if batch >= batches // tasks and (batch % EVERY == 0 or batch == batches):
            worst = torch.minimum(worst, of_first(params))
        if batch < batches:
            places = torch.stack([each.order[batch] for each in courses])[row]
            own = places + (row * lengths[0])[:, None]
            found = together(params, examples(data, own.to(device))["inputs"])
            # In place: a copy of all logits at every batch would cost more than the batch.
            logits[:, batch * batch_size : (batch + 1) * batch_size] = found
        return Seen(logits, accuracies, worst, moved, after, averaged)

    return Watch(init, look, accuracy)


def _spread(stream: Stream, count: int) -> Tensor:
    """Positions of validation examples at equal distances, of all tasks: as many of each as there can be."""
    return torch.arange(count) * len(stream.held["validation"].labels) // count
