"""PuriDivER: replayed examples with a large loss are relabelled, or learnt from without their label."""

from typing import Any, NamedTuple

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy

from robustpath.core.parameters import dot
from robustpath.methods.base import Method, grad_and_value, log_uniform, register
from robustpath.methods.batches.online_sgd import online_sgd
from robustpath.methods.memory import CAPACITY, NOWHERE, empty, put
from robustpath.methods.mixtures import fit, in_first
from robustpath.methods.replay import zero

FEWEST = 2  # examples of a group: with no more of them, all are learnt from as they are
REPLAYED = 10


class Seen(NamedTuple):
    """Of the example in each slot, as it was last passed through the network [CAPACITY + 1]: its cross-entropy, the
    uncertainty 1 - max p, and 1 where the slot is filled."""

    loss: Tensor
    uncertainty: Tensor
    filled: Tensor


class Groups(NamedTuple):
    """Of the example in each slot [CAPACITY + 1]: 1 where its label is kept (`clean`), and where it is relabelled; else
    it has none. trusted: the probability that its label is right."""

    clean: Tensor
    relabelled: Tensor
    trusted: Tensor


class State(NamedTuple):
    """inner: the base's state; memory: of the examples in the memory; arriving: of those of the batch, by the slot that
    they will take; groups: while the batch stays."""

    inner: Any
    memory: Seen
    arriving: Seen
    groups: Groups


@register(search={"share": log_uniform(0.02, 1.0, default=1.0)}, base=online_sgd, cite="bang2022puridiver")
def puridiver(base: Method, share: Tensor) -> Method:
    """Cross-entropy on the batch, weighted `share`, and robust learning on 10 replayed examples (Bang et al. 2022).

    As in clovaai/puridiver@1039b90, methods/PuriDivER.py, with robust_type PuriDivER and mem_manage RSV (a reservoir).
    A mixture of two normal distributions is fitted to the losses of the memory, in [0, 1], and another one to the
    uncertainty 1 - max p of those that belong to the larger losses. The smaller losses have the cross-entropy; the
    larger and certain have no label, but mean (z - z')² over classes; the larger and uncertain have the cross-entropy
    with the label P y + (1 - P) softmax(z), P the probability of the smaller losses. z are the logits of the input, z'
    those of a changed one, on which both cross-entropies are. Where one of the two groups has at most two examples, or
    none has a small loss, all are learnt from as they are. All count alike, as their numbers weigh them there.

    Not as published: the memory is dealt, so that its choice by loss and similarity, the other half of the method, is
    not taken. Theirs learns from the memory for 255 epochs after each task, from new parameters, and from the batch at
    a hundredth of the rate or less; here every step has both, `share` lets the batch count less, and no epoch comes
    before the first split, but the steps on an example's own batch. An input is changed by a tenth of its numbers set
    to 0; there is no CutMix. The losses are those of the last pass of each example, and the split is made as a batch
    arrives. P is that of the component with the smaller mean; theirs is that of component 0, whichever it is. The
    mixtures start as robustpath.methods.mixtures says. Reported: `clean`, the share of the replayed examples that
    keeps its label.
    """

    def init(params):
        row = empty().to(zero(params).dtype)
        nothing = Seen(row, row, row)
        return State(base.init(params), nothing, nothing, Groups(row + 1, row, row))

    def arrive(loss, params, state, batch, context):
        return state._replace(groups=split(state.memory))

    def step(loss, params, state, batch, context):
        changed, size = context.given["augmented_replay"], len(batch.inputs)
        slots, labels = changed.positions, changed.labels
        clean, relabelled, trusted = (table[slots] for table in state.groups)
        inputs = torch.cat([batch.inputs, context.given["memory"].inputs[slots], changed.inputs])

        def robust(p, b):
            logits = context.network(p, inputs)
            plain, other = logits[size : size + len(slots)], logits[size + len(slots) :]
            each = by_group(plain, other, labels, clean, relabelled, trusted)
            own = cross_entropy(logits[:size], b.labels, reduction="sum")
            return (share * own + each.sum()) / (share * size + len(slots)), logits

        gradient, (value, logits) = grad_and_value(robust, has_aux=True)(params, batch)
        # A linear loss has this gradient everywhere: the base takes its step, and the passes are taken once.
        params, inner, info = base.step(lambda p, b: dot(gradient, p), params, state.inner, batch, context)
        state = state._replace(
            inner=inner,
            memory=noted(state.memory, slots, logits[size : size + len(slots)], labels),
            arriving=noted(state.arriving, batch.positions, logits[:size], batch.labels),
        )
        return params, state, info | {"loss": value, "clean": clean.mean()}

    def leave(loss, params, state, batch, context):
        taken = (put(kept, batch.positions, new[batch.positions]) for kept, new in zip(*state[1:3], strict=True))
        return params, state._replace(memory=Seen(*taken))

    return base.replace(
        init=init,
        arrive=arrive,
        step=step,
        leave=leave,
        readout=lambda params, state: base.readout(params, state.inner),
        needs={**base.needs, "augmented_replay": REPLAYED, "memory": CAPACITY},
    )


def split(seen: Seen) -> Groups:
    """The groups of the examples in the memory, from their losses and uncertainties."""
    filled = seen.filled * (torch.arange(len(seen.filled), device=seen.filled.device) != NOWHERE)
    low = torch.where(filled > 0, seen.loss, torch.inf).min()
    high = torch.where(filled > 0, seen.loss, -torch.inf).max()
    losses = (seen.loss - low) / (high - low).clamp_min(torch.finfo(seen.loss.dtype).tiny)
    trusted = in_first(fit(losses, filled), losses)
    small = filled * (trusted >= 0.5)
    large = filled * (trusted < 0.5)
    certain = large * (in_first(fit(seen.uncertainty, large), seen.uncertainty) >= 0.5)
    unsure = large - certain
    enough = (small.sum() > 0) & (certain.sum() > FEWEST) & (unsure.sum() > FEWEST)
    return Groups(*(torch.where(enough, table, whole) for table, whole in
                    zip((small, unsure, trusted), (torch.ones_like(filled), torch.zeros_like(filled), filled),
                        strict=True)))  # fmt: skip


def by_group(
    plain: Tensor, changed: Tensor, labels: Tensor, clean: Tensor, relabelled: Tensor, trusted: Tensor
) -> Tensor:
    """The loss of each replayed example [m], from its logits on the input and on the changed one, and its group."""
    given = (labels[:, None] == torch.arange(plain.shape[1], device=labels.device)).to(plain.dtype)
    target = trusted[:, None] * given + (1 - trusted[:, None]) * plain.softmax(1).detach()
    with_label = cross_entropy(changed, labels, reduction="none")
    with_target = -(target * changed.log_softmax(1)).sum(1)
    without = (plain - changed).square().mean(1)
    return torch.where(clean > 0, with_label, torch.where(relabelled > 0, with_target, without))


def noted(seen: Seen, slots: Tensor, logits: Tensor, labels: Tensor) -> Seen:
    """The table with what the logits [n, classes] say of the examples in `slots` [n]."""
    losses = cross_entropy(logits, labels, reduction="none")
    uncertainty = 1 - logits.softmax(1).amax(1)
    values = losses, uncertainty, torch.ones_like(losses)
    # An example that is replayed twice in a step has the same values twice, so that either may stay.
    return Seen(*(put(table, slots, value) for table, value in zip(seen, values, strict=True)))
