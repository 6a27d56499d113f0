"""BADGE: examples whose gradients of the last layer are large and differ, by the seeding of k-means++."""

import torch
from torch import Tensor
from torch.nn.functional import one_hot

from robustpath.methods.acquiring import Acquisition, View
from robustpath.methods.base import register
from robustpath.methods.spread import seeds

PROTOCOLS = ("acquisition",)
ROUNDING = 1e-13  # share of the squared lengths below which a squared distance is none


@register(search={}, cite="ash2020badge")
def badge() -> Acquisition:
    """k-means++ on gradients (p - e_y) z' of the last layer, y the predicted class, z its input (Ash et al. 2020).

    The longest gradient comes first, then D² sampling, as in JordanAsh/badge, query_strategies/badge_sampling.py at
    commit 173a184. Its gradients [n, classes d] are never made: <g, g'> = <p - e_y, p' - e_y'> <z, z'>.
    """

    def acquire(view: View, count: int, generator: torch.Generator) -> Tensor:
        errors = prediction_errors(view.logits[view.unlabelled])
        features = view.representations["penultimate"][view.unlabelled].double()
        lengths = errors.square().sum(1) * features.square().sum(1)

        def squared(position: int) -> Tensor:
            return squared_distances(errors, features, lengths, position)

        return view.unlabelled[seeds(squared, int(lengths.argmax()), count, generator)]

    return acquire


def prediction_errors(logits: Tensor) -> Tensor:
    """p - e_y in double precision, y the most probable class: logits [n, classes] -> [n, classes]; exactly 0 only where
    all other probabilities are."""
    p = logits.double().softmax(1)
    predicted = one_hot(logits.argmax(1), logits.shape[1]).bool()
    others = p.masked_fill(predicted, 0.0)
    return torch.where(predicted, -others.sum(1, keepdim=True), others)


def squared_distances(errors: Tensor, features: Tensor, lengths: Tensor, position: int) -> Tensor:
    """|g - g_position|² [n] of the gradients g = error feature', from errors [n, classes], features [n, d] and |g|²."""
    products = (errors @ errors[position]) * (features @ features[position])
    both = lengths + lengths[position]
    found = both - 2 * products
    return torch.where(found > ROUNDING * both, found, 0.0)
