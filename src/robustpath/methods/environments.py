"""Environments that nobody names: the split of the training examples that IRM's penalty of a reference is largest for.

A reference is a trained model; s_i is the slope of its loss on example i where its outputs are multiplied by a factor,
at the factor 1. Creager et al. 2021 give each example a share q_i of a first environment and 1 - q_i of a second one
and maximise the mean of both penalties, ((mean q s)² + (mean (1 - q) s)²) / 2 (sec. 3.1; ecreager/eiil,
opt_env/utils/opt_utils.py, split_data_opt: shares are sigmoids of numbers that Adam moves).

With A = mean q s and S = mean s it is (A² + (S - A)²) / 2: convex in A and even about S / 2, as is the range of A, from
the sum of the negative slopes to that of the positive ones. So the largest value has the examples with positive slopes
in one environment and those with negative slopes in the other, and no other split has it while no slope is zero.
"""

import torch
from torch import Tensor

BETAS, EPSILON = (0.9, 0.999), 1e-8  # Adam's, as in the authors' program


def slopes(losses: Tensor) -> Tensor:
    """d log(1 + exp(-w m)) / dw at w = 1 of examples [...], from their cross-entropies; m: the log-odds of the label.

    With two classes, this is the slope of the cross-entropy of w times the logits, the one of IRMv1. With more, the
    other classes count as one, since a loss does not tell them apart.
    """
    losses = losses.clamp_min(torch.finfo(losses.dtype).tiny)
    wrong = -torch.expm1(-losses)  # 1 - the probability of the label
    return (losses + wrong.log()) * wrong


def objective(shares: Tensor, slopes: Tensor) -> Tensor:
    """The mean of both environments' penalties [...], from shares of the first and slopes of the examples [..., n]."""
    first, second = (shares * slopes).mean(-1), ((1 - shares) * slopes).mean(-1)
    return (first.square() + second.square()) / 2


def most_different(slopes: Tensor) -> Tensor:
    """The split with the largest objective: True [..., n] in the environment of positive slopes."""
    return slopes > 0


def ascended(slopes: Tensor, start: Tensor, steps: int, rate: float) -> Tensor:
    """The shares [..., n] after so many steps of Adam that raise the objective.

    start: numbers [..., n] whose sigmoids are the first shares. The authors' program takes 10,000 steps at the rate
    0.001 from standard normal numbers.
    """
    numbers, mean, square = start.clone(), torch.zeros_like(start), torch.zeros_like(start)
    for step in range(1, steps + 1):
        shares = numbers.sigmoid()
        lead = ((2 * shares - 1) * slopes).mean(-1, keepdim=True)
        gradient = lead * slopes * shares * (1 - shares) / slopes.shape[-1]
        mean.lerp_(gradient, 1 - BETAS[0])
        square.mul_(BETAS[1]).addcmul_(gradient, gradient, value=1 - BETAS[1])
        width = (square / (1 - BETAS[1] ** step)).sqrt_().add_(EPSILON)
        numbers.addcdiv_(mean, width, value=rate / (1 - BETAS[0] ** step))
    return numbers.sigmoid()
