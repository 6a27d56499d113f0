"""The three sharpnesses that are largest rises, against slow references that begin at many places.

The references climb in small steps: on a ball by projected gradients, on a box by L-BFGS-B, each from many random
starts. Networks: kinked ones, small and hardly trained, and those of the study's kind, trained on digits with wrong
labels among the right ones.
"""

from functools import cache
from typing import NamedTuple

import pytest
import torch
from sklearn.datasets import load_digits
from torch import Tensor

from robustpath.methods.geometry import units
from robustpath.models.functional import initialise
from robustpath.models.mlp import mlp
from robustpath.protocols.supervised.measure import ASAM_RADIUS, ASAM_STEPS, SAM_RADIUS, steepest
from robustpath.protocols.supervised.measures import curvature, keskar
from robustpath.protocols.supervised.measures.ascent import TOLERANCE, Ascent
from robustpath.protocols.supervised.measures.stacked import (
    Losses,
    Params,
    flatten,
    mean_cross_entropy,
    slopes,
    unflatten,
)

from .conftest import networks, normal

# Half the width of Keskar's box relative to |w| + 1: wide enough for kinks in small networks.
BOX = {"kinked": 0.05, "digits": keskar.EPSILON}
# Starts and steps of the slow reference on balls, and starts and iterations of L-BFGS-B on the first few networks.
EFFORT = {"kinked": (40, 150), "digits": (8, 60)}
BOX_EFFORT = {"kinked": (6, 20), "digits": (4, 20)}
BOXES = {"kinked": 12, "digits": 6}
# The largest share of the networks whose flag says that starts agree where the reference is more than TOLERANCE higher.
WRONG = {"kinked": 0.2, "digits": 0.0}


class Nets(NamedTuple):
    """A stack of trained networks on common inputs, and their losses."""

    params: Params
    inputs: Tensor
    labels: Tensor

    def losses(self, copies: int = 1) -> Losses:
        """The losses of the stack put `copies` times one above the other."""
        return mean_cross_entropy(self.params, self.inputs, self.labels.repeat(copies, 1))


def descended(params: Params, inputs: Tensor, labels: Tensor, steps: int, rate: float) -> Nets:
    losses, points, velocity = mean_cross_entropy(params, inputs, labels), flatten(params), 0.0
    for _ in range(steps):
        velocity = 0.9 * velocity + slopes(losses, points)[1] + 5e-4 * points
        points = points - rate * velocity
    return Nets(unflatten(points, params), inputs, labels)


@cache
def nets(kind: str) -> Nets:
    stream = torch.Generator().manual_seed(7)
    if kind == "kinked":
        labels = torch.randint(3, (24, 20), generator=stream)
        return descended(networks(6, 5, 4, 3, members=24), normal(20, 6, seed=8), labels, 40, 0.1)
    digits, targets = (torch.from_numpy(array) for array in load_digits(return_X_y=True))
    model, chosen = mlp(64, [64, 64], 10), torch.randperm(len(targets), generator=stream)[:300]
    trees = [initialise(model, torch.Generator().manual_seed(seed)) for seed in range(8)]
    wrong = torch.rand(8, 300, generator=stream) < 0.2
    wrong[:4] = False
    labels = torch.where(wrong, torch.randint(10, (8, 300), generator=stream), targets[chosen].long())
    params = {name: torch.stack([tree[name] for tree in trees]) for name in trees[0]}
    return descended(params, digits[chosen].float() / 16, labels, 120, 0.1)


def fast(measure: str, kind: str) -> Ascent:
    own = nets(kind)
    losses, points = own.losses(), flatten(own.params)
    top = curvature.lambda_max(losses, points, normal(*points.shape, seed=3).to(points))
    starts = steepest(losses, points, top)
    if measure == "sam":
        return curvature.sharpness(losses, points, torch.tensor(SAM_RADIUS), starts)
    if measure == "keskar":
        return keskar.sharpness(losses, points, starts, BOX[kind])
    lengths = flatten(units(own.params))
    starts = [lengths * start for start in starts]
    return curvature.sharpness(losses, points, ASAM_RADIUS * lengths, starts, ASAM_STEPS)


@cache
def slow(measure: str, kind: str) -> Tensor:
    """The highest rise that is met from many random starts [M]."""
    own = nets(kind)
    points, (starts, steps) = flatten(own.params), EFFORT[kind]
    if measure == "keskar":
        return torch.tensor([_by_lbfgsb(kind, member) for member in range(BOXES[kind])])
    scaling = torch.full_like(points, SAM_RADIUS)
    if measure == "asam":
        scaling = ASAM_RADIUS * flatten(units(own.params))
    scaling = scaling.repeat(starts, 1)
    losses, centre = own.losses(starts), points.repeat(starts, 1)
    here, place = losses(centre), normal(*centre.shape, seed=9).to(points)
    place, highest = place / place.norm(dim=1, keepdim=True), torch.full_like(here, -torch.inf)
    for step in range(steps):
        values, gradients = slopes(losses, centre + scaling * place)
        highest = torch.maximum(highest, values - here)
        uphill = scaling * gradients
        place = place + (0.5 - 0.4 * step / steps) * uphill / uphill.norm(dim=1, keepdim=True)
        place = place / place.norm(dim=1, keepdim=True).clamp_min(1)
    return highest.detach().reshape(starts, -1).amax(0)


def _by_lbfgsb(kind: str, member: int) -> float:
    own, (starts, iterations) = nets(kind), BOX_EFFORT[kind]
    params = {name: tensor[member : member + 1].double() for name, tensor in own.params.items()}
    losses = mean_cross_entropy(params, own.inputs.double(), own.labels[member : member + 1])
    point = flatten(params)[0]
    begin = 2 * torch.rand(starts, len(point), generator=torch.Generator().manual_seed(member)).double() - 1
    return max(keskar.reference(lambda w: losses(w[None])[0], point, each, BOX[kind], iterations) for each in begin)


@pytest.mark.parametrize("kind", EFFORT)
@pytest.mark.parametrize("measure", ["sam", "asam", "keskar"])
def test_the_best_of_the_starts_is_the_highest_rise_or_says_that_it_is_a_lower_bound(measure, kind):
    """The flag is wrong on 4 of 24 kinked networks for SAM (by 5, 6, 16 and 40 %), and on no other tried here."""
    found, highest = fast(measure, kind), slow(measure, kind)
    share, agreed = (each[: len(highest)] for each in (found.value, found.converged))
    share = share / highest
    assert share.median() > 0.99
    assert (agreed & (share < 1 - TOLERANCE)).float().mean() <= WRONG[kind]
    assert agreed.any() and not agreed.all()
