"""Examples with a core feature, which tells the label, and spurious ones, which go with it to some degree.

An example is the sum of the means of its features and standard normal noise in `dimension` coordinates. Each feature
has coordinates of its own: the core of class y and spurious feature k of attribute a have means of length margin /
sqrt(2) that are orthogonal to those of other values, so that two values are a margin apart. With a rotation all
coordinates are mixed. What an example is made of stays known, so that one factor can be exchanged exactly.
"""

import math
from typing import NamedTuple

import torch
from torch import Generator, Tensor

from robustpath.core.errors import UserError
from robustpath.core.randomness import generator

CORES = ("linear", "slabs", "xor")


class Recipe(NamedTuple):
    """The knobs of the generator.

    classes, attributes: numbers of values of label and of each spurious feature.
    dimension: coordinates of an example.
    core: "linear": one mean a class; "slabs": `slabs` equal steps along a line, whose class is their number modulo
        `classes` (Shah et al. 2020); "xor": two signs, whose product is the class, of two.
    core_margin: distance of the means of two classes; of two steps that follow each other; of the two signs.
    spurious_margins, correlations: of each spurious feature its margin and P(attribute = label modulo attributes).
    core_width, spurious_width: over how many coordinates each mean is spread, its length unchanged.
    absent: of the core and of each spurious feature, P(its mean is left out); empty for none.
    label_noise: P(the label is another one).
    redundancy: P(a further spurious feature agrees with the label when the first one does, as far as its correlation
        allows); else it agrees independently.
    frequencies: of the groups (class * attributes + first attribute), where they are not to follow from equal classes
        and the first correlation.
    interaction: length that is added for each pair of class and first attribute, in a coordinate of the pair, as share
        of half the first spurious margin: at 1, mean(y, a) - mean(y, a') + mean(y', a') is as far from mean(y', a) as
        an attribute moves an example.
    rotation: seed of the rotation; None for none.
    """

    classes: int = 2
    attributes: int = 2
    dimension: int = 20
    core: str = "linear"
    slabs: int = 4
    core_margin: float = 3.0
    spurious_margins: tuple[float, ...] = (6.0,)
    correlations: tuple[float, ...] = (0.5,)
    core_width: int = 1
    spurious_width: int = 1
    absent: tuple[float, ...] = ()
    label_noise: float = 0.0
    redundancy: float = 0.0
    frequencies: tuple[float, ...] | None = None
    interaction: float = 0.0
    rotation: int | None = 0


class Factors(NamedTuple):
    """What N examples are made of.

    classes int64 [N]: what the core shows; flips int64 [N]: what is added to it, modulo classes, for the label;
    codes int64 [N]: the step of "slabs", or the first sign (0 or 1) of "xor"; attributes int64 [N, K];
    present bool [N, 1 + K]: of the core and of each spurious feature; noise float64 [N, dimension].
    """

    classes: Tensor
    flips: Tensor
    codes: Tensor
    attributes: Tensor
    present: Tensor
    noise: Tensor


class Examples(NamedTuple):
    """Inputs float32 [N, dimension], labels int64 [N], attributes int64 [N, K] of K spurious features, and what they
    are made of."""

    inputs: Tensor
    labels: Tensor
    attributes: Tensor
    factors: Factors
    recipe: Recipe


def generated(
    count: int, recipe: Recipe, stream: Generator, classes: Tensor | None = None, attributes: Tensor | None = None
) -> Examples:
    """`count` examples: classes in turn (or as `frequencies` say) and attributes as the recipe's correlations say,
    where `classes` [N] and the first of the `attributes` [N] are not given. UserError for an impossible recipe.

    The same random numbers are drawn at any values of the knobs: with another value of one, an example keeps the rest.
    """
    _check(recipe)
    features = len(recipe.spurious_margins)
    one = torch.rand(4, count, generator=stream, dtype=torch.float64)
    many = torch.rand(4, count, features + 1, generator=stream, dtype=torch.float64)
    noise = torch.randn(count, recipe.dimension, generator=stream, dtype=torch.float64)
    first = None
    if recipe.frequencies and classes is None:
        bounds = torch.tensor(recipe.frequencies, dtype=torch.float64).cumsum(0)
        group = torch.searchsorted(bounds[:-1] / bounds[-1], one[0], right=True)
        classes, first = group // recipe.attributes, group % recipe.attributes
    classes = torch.arange(count) % recipe.classes if classes is None else classes
    shared = torch.where(many[0] < recipe.redundancy, many[1, :, :1], many[1])[:, :features]
    agree = shared < torch.tensor(recipe.correlations, dtype=torch.float64)
    majority = (classes % recipe.attributes)[:, None]
    found = torch.where(agree, majority, _another(majority, recipe.attributes, many[2, :, :features]))
    first = attributes if attributes is not None else first
    if first is not None:
        found[:, 0] = first
    flips = torch.where(one[1] < recipe.label_noise, 1 + (one[2] * (recipe.classes - 1)).long(), 0)
    present = many[3] >= torch.tensor(recipe.absent or (0.0,) * (features + 1), dtype=torch.float64)
    factors = Factors(classes, flips, _codes(classes, recipe, one[3]), found, present, noise)
    return rendered(factors, recipe)


