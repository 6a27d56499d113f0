"""What is dealt about the examples of a batch, beside the batch: their groups, their losses under another model, and
orders of exposure that look at these.

Each stands in the place of labels in a batch of its own, example by example:

| need | what a step is given |
| --- | --- |
| groups: 1 | labels: label * A + attribute of each example of the batch; inputs [b, A]: a column for each attribute |
| balanced: n | n examples of the hold-out, which no batch holds then, as many of every group |
| irreducible: 1 | labels: the loss of the run's parent on each example of its part of the stream, else of the batch |
"""

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy

from robustpath.core.errors import UserError
from robustpath.core.types import Params
from robustpath.data.prepared import Prepared
from robustpath.engine.plan import Network, Stage
from robustpath.engine.source import STREAM, Data, Source, Streams, examples, streamed
from robustpath.methods.grouping import ROOM
from robustpath.protocols.supervised.held_out import learnt
from robustpath.protocols.supervised.orders import ORDERS, Known
from robustpath.protocols.supervised.source import HELD_OUT, Learner

OWN = ("groups", "balanced", "irreducible")
PORTION = 1024  # examples that a parent looks at together


class About(NamedTuple):
    """What runs of a cell can be given about examples: groups int64 [R, N] in the rows of the labels and the number of
    attributes; losses [M, N] of each run's parent. None where there is no attribute or no parent."""

    groups: Tensor | None
    attributes: int
    losses: Tensor | None = None


def asked(stages: Sequence[Stage]) -> bool:
    """Whether a cell needs more than batches, noise, probes, hold-outs and the stream."""
    return any(stage.needs.keys() & {*OWN} or stage.order in ORDERS for stage in stages)


def beside(
    stages: Sequence[Stage], prepared: Prepared, labels: Tensor, settings: Mapping, network: Network,
    parent: Callable[[NamedTuple], Params] | None,
) -> Callable[[Sequence, Sequence[int]], About] | None:  # fmt: skip
    """A function (runs, their rows of `labels` [R, N]) -> what they are given; None where the stages ask for nothing.

    UserError where the data set has no attribute, or more groups than there is room for, or the cell has no parent that
    gives losses, and a stage needs it.
    """
    if not asked(stages):
        return None
    needs = set().union(*(stage.needs for stage in stages))
    groups, attributes = _groups(prepared, labels, settings) if needs & {"groups", "balanced"} else (None, 0)
    if "irreducible" in needs and parent is None:
        raise UserError(
            f"{settings['method']} looks at the losses of another model and experiment {settings['experiment']} names "
            "none: give it a `parent` with `gives: losses` in config.yaml"
        )

    def about(runs: Sequence, rows: Sequence[int]) -> About:
        if "irreducible" not in needs:
            return About(groups, attributes)
        found: dict[tuple, Tensor] = {}
        for run, row in zip(runs, rows, strict=True):
            own = run._replace(draw=0)
            if own not in found:
                found[own] = losses_of(parent(run), prepared.inputs, labels[row], network)
        return About(groups, attributes, torch.stack([found[run._replace(draw=0)] for run in runs]))

    return about


def _groups(prepared: Prepared, labels: Tensor, settings: Mapping) -> tuple[Tensor, int]:
    method, dataset = settings["method"], settings["dataset"]
    if prepared.attribute is None:
        raise UserError(
            f"{method} learns from groups and {dataset} has no attribute that tells them: take the method or the data "
            f"set off experiment {settings['experiment']} in config.yaml"
        )
    attributes, classes = int(prepared.attribute.max()) + 1, int(prepared.labels.max()) + 1
    if classes * attributes > ROOM:
        raise UserError(
            f"{dataset} has {classes * attributes} groups and {method} has room for {ROOM}: take the method or the "
            f"data set off experiment {settings['experiment']} in config.yaml"
        )
    return labels * attributes + prepared.attribute.to(labels), attributes


def losses_of(params: Params, inputs: Tensor, labels: Tensor, network: Network) -> Tensor:
    """The cross-entropy of a model on every example [N], under `labels` [N]."""
    params = {name: tensor.to(labels.device) for name, tensor in params.items()}
    with torch.no_grad():
        logits = torch.cat([network(params, part.to(labels.device)) for part in inputs.split(PORTION)])
        return cross_entropy(logits, labels, reduction="none")


