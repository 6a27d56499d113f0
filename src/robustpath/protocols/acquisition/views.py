"""What a run shows an acquisition of its pool: passes of its trained model, and features of an untrained one."""

from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.func import functional_call

from robustpath.core.randomness import generator
from robustpath.core.types import Params
from robustpath.engine.plan import Network
from robustpath.methods.acquiring import View
from robustpath.models.functional import initialise

BLOCK = 4096  # examples of a pool that pass through a network together
PASSES, DROPPED = 20, 0.5  # with dropout before the last layer: their number, and the share that is dropped


class Pool(NamedTuple):
    """The pool of a run: inputs [N, …], attribute [N] or None, and features of a network that was never trained
    [N, d]."""

    inputs: Tensor
    attribute: Tensor | None
    untrained: Tensor


class Round(NamedTuple):
    """Where a run stands after a round: what it has labelled [l], with which labels [l], how it learnt them, bool and
    float [K, l], and the logits of all its examples at the same moments [K, N, classes], N = 0 where nobody asks."""

    labelled: Tensor
    labels: Tensor
    correct: Tensor
    losses: Tensor
    earlier: Tensor


@torch.no_grad()
def forward(layers: Network, params: Params, inputs: Tensor) -> tuple[Tensor, Tensor]:
    """Of inputs [N, …] in main memory: what the last layer reads [N, d], and the logits [N, classes], there too."""
    device = next(iter(params.values())).device
    found = [list(layers(params, block.to(device)).values())[-2:] for block in inputs.split(BLOCK)]
    penultimate, logits = zip(*found, strict=True)
    return torch.cat(penultimate).cpu(), torch.cat(logits).cpu()


def untrained(model: nn.Module, layers: Network, dataset: str, inputs: Tensor) -> Tensor:
    """What the last layer of a network that was never trained reads of inputs [N, …]: [N, d]. The network is the same
    for all runs on a data set."""
    return forward(layers, initialise(model, generator("acquisition", dataset, "untrained")), inputs)[0]


@torch.no_grad()
def view(
    pool: Pool, here: Round, model: nn.Module, layers: Network, params: Params, dropout: torch.Generator | None
) -> View:
    """What a run with these parameters shows, all of it in main memory; passes with dropout are taken with the
    generator, none without one.

    A model that has diverged may overflow: an acquisition gets finite numbers all the same.
    """
    penultimate, logits = (torch.nan_to_num(each) for each in forward(layers, params, pool.inputs))
    name, last = list(model.named_children())[-1]
    own = {key.removeprefix(f"{name}."): value.cpu() for key, value in params.items() if key.startswith(f"{name}.")}

    def head(features: Tensor) -> Tensor:
        return functional_call(last, own, (features,), strict=True)

    sampled = logits[None][:0]
    if dropout is not None:
        kept = (torch.rand(penultimate.shape, generator=dropout) >= DROPPED for _ in range(PASSES))
        sampled = torch.stack([head(penultimate * each / (1 - DROPPED)) for each in kept])
    unlabelled = torch.ones(len(logits), dtype=torch.bool)
    unlabelled[here.labelled] = False
    return View(
        inputs=pool.inputs,
        logits=logits,
        sampled=torch.nan_to_num(sampled),
        representations={
            "inputs": pool.inputs.flatten(1),
            "random_features": pool.untrained,
            "penultimate": penultimate,
        },
        head=head,
        labelled=here.labelled,
        labels=here.labels,
        correct=here.correct,
        losses=torch.nan_to_num(here.losses),
        unlabelled=unlabelled.nonzero().squeeze(1),
        attribute=pool.attribute,
        earlier=torch.nan_to_num(here.earlier) if here.earlier.shape[1] else None,
    )
