"""ALFA-Mix: examples whose predicted class changes when their features are mixed with those of a class."""

import math

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy, normalize

from robustpath.methods.acquiring import Acquisition, View
from robustpath.methods.base import choice, register
from robustpath.methods.spread import closest_each, k_means

PROTOCOLS = ("acquisition",)
TINY = 1e-8  # of the official program: keeps the quotient by a difference of features finite


@register(search={"cap": choice(0.05, 0.1, 0.2, 0.4, default=0.2)}, cite="parvaneh2022alfamix")
def alfa_mix(cap: Tensor) -> Acquisition:
    """Candidates change class within a growing cap; k-means of them gives the batch (Parvaneh et al. 2022).

    The mixing is the closed form of the official program (AminParvaneh/alpha_mix_active_learning at 7e48eb1,
    query_strategies/alpha_mix_sampling.py): alpha = (cap / sqrt d) |z* - z| / |g| g / (z* - z) for each feature, g the
    gradient of the cross-entropy of the predicted class, z* the mean of the labelled features of a class, or of all
    where the class has none. The cap grows in steps of itself until more candidates are found than are bought, at most
    to 1. The nearest candidate of each centre is taken, features scaled to length one; a random choice fills up.
    """

    def acquire(view: View, count: int, generator: torch.Generator) -> Tensor:
        features = view.representations["penultimate"]
        changes = inconsistent(view, features, count, float(cap))
        found = view.unlabelled[changes]
        if len(found):
            points = normalize(features[found].double())
            chosen = found[closest_each(points, k_means(points, min(count, len(found)), generator))]
        else:
            chosen = found
        others = view.unlabelled[~torch.isin(view.unlabelled, chosen)]
        rest = torch.randperm(len(others), generator=generator)[: count - len(chosen)]
        return torch.cat([chosen, others[rest]])

    return acquire


def inconsistent(view: View, features: Tensor, count: int, cap: float) -> Tensor:
    """Bool [u]: the unlabelled examples whose class changes, at the first cap with more than `count` of them."""
    own = features[view.unlabelled]
    predicted, gradients = _gradients(view, own)
    changes = torch.zeros(len(own), dtype=torch.bool)
    reached = 0.0
    while reached < 1.0 and int(changes.sum()) <= count:
        reached += cap
        for label in range(view.classes):
            members = view.labelled[view.labels == label]
            anchor = features[members if len(members) else view.labelled].mean(0)
            mixed = mix(own, anchor, gradients, reached / math.sqrt(own.shape[1]))
            changes |= view.head(mixed).argmax(1) != predicted
    return changes


def mix(own: Tensor, anchor: Tensor, gradients: Tensor, size: float) -> Tensor:
    """Features [u, d] mixed with an anchor [d] so that the loss rises fastest, at most `size` for each feature. An
    example without a gradient stays where it is."""
    away = anchor - own
    lengths = gradients.norm(dim=1, keepdim=True)
    alpha = size * away.norm(dim=1, keepdim=True) / lengths * gradients / (away + TINY)
    return torch.where(lengths > 0, (1 - alpha) * own + alpha * anchor, own)


def _gradients(view: View, own: Tensor) -> tuple[Tensor, Tensor]:
    """The predicted classes [u], and the gradients [u, d] of their cross-entropies by the features."""
    with torch.enable_grad():
        features = own.detach().requires_grad_()
        logits = view.head(features)
        predicted = logits.detach().argmax(1)
        return predicted, torch.autograd.grad(cross_entropy(logits, predicted, reduction="sum"), features)[0]
