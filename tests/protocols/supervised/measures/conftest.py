"""Small networks in double precision, and parabolas of known curvature, as stacks of members."""

from collections.abc import Sequence
from itertools import pairwise

import pytest
import torch
from torch import Tensor
from torch.func import grad, jacrev

from robustpath.models.functional import initialise
from robustpath.models.mlp import mlp
from robustpath.protocols.supervised.measures.stacked import Losses, flatten, mean_cross_entropy, slopes, unflatten

Params = dict[str, Tensor]


def normal(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def parabola(curvatures: Tensor, centre: Tensor | float = 0.0) -> Losses:
    """½ sum h_i (w_i - a_i)², the same for all members."""
    return lambda points: 0.5 * (curvatures * (points - centre) ** 2).sum(1)


def networks(*widths: int, members: int) -> Params:
    """Random ReLU networks of these widths in double precision."""
    model = mlp(widths[0], widths[1:-1], widths[-1])
    trees = [initialise(model, torch.Generator().manual_seed(member)) for member in range(members)]
    return {name: torch.stack([tree[name] for tree in trees]).double() for name in trees[0]}


def linear(*weights: Sequence[Sequence[float]]) -> Params:
    """One network of these weights and no biases."""
    params = {}
    for number, weight in enumerate(weights):
        params[f"{2 * number + 1}.weight"] = torch.tensor([weight], dtype=torch.float64)
        params[f"{2 * number + 1}.bias"] = torch.zeros(1, len(weight), dtype=torch.float64)
    return params


def permuted(params: Params, seed: int) -> Params:
    """The same functions, with the hidden units of every layer in a random order."""
    generator = torch.Generator().manual_seed(seed)
    names, found = sorted({name.split(".")[0] for name in params}, key=int), dict(params)
    for layer, following in pairwise(names):
        order = torch.randperm(params[f"{layer}.weight"].shape[1], generator=generator)
        for name in (f"{layer}.weight", f"{layer}.bias"):
            found[name] = found[name][:, order]
        found[f"{following}.weight"] = found[f"{following}.weight"][:, :, order]
    return found


class Trained:
    """Four networks 6-8-7-3 descended on 40 random examples with labels of their own."""

    def __init__(self):
        self.inputs = normal(40, 6, seed=1)
        self.labels = torch.randint(3, (4, 40), generator=torch.Generator().manual_seed(2))
        self.labels[:2] = self.inputs[:, :3].argmax(1)
        start = networks(6, 8, 7, 3, members=4)
        self.losses = mean_cross_entropy(start, self.inputs, self.labels)
        points, velocity = flatten(start), 0.0
        for _ in range(150):
            velocity = 0.9 * velocity + slopes(self.losses, points)[1] + 1e-3 * points
            points = points - 0.1 * velocity
        self.points, self.params = points, unflatten(points, start)

    def loss_of(self, member: int) -> Losses:
        params = {name: tensor[member : member + 1] for name, tensor in self.params.items()}
        return mean_cross_entropy(params, self.inputs, self.labels[member : member + 1])

    def hessian(self, member: int) -> Tensor:
        return jacrev(grad(lambda point: self.loss_of(member)(point[None])[0]))(self.points[member])


@pytest.fixture(scope="session")
def trained() -> Trained:
    return Trained()
