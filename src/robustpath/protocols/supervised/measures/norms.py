"""Norms, distances and margins of stacked networks, and the complexity measures made of them."""

import torch
from torch import Tensor

from robustpath.protocols.supervised.measures.stacked import Params, flatten, layers

MARGIN_SHARE = 10  # the margin that one of ten examples is at or below


def weights(params: Params) -> Params:
    """The weight matrices without the biases: what Jiang et al.'s norms are sums over."""
    return {name: tensor for name, tensor in params.items() if name.endswith("weight")}


def frobenius_norm(params: Params) -> Tensor:
    """sqrt(sum |W|²) over the weight matrices [M] (Jiang et al. 2019, eq. 42, without the square)."""
    return flatten(weights(params)).double().norm(dim=1)


def distance(params: Params, start: Params) -> Tensor:
    """sqrt(sum |W - W_0|²) over the weight matrices [M] (Jiang et al. 2019, eq. 40, without the square)."""
    return (flatten(weights(params)) - flatten(weights(start))).double().norm(dim=1)


def path_norm(params: Params) -> Tensor:
    """Root of the sum, over all paths from an input or a bias to an output, of the product of its squared weights [M].

    (Neyshabur et al. 2015; Jiang et al. 2019, eq. 44, without the square): the outputs' sum of the network of squared
    weights on ones.
    """
    reached = None
    for layer in layers(params):
        squared = params[f"{layer}.weight"].double() ** 2
        reached = torch.ones_like(squared[:, 0, :]) if reached is None else reached
        reached = torch.einsum("moi,mi->mo", squared, reached) + params[f"{layer}.bias"].double() ** 2
    return reached.sum(1).sqrt()


def spectral_norms(params: Params) -> Tensor:
    """The largest singular value of every weight matrix [M, layers], from the smaller of W W' and W'W."""
    norms = []
    for layer in layers(params):
        weight = params[f"{layer}.weight"].double()
        weight = weight if weight.shape[1] <= weight.shape[2] else weight.transpose(1, 2)
        gram = weight @ weight.transpose(1, 2)
        finite = gram.isfinite().all(2).all(1)
        top = torch.linalg.eigvalsh(torch.where(finite[:, None, None], gram, 0))[:, -1]
        norms.append(torch.where(finite, top.clamp_min(0).sqrt(), torch.nan))
    return torch.stack(norms, 1)


def spectral_product(params: Params) -> Tensor:
    """Product of the layers' spectral norms [M] (Jiang et al. 2019, eq. 32, without the square): a Lipschitz bound."""
    return spectral_norms(params).prod(1)


def margin(logits: Tensor, labels: Tensor) -> Tensor:
    """The 10th percentile over the n examples of f_y - max_{j != y} f_j [M]: logits [M, n, classes], labels [M, n].

    It is the n/10-th smallest value (rounded down, at least the first), without interpolation: 9 of 0, 1, …, 99. This
    is the convention of the code of Dziugaite et al. 2020; Jiang et al. 2019 say "10th percentile" and have no code.
    """
    own = logits.gather(2, labels[:, :, None]).squeeze(2)
    others = logits.scatter(2, labels[:, :, None], -torch.inf).amax(2)
    margins = (own - others).double()
    found = margins.sort(1).values[:, max(1, labels.shape[1] // MARGIN_SHARE) - 1]
    return torch.where(margins.isfinite().all(1), found, torch.nan)


def spectral_bound(params: Params, start: Params, margin: Tensor, examples: int) -> Tensor:
    """sqrt of prod |W_i|_2² sum |W_j - W_j0|_F² / |W_j|_2² / margin² / m [M] (Jiang et al. 2019, eq. 29).

    With a start of zeros it is eq. 30.
    """
    norms = spectral_norms(params)
    moved = torch.stack([
        (params[f"{layer}.weight"] - start[f"{layer}.weight"]).double().square().sum((1, 2))
        for layer in layers(params)
    ], 1)  # fmt: skip
    return norms.prod(1) * ((moved / norms**2).sum(1) / examples).sqrt() / margin.abs()