def rendered(factors: Factors, recipe: Recipe) -> Examples:
    """The examples that some factors make."""
    labels = (factors.classes + factors.flips) % recipe.classes
    shown = factors.present.double()
    blocks = [_core(factors, recipe) * shown[:, :1]]
    for k, margin in enumerate(recipe.spurious_margins):
        means = _spread(
            _one_hot(factors.attributes[:, k], recipe.attributes) * margin / math.sqrt(2), recipe.spurious_width
        )
        blocks.append(means * shown[:, k + 1, None])
    if recipe.interaction:
        pair = factors.classes * recipe.attributes + factors.attributes[:, 0]
        length = recipe.interaction * recipe.spurious_margins[0] / 2
        blocks.append(_one_hot(pair, recipe.classes * recipe.attributes) * length * shown[:, :1] * shown[:, 1:2])
    means = torch.cat(blocks, 1)
    means = torch.nn.functional.pad(means, (0, recipe.dimension - means.shape[1]))
    inputs = (means @ rotation(recipe).T + factors.noise).float()
    return Examples(inputs, labels, factors.attributes, factors, recipe)


def swapped(examples: Examples, feature: int | str, stream: Generator) -> Examples:
    """The same examples with one factor drawn anew among its other values, noise and all else as they are.

    `feature`: "core", with which the label changes, or the number of a spurious feature. Where that feature is absent,
    the inputs stay the same.
    """
    recipe, factors = examples.recipe, examples.factors
    drawn = torch.rand(2, len(examples.labels), generator=stream, dtype=torch.float64)
    if feature == "core":
        classes = _another(factors.classes, recipe.classes, drawn[0])
        return rendered(factors._replace(classes=classes, codes=_codes(classes, recipe, drawn[1])), recipe)
    attributes = factors.attributes.clone()
    attributes[:, feature] = _another(attributes[:, feature], recipe.attributes, drawn[0])
    return rendered(factors._replace(attributes=attributes), recipe)


def rotation(recipe: Recipe) -> Tensor:
    """The orthogonal matrix that mixes the coordinates, float64 [dimension, dimension]; without one the identity."""
    if recipe.rotation is None:
        return torch.eye(recipe.dimension, dtype=torch.float64)
    stream = generator("group_generator", "rotation", recipe.rotation)
    drawn = torch.randn(recipe.dimension, recipe.dimension, generator=stream, dtype=torch.float64)
    matrix, triangle = torch.linalg.qr(drawn)
    return matrix * triangle.diagonal().sign()


def chance(recipe: Recipe) -> float:
    """The accuracy of a guess where classes are equal."""
    return 1 / recipe.classes


def ceiling(recipe: Recipe) -> float:
    """The accuracy of the best rule that reads the core alone, where classes are equal and labels as noisy as trained.

    Two linear classes: Phi(margin / 2). More: the probability that the coordinate with the mean is the largest. xor:
    both signs are read rightly or both wrongly. slabs: the integral of the largest density of a class. An absent core
    leaves a guess.
    """
    right = {"linear": _linear, "slabs": _slabs, "xor": _xor}[recipe.core](recipe)
    absent = recipe.absent[0] if recipe.absent else 0.0
    right = (1 - absent) * right + absent / recipe.classes
    return (1 - recipe.label_noise) * right + recipe.label_noise * (1 - right) / (recipe.classes - 1)


def _linear(recipe: Recipe) -> float:
    places, density = _line(0.0)
    others = torch.special.ndtr(places + recipe.core_margin / math.sqrt(2)) ** (recipe.classes - 1)
    return float(torch.trapezoid(density * others, places))