def extended(
    data: Data, streams: Streams, learners: Sequence[Learner], pools: dict[int, Tensor], about: About
) -> Source:
    """The source of runs, in the order of `learners`, that are given something about their examples."""
    rows = data.row.tolist()
    known = {}
    if about.groups is not None:
        known["groups"] = Data(torch.empty(len(data.inputs), about.attributes), about.groups, data.row)
    if about.losses is not None:
        own = torch.arange(len(rows), device=data.inputs.device)
        known["irreducible"] = Data(torch.empty(len(data.inputs), 1), about.losses, own)
    known = {name: each._replace(inputs=each.inputs.to(data.inputs.device)) for name, each in known.items()}
    drawn = _reordered(streams, learners, pools, known)
    plain = streamed(data, drawn)
    beyond = {name: streamed(each, drawn) for name, each in known.items()}
    cache: dict[str, tuple] = {}

    def balanced(stage: Stage) -> Tensor:
        if cache.get("balanced", (None,))[0] != stage.index:
            parts = []
            for learner, row in zip(learners, rows, strict=True):
                held = pools[learner.seed][learnt(learner.train_size, HELD_OUT) : learner.train_size]
                parts.append(held[_in_equal_parts(about.groups[row].cpu()[held], stage.needs["balanced"])])
            cache["balanced"] = stage.index, examples(data, torch.stack(parts).to(data.inputs.device))
        return cache["balanced"][1]

    def deal(state, params, stage, step):
        keeps_out = {"holdout": 1} if {"balanced", "holdout"} & stage.needs.keys() else {}
        needs = keeps_out | {name: amount for name, amount in stage.needs.items() if name not in OWN}
        state, dealt = plain.next(state, params, stage._replace(needs=needs), step)
        given = {name: part for name, part in dealt.given.items() if name in stage.needs}
        for name in beyond.keys() & stage.needs.keys():
            part = STREAM if name == "irreducible" and STREAM in stage.needs else ""
            beside = keeps_out | ({STREAM: stage.needs[STREAM]} if part else {})
            _, other = beyond[name].next((), params, stage._replace(needs=beside), step)
            given[name] = other.given[STREAM] if part else other.batch
        if "balanced" in stage.needs:
            given["balanced"] = balanced(stage)
        return state, dealt._replace(given=given)

    return plain._replace(next=deal)


def _in_equal_parts(groups: Tensor, count: int) -> Tensor:
    """Places of `count` examples among those with these groups, each group in turn and its examples in their order,
    again from the first where they run out."""
    each = [(groups == group).nonzero()[:, 0] for group in groups.unique()]
    return torch.stack([each[n % len(each)][n // len(each) % len(each[n % len(each)])] for n in range(count)])


def _reordered(
    streams: Streams, learners: Sequence[Learner], pools: dict[int, Tensor], known: dict[str, Data]
) -> Streams:
    """The streams, in which a stage with an order of exposure has the examples of all its plain batches in that order:
    the very same examples, as often, and nothing but their order is another."""
    cache: dict[str, tuple] = {}

    def whole(stage: Stage) -> Tensor:
        if cache.get("order", (None,))[0] != stage.index:
            plain = streams.batches(stage._replace(order="batches"), 0, stage.steps)
            found = []
            for member, learner in enumerate(learners):
                flat, own = plain[:, member].flatten(), pools[learner.seed][: learner.train_size]
                tables = {name: each.labels[int(each.row[member])].cpu() for name, each in known.items()}
                attributes = known["groups"].inputs.shape[1] if "groups" in known else 0
                order = ORDERS[stage.order](Known(flat, own, tables, attributes))
                found.append(flat[order].reshape(plain[:, member].shape))
            cache["order"] = stage.index, torch.stack(found, 1)
        return cache["order"][1]

    def batches(stage: Stage, start: int, stop: int) -> Tensor:
        if stage.order not in ORDERS:
            return streams.batches(stage, start, stop)
        ordered = whole(stage)[start:stop]
        if stop <= stage.steps:
            return ordered
        after = streams.batches(stage._replace(order="batches"), max(start, stage.steps), stop)
        return torch.cat([ordered, after])  # blocks end beyond the last step

    return streams._replace(batches=batches)
