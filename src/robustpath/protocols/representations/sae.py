"""Sparse autoencoders of the activations of many networks at once: one for each member of a batched tensor.

f = a((x - b_pre) / s E^T + b_lat) and x' = s f D + b_pre, with latents f [w], an encoder E and a decoder D [w, d] whose
rows have length 1, and s the root of the member's variance, so that neither the rates nor the latents depend on the
unit of its activations. "topk" (Gao et al. 2024): a keeps the k largest latents and sets them to 0 below 0; its loss is
the squared error over the variance, and AuxK, 1/32 of the normalised squared error of what the largest dead latents
make of the residual. "l1" (Bricken et al. 2023): a is ReLU; its loss is the mean of |x - x'|^2 / |x|^2 and lambda times
that of |f|_1 / |x|_2. No latent of "l1" is set anew when it dies.

Constants and form are those of the official program (openai/sparse_autoencoder at 4965b94: train.py, kernels.py and
loss.py). Of this study are the rate and the batches, its being for 32,768 latents and batches of 131,072; the latents
that AuxK may use, half as many as dimensions; and that the encoder starts as the decoder's transpose, its rows of
length 1 as well, where the program then scales it by one factor.
"""

import math
from typing import NamedTuple

import torch
from torch import Tensor

from robustpath.core.errors import UserError

KINDS = ("topk", "l1")
AUXK = 1 / 32
DEAD_AFTER = 76  # steps without an activation: the official 10 million tokens in batches of 131,072
ACTIVE = 1e-3  # what counts as an activation there
BETAS, EPSILON = (0.9, 0.999), 6.25e-10  # of Adam
LEARNING_RATE, BATCH = 2e-3, 256
MEDIAN_ROUNDS = 20
LEAST_NORM = 0.01  # of the mean squared norm: what the errors of "l1" are divided by at least, for x may be 0


class Weights(NamedTuple):
    """What is trained: encoder and decoder [M, w, d], latent_bias [M, w], pre_bias [M, d]."""

    encoder: Tensor
    latent_bias: Tensor
    decoder: Tensor
    pre_bias: Tensor


class Fitted(NamedTuple):
    """Autoencoders of M members: encoder and decoder [M, w, d], latent_bias [M, w], pre_bias [M, d] in the unit of the
    activations, scale [M], and how many latents an example may have, 0 for "l1"."""

    encoder: Tensor
    latent_bias: Tensor
    decoder: Tensor
    pre_bias: Tensor
    scale: Tensor
    k: int


def fit(
    activations: Tensor,
    kind: str,
    width: int,
    steps: int,
    generator: torch.Generator,
    sparsity: float,
    *,
    auxk: float = AUXK,
    learning_rate: float = LEARNING_RATE,
    batch: int = BATCH,
) -> Fitted:
    """Autoencoders with `width` latents of activations float [M, n, d], trained by Adam for so many steps.

    sparsity: k of "topk", lambda of "l1"; auxk: weight of AuxK, 0 for none. The members share their start and the
    positions of their batches, so that what a member gets does not depend on who is beside it; features that are to be
    compared as independent ones need two generators. UserError for another kind, and for a k that is no whole number
    from 1 to the width.
    """
    if kind not in KINDS:
        raise UserError(f"there is no sparse autoencoder '{kind}': choose one of {', '.join(KINDS)}")
    if kind == "topk" and (sparsity != int(sparsity) or not 1 <= sparsity <= width):
        raise UserError(f"an autoencoder of {width} latents cannot keep k = {sparsity:g}: choose k from 1 to {width}")
    k = int(sparsity) if kind == "topk" else 0
    members, examples, dimensions = activations.shape
    spread = (activations - activations.mean(1, keepdim=True)).square().sum(2).mean(1).sqrt()
    scale = torch.where(spread > 0, spread, 1.0)
    inputs = activations.detach() / scale[:, None, None]
    start = _unit(torch.rand(width, dimensions, generator=generator).to(inputs) * 2 - 1)
    rows, zeros = start.repeat(members, 1, 1), start.new_zeros(members, width)
    weights = Weights(rows, zeros, rows.clone(), geometric_median(inputs))
    moments = [(torch.zeros_like(own), torch.zeros_like(own)) for own in weights]
    least, silent = LEAST_NORM * inputs.square().sum(2).mean(1, keepdim=True), zeros.clone()
    for step in range(1, steps + 1):
        places = torch.randint(examples, (batch,), generator=generator).to(inputs.device)
        dealt = inputs[:, places]
        with torch.enable_grad():
            weights = Weights(*(own.requires_grad_() for own in weights))
            if k:
                loss, silent = _topk_loss(weights, dealt, k, silent, auxk)
            else:
                loss = _l1_loss(weights, dealt, sparsity, least)
            gradients = Weights(*torch.autograd.grad(loss.sum(), weights))
        weights = Weights(*(own.detach() for own in weights))
        # What is along a row of the decoder would change its length alone.
        along = (gradients.decoder * weights.decoder).sum(2, keepdim=True)
        gradients = gradients._replace(decoder=gradients.decoder - along * weights.decoder)
        moved = zip(weights, moments, gradients, strict=True)
        weights = Weights(*(own - learning_rate * _adam(*both, gradient, step) for own, both, gradient in moved))
        weights = weights._replace(decoder=_unit(weights.decoder))
    return Fitted(*weights._replace(pre_bias=weights.pre_bias * scale[:, None]), scale, k)