def _slabs(recipe: Recipe) -> float:
    centres = (torch.arange(recipe.slabs) - (recipe.slabs - 1) / 2) * recipe.core_margin
    places, _ = _line(float(centres.max()))
    of_slab = torch.exp(-0.5 * (places - centres[:, None]) ** 2) / math.sqrt(2 * math.pi)
    of_class = torch.stack([of_slab[start :: recipe.classes].mean(0) for start in range(recipe.classes)])
    return float(torch.trapezoid(of_class.amax(0), places)) / recipe.classes


def _xor(recipe: Recipe) -> float:
    one = float(torch.special.ndtr(torch.tensor(recipe.core_margin / 2, dtype=torch.float64)))
    return one**2 + (1 - one) ** 2


def _line(reach: float) -> tuple[Tensor, Tensor]:
    """Places along a line from -reach - 10 to reach + 10, and the standard normal density there."""
    places = torch.linspace(-reach - 10, reach + 10, 40_001, dtype=torch.float64)
    return places, torch.exp(-0.5 * places**2) / math.sqrt(2 * math.pi)


def _core(factors: Factors, recipe: Recipe) -> Tensor:
    """The mean of the core of each example: [N, coordinates of the core]."""
    if recipe.core == "linear":
        means = _one_hot(factors.classes, recipe.classes) * recipe.core_margin / math.sqrt(2)
    elif recipe.core == "slabs":
        means = (factors.codes[:, None] - (recipe.slabs - 1) / 2).double() * recipe.core_margin
    else:
        signs = torch.stack([factors.codes, (factors.codes + factors.classes) % 2], 1)
        means = (signs.double() - 0.5) * recipe.core_margin
    return _spread(means, recipe.core_width)


def _codes(classes: Tensor, recipe: Recipe, drawn: Tensor) -> Tensor:
    """The step or the first sign of each example, drawn from those that show its class."""
    if recipe.core == "slabs":
        there = (recipe.slabs - 1 - classes) // recipe.classes + 1
        return classes + recipe.classes * (drawn * there).long()
    return (drawn * 2).long()


def _another(values: Tensor, count: int, drawn: Tensor) -> Tensor:
    """Another one of `count` values, each as probable as the next."""
    return (values + 1 + (drawn * (count - 1)).long()) % count


def _one_hot(values: Tensor, count: int) -> Tensor:
    return torch.nn.functional.one_hot(values, count).double()


def _spread(means: Tensor, width: int) -> Tensor:
    """Each coordinate as `width` equal ones of the same length together."""
    return means.repeat_interleave(width, 1) / math.sqrt(width)


def _check(recipe: Recipe) -> None:
    """UserError for a recipe that no examples can be made by."""
    features = len(recipe.spurious_margins)
    core = {"linear": recipe.classes, "slabs": 1, "xor": 2}.get(recipe.core, 0) * recipe.core_width
    pairs = recipe.classes * recipe.attributes
    needed = core + features * recipe.attributes * recipe.spurious_width + (pairs if recipe.interaction else 0)
    shares = (*recipe.correlations, *recipe.absent, recipe.label_noise, recipe.redundancy)
    faults = {
        f"core = {recipe.core!r} is unknown: choose one of {', '.join(CORES)}": recipe.core not in CORES,
        "classes and attributes must be 2 or more": min(recipe.classes, recipe.attributes) < 2,
        f"classes = {recipe.classes} does not fit core = 'xor', which has 2": recipe.core == "xor"
        and recipe.classes != 2,
        f"slabs = {recipe.slabs} are fewer than the {recipe.classes} classes": recipe.core == "slabs"
        and recipe.slabs < recipe.classes,
        f"correlations must be {features} numbers, one of each spurious feature": len(recipe.correlations) != features,
        f"absent must be {features + 1} numbers, of the core and of each spurious feature": len(recipe.absent)
        not in (0, features + 1),
        f"frequencies must be {pairs} numbers that are not negative, one of each group": recipe.frequencies is not None
        and (len(recipe.frequencies) != pairs or min(recipe.frequencies) < 0 or not sum(recipe.frequencies)),
        "correlations, absent, label_noise and redundancy must lie between 0 and 1": min(shares) < 0 or max(shares) > 1,
        f"dimension = {recipe.dimension} is too small: the features take {needed} coordinates": needed
        > recipe.dimension,
    }
    if found := [fault for fault, there in faults.items() if there]:
        raise UserError(f"the recipe of the group generator is impossible: {found[0]}")
