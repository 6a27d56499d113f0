"""How far a network relies on each factor of an example: by exchanging that factor alone, exactly."""

from typing import NamedTuple

import torch
from torch import Tensor

from robustpath.core.randomness import generator
from robustpath.core.types import Params
from robustpath.data.group_generator import Examples, Recipe, generated, swapped
from robustpath.engine.plan import Network

EACH = 1000  # test examples of a group


class Swaps(NamedTuple):
    """Test examples [M, n, length], and the same with another core and with another attribute; their labels and
    attributes int64 [M, n]."""

    plain: Tensor
    core: Tensor
    attribute: Tensor
    labels: Tensor
    attributes: Tensor


def balanced(recipe: Recipe, seed: int, each: int = EACH) -> Examples:
    """`each` examples of every group in turn, without label noise and with no feature left out; the random numbers are
    those of the seed, for every recipe."""
    turn = torch.arange(4 * EACH) % 4
    whole = recipe._replace(label_noise=0.0, absent=())
    found = generated(len(turn), whole, generator("designed", "test", seed), turn // 2, turn % 2)
    first = slice(0, 4 * each)
    return Examples(
        *(part[first] for part in found[:3]), type(found.factors)(*(p[first] for p in found.factors)), whole
    )


def swaps(recipe: Recipe, seed: int, each: int = EACH) -> Swaps:
    """The test examples of a recipe and their swaps, without a first axis of runs."""
    plain = balanced(recipe, seed, each)
    stream = generator("designed", "swaps", seed)
    core, attribute = (swapped(plain, factor, stream).inputs for factor in ("core", 0))
    return Swaps(plain.inputs, core, attribute, plain.labels, plain.attributes[:, 0])


@torch.no_grad()
def reliance(network: Network, params: Params, given: Swaps) -> tuple[Tensor, Tensor, Tensor]:
    """P[the prediction changes with the core], P[it changes with the attribute], float64 [M] each, and the logits of
    the plain examples [M, n, classes], of runs with parameters [M, …]."""
    logits = torch.vmap(network)(params, given.plain)
    before = logits.argmax(2)
    core, attribute = ((torch.vmap(network)(params, each).argmax(2) != before).double().mean(1) for each in given[1:3])
    return core, attribute, logits