@torch.no_grad()
def encode(fitted: Fitted, activations: Tensor) -> Tensor:
    """The latents of activations [M, n, d]: [M, n, w], none below 0."""
    scale = fitted.scale[:, None]
    inputs, pre_bias = activations / scale[..., None], fitted.pre_bias / scale
    return _active(_before(inputs, fitted.encoder, fitted.latent_bias, pre_bias), fitted.k)


@torch.no_grad()
def decode(fitted: Fitted, features: Tensor) -> Tensor:
    """The activations [M, n, d] that latents [M, n, w] stand for."""
    return features @ fitted.decoder * fitted.scale[:, None, None] + fitted.pre_bias[:, None]


def fvu(fitted: Fitted, activations: Tensor) -> Tensor:
    """The fraction of the variance that is unexplained [M]: sum |x - x'|^2 / sum |x - mean|^2 over activations
    [M, n, d]; NaN where they do not vary."""
    missed = (activations - decode(fitted, encode(fitted, activations))).square().sum((1, 2))
    return missed / (activations - activations.mean(1, keepdim=True)).square().sum((1, 2))


def dead(features: Tensor) -> Tensor:
    """The share of the latents that no example of features [M, n, w] activates: [M]."""
    return (features == 0).all(1).to(features).mean(1)


def active(features: Tensor) -> Tensor:
    """How many latents an example of features [M, n, w] activates on average, L0: [M]."""
    return (features != 0).sum(2).to(features).mean(1)


def effective(features: Tensor) -> Tensor:
    """The effective number of features [M]: exp of the entropy of the latents' shares of the mean absolute activation,
    from features [M, n, w] (Bereska et al. 2025); 0 where no latent is active."""
    size = features.abs().mean(1)
    share = size / size.sum(1, keepdim=True).clamp_min(torch.finfo(size.dtype).tiny)
    return torch.where(size.sum(1) > 0, torch.special.entr(share).sum(1).exp(), 0.0)


def geometric_median(points: Tensor, rounds: int = MEDIAN_ROUNDS) -> Tensor:
    """The point [M, d] with the least mean distance from points [M, n, d], by Weiszfeld's iteration from the mean."""
    found = points.mean(1)
    for _ in range(rounds):
        near = (points - found[:, None]).norm(dim=2).clamp_min(math.sqrt(torch.finfo(points.dtype).eps)).reciprocal()
        found = (near[..., None] * points).sum(1) / near.sum(1, keepdim=True)
    return found


def _adam(mean: Tensor, square: Tensor, gradient: Tensor, step: int) -> Tensor:
    """The direction of Adam's step number `step`, from 1; the moments are changed in place."""
    mean.lerp_(gradient, 1 - BETAS[0])
    square.lerp_(gradient.square(), 1 - BETAS[1])
    return mean / (1 - BETAS[0] ** step) / ((square / (1 - BETAS[1] ** step)).sqrt() + EPSILON)


def _unit(rows: Tensor) -> Tensor:
    return rows / rows.norm(dim=-1, keepdim=True)


def _topk_loss(weights: Weights, inputs: Tensor, k: int, silent: Tensor, auxk: float) -> tuple[Tensor, Tensor]:
    """The loss [M] on inputs [M, b, d] of variance 1, and for how many steps each latent has been silent [M, w]."""
    before = _before(inputs, weights.encoder, weights.latent_bias, weights.pre_bias)
    features, centre = _active(before, k), weights.pre_bias[:, None]
    output = features @ weights.decoder + centre
    loss = (inputs - output).square().sum(2).mean(1)
    silent = torch.where((features > ACTIVE).any(1), 0, silent) + 1
    if auxk:
        of_dead = _active(before * (silent > DEAD_AFTER)[:, None], min(before.shape[2], max(1, inputs.shape[2] // 2)))
        loss = loss + auxk * _normalised(of_dead @ weights.decoder + centre, (inputs - output + centre).detach())
    return loss, silent


def _l1_loss(weights: Weights, inputs: Tensor, strength: float, least: Tensor) -> Tensor:
    """The loss [M] on inputs [M, b, d], whose squared norms count as `least` [M, 1] where they are below it."""
    features = _active(_before(inputs, weights.encoder, weights.latent_bias, weights.pre_bias), 0)
    output = features @ weights.decoder + weights.pre_bias[:, None]
    norms = torch.maximum(inputs.square().sum(2), least)
    return ((inputs - output).square().sum(2) / norms + strength * features.sum(2) / norms.sqrt()).mean(1)


def _before(inputs: Tensor, encoder: Tensor, latent_bias: Tensor, pre_bias: Tensor) -> Tensor:
    return (inputs - pre_bias[:, None]) @ encoder.mT + latent_bias[:, None]


def _active(before: Tensor, k: int) -> Tensor:
    """ReLU of the k largest of each row, 0 elsewhere; of all where k is 0."""
    if not k:
        return before.relu()
    values, places = before.topk(k, sorted=False)
    return torch.zeros_like(before).scatter(2, places, values.relu())


def _normalised(output: Tensor, target: Tensor) -> Tensor:
    """The squared error over that of the batch's mean [M]; 0 where the target is constant."""
    varied = (target - target.mean(1, keepdim=True)).square().sum((1, 2))
    missed = (target - output).square().sum((1, 2))
    return torch.where(varied > 0, missed / torch.where(varied > 0, varied, 1.0), 0.0)
