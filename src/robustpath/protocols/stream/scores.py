"""The scores of runs in a stream, as functions of what was recorded on the way: tensors of M runs, one number a run.

The accuracy matrix is [M, T, T]: entry (i, j) is the accuracy on the held-out examples of task j after task i. Labels
are int64 [n], or [M, n] where each run has its own. Logits of a prequential score are those that a run gave each batch
before its first step on it; the prequential accuracy is `accuracy` of the supervised scores on them.
"""

import math

import torch
from torch import Tensor
from torch.nn import functional

TEMPERATURES = 2 ** (torch.arange(-8, 17, dtype=torch.float64) / 4)  # 1/4 to 16, with 1 among them
UNCHANGED = 8  # the place of temperature 1


def learning_accuracy(matrix: Tensor) -> Tensor:
    """The mean over tasks of the accuracy on a task right after it [M] (Riemer et al. 2019)."""
    return _diagonal(matrix).mean(1)


def forgetting(matrix: Tensor) -> Tensor:
    """How far below its best since it was learnt a task ends, averaged over all tasks but the last [M].

    The best is over the ends of its own task and all later ones, the last included, so that forgetting is never
    negative (as in utils/metrics.py of aimagelab/mammoth at 07bd157).
    """
    later = torch.ones(matrix.shape[1:], dtype=torch.bool).tril()
    best = matrix.double().masked_fill(~later.to(matrix.device), -math.inf).amax(1)
    return (best - matrix[:, -1])[:, :-1].mean(1)


def backward_transfer(matrix: Tensor) -> Tensor:
    """How the accuracy on a task changes from its own end to the last, averaged over all tasks but the last [M]
    (Lopez-Paz and Ranzato 2017, BWT)."""
    return (matrix[:, -1] - _diagonal(matrix))[:, :-1].mean(1)


def forward_transfer(matrix: Tensor, before: Tensor) -> Tensor:
    """The accuracy on a task just before it is learnt less that of the untrained network, averaged over all tasks but
    the first [M]; before: accuracies of the untrained network [M, T] (Lopez-Paz and Ranzato 2017, FWT)."""
    ahead = matrix.double().diagonal(1, 1, 2)
    return (ahead - before[:, 1:]).mean(1)


def bits(logits: Tensor, labels: Tensor) -> Tensor:
    """The mean of -log2 of the probability of the label [M]; of prequential logits [M, n, classes], the length of the
    code for a label (Dawid 1984; Bornschein et al. 2023)."""
    targets = labels.expand(len(logits), -1)
    nats = functional.cross_entropy(logits.transpose(1, 2), targets, reduction="none").mean(1)
    return nats.double() / math.log(2)


def samples_to_threshold(correct: Tensor, threshold: float, window: int = 50) -> tuple[Tensor, Tensor]:
    """After how many of its examples the share that was predicted correctly of a task's last `window` examples first
    reaches `threshold`: int64 [M, T] and, as bool [M, T], where it never does, with the task's length for a count.

    correct: bool [M, T, n], whether each example of a task was predicted before it was learnt from.
    """
    length = correct.shape[2]
    if length < window:
        counts = torch.full(correct.shape[:2], length, device=correct.device)
        return counts, torch.ones_like(counts, dtype=torch.bool)
    reached = correct.unfold(2, window, 1).sum(3).double() / window >= threshold
    censored = ~reached.any(2)
    return torch.where(censored, length, reached.int().argmax(2) + window), censored


def movement(before: Tensor, after: Tensor) -> Tensor:
    """The mean over a fixed set of inputs of KL(before || after) between predictions, in nats [M]; logits
    [M, n, classes]."""
    before, after = (logits.double().log_softmax(2) for logits in (before, after))
    return (before.exp() * (before - after)).sum(2).mean(1)


def calibration_error(logits: Tensor, labels: Tensor, bins: int = 15) -> Tensor:
    """The expected calibration error [M]: the distance of confidence and accuracy in each of `bins` equally wide bins
    of confidence, weighted by the examples in it (Guo et al. 2017). Logits [M, n, classes].

    A bin holds its upper end and not its lower one.
    """
    confidence, predicted = logits.double().softmax(2).max(2)
    place = ((confidence * bins).ceil().long() - 1).clamp(0, bins - 1)
    excess = (predicted == labels).double() - confidence
    return excess.new_zeros(len(logits), bins).scatter_add(1, place, excess).abs().sum(1) / logits.shape[1]


def tempered_losses(logits: Tensor, labels: Tensor) -> Tensor:
    """The cross-entropy in nats of a batch [M, b, classes], summed over its examples, at each of TEMPERATURES: float64
    [M, G]. The logits are divided by the temperature."""
    targets = labels.expand(len(logits), -1)
    scaled = logits.double()[:, None] / TEMPERATURES.to(logits.device)[:, None, None]
    chosen = functional.log_softmax(scaled, 3).gather(3, targets[:, None, :, None].expand(*scaled.shape[:3], 1))
    return -chosen.squeeze(3).sum(2)


def forward_temperatures(losses: Tensor) -> Tensor:
    """The places in TEMPERATURES that a run would choose before each batch and after the last: int64 [M, B + 1].

    losses: `tempered_losses` of every batch [M, B, G]. Chosen is where the sum over all earlier batches is the least:
    no batch is calibrated by its own labels. Before the first batch the temperature is 1. Bornschein et al. (2023)
    learn the temperature by gradient steps; a grid needs no learning rate.
    """
    first = torch.full((len(losses), 1), UNCHANGED, device=losses.device)
    return torch.cat([first, losses.cumsum(1).argmin(2)], 1)


def calibrated_bits(losses: Tensor, batch_size: int) -> Tensor:
    """The mean prequential bits of a label at the temperatures of `forward_temperatures` [M]: the control for scores
    that reward calibration (Bornschein et al. 2023). losses: [M, B, G] of batches of `batch_size` examples."""
    chosen = forward_temperatures(losses)[:, :-1, None]
    return losses.gather(2, chosen).squeeze(2).mean(1) / (batch_size * math.log(2))


def _diagonal(matrix: Tensor) -> Tensor:
    """The accuracy on each task right after it [M, T]."""
    return matrix.double().diagonal(0, 1, 2)
