"""MNIST-1D (Greydanus and Kobak 2024, arXiv:2011.14439): ten hand-made signals under seeded nuisances.

The recipe, example by example: append 36..60 zeros to a template of 12 points, stretch to 72, scale, roll, fill the
empty places with smooth noise, add white noise, shear, reduce to 40 points, standardise. Here every step is one
operation on all examples, and each nuisance has a random stream of its own: with another strength of one nuisance,
example i stays the same digit with the same remaining nuisances.
"""

from functools import lru_cache
from typing import NamedTuple

import torch
from torch import Tensor

from robustpath.core.randomness import generator

EXAMPLES = {"pool": 10_000, "test": 5_000}
RECIPE = {"corr_noise": 0.25, "iid_noise": 0.02, "shear": 0.75, "max_translation": 48, "scale": 0.4}
# Beyond the recipe's value, in steps that end where the digit is still there to be seen: 72 is a roll to anywhere,
# a scale of 1.6 leaves between a fifth and nine fifths of the height.
SEVERITIES = {
    "corr_noise": (0.35, 0.5, 0.65, 0.8, 1.0),
    "iid_noise": (0.05, 0.1, 0.2, 0.3, 0.4),
    "shear": (1.0, 1.5, 2.0, 2.5, 3.0),
    "max_translation": (53, 58, 63, 68, 72),
    "scale": (0.6, 0.8, 1.0, 1.3, 1.6),
}
PADDING = (36, 60)
LENGTH = 40
SMOOTHING = 2.0  # standard deviation of the smooth noise's kernel, in points

# Heights of the ten digits drawn as curves, 12 points each: the constants of the reference implementation.
_HEIGHTS = (
    (5, 6, 6.5, 6.75, 7, 7, 7, 7, 6.75, 6.5, 6, 5),
    (5, 3, 3, 3.4, 3.8, 4.2, 4.6, 5, 5.4, 5.8, 5, 5),
    (5, 6, 6.5, 6.5, 6, 5.25, 4.75, 4, 3.5, 3.5, 4, 5),
    (5, 6, 6.5, 6.5, 6, 5, 5, 6, 6.5, 6.5, 6, 5),
    (5, 4.4, 3.8, 3.2, 2.6, 2.6, 5, 5, 5, 5, 5, 5),
    (5, 3, 3, 3, 3, 5, 6, 6.5, 6.5, 6, 4.5, 5),
    (5, 4, 3.5, 3.25, 3, 3, 3, 3, 3.25, 3.5, 4, 5),
    (5, 7, 7, 6.6, 6.2, 5.8, 5.4, 5, 4.6, 4.2, 5, 5),
    (5, 4, 3.5, 3.5, 4, 5, 5, 4, 3.5, 3.5, 4, 5),
    (5, 4, 3.5, 3.5, 4, 5, 5, 5, 5, 4.7, 4.3, 5),
)
_STRETCHED = len(_HEIGHTS[0]) + PADDING[1]


class Draws(NamedTuple):
    """The random numbers of N examples: uniform [N] in [0, 1) but for the normal noises [N, 72]."""

    padding: Tensor
    scale: Tensor
    translation: Tensor
    shear: Tensor
    corr_noise: Tensor
    iid_noise: Tensor


def templates() -> Tensor:
    """The ten digits, float64 [10, 12]: each whitened, moved to start at zero, divided by 6."""
    heights = torch.tensor(_HEIGHTS, dtype=torch.float64)
    white = (heights - heights.mean(1, keepdim=True)) / heights.std(1, correction=0, keepdim=True)
    return (white - white[:, :1]) / 6


def interpolation(source: int, target: int) -> Tensor:
    """The matrix [target, source] that resamples a signal linearly, end points on end points."""
    position = torch.arange(target, dtype=torch.float64) * (source - 1) / (target - 1)
    distance = (position[:, None] - torch.arange(source, dtype=torch.float64)).abs()
    return (1 - distance).clamp_min(0)


def smoothing(size: int, width: float) -> Tensor:
    """The matrix [size, size] of a Gaussian filter of `width` points, cut at 4 widths, mirrored at the ends."""
    radius = int(4 * width + 0.5)
    offsets = torch.arange(-radius, radius + 1)
    kernel = torch.exp(-0.5 * (offsets.double() / width) ** 2)
    reached = (torch.arange(size)[:, None] + offsets) % (2 * size)
    reached = torch.where(reached < size, reached, 2 * size - 1 - reached)
    matrix = torch.zeros(size, size, dtype=torch.float64)
    return matrix.scatter_add_(1, reached, (kernel / kernel.sum()).expand(size, -1))


@lru_cache(maxsize=1)
def _stretched() -> Tensor:
    """Every digit with every padding, stretched: float64 [paddings, 10, 72]. The empty places are exactly zero."""
    # The recipe's 1e-8 keeps the template's own zeros from being taken for empty places.
    padded = torch.nn.functional.pad(templates() + 1e-8, (0, PADDING[1]))
    return torch.stack(
        [
            padded[:, : 12 + length] @ interpolation(12 + length, _STRETCHED).T
            for length in range(PADDING[0], PADDING[1] + 1)
        ]
    )


def draw(count: int, part: str) -> Draws:
    """The random numbers of `count` examples of `part`, each kind from a stream of its own."""
    uniform = {
        name: torch.rand(count, dtype=torch.float64, generator=generator("mnist1d", part, name))
        for name in ("padding", "scale", "translation", "shear")
    }
    normal = {
        name: torch.randn(count, _STRETCHED, dtype=torch.float64, generator=generator("mnist1d", part, name))
        for name in ("corr_noise", "iid_noise")
    }
    return Draws(**uniform, **normal)


def signals(
    classes: Tensor,
    draws: Draws,
    corr_noise: float = RECIPE["corr_noise"],
    iid_noise: float = RECIPE["iid_noise"],
    shear: float = RECIPE["shear"],
    max_translation: int = RECIPE["max_translation"],
    scale: float = RECIPE["scale"],
) -> Tensor:
    """Signals of the given classes (int64 [N]), not yet standardised: float64 [N, 40].

    `corr_noise` and `iid_noise` are standard deviations before smoothing, `shear` the range of the slope, `scale` the
    range of the relative height, `max_translation` the number of different rolls (1..72 points).
    """
    length = (draws.padding * (PADDING[1] - PADDING[0] + 1)).long()
    clean = _stretched()[length, classes] * (1 + scale * (draws.scale - 0.5))[:, None]
    roll = (draws.translation * max_translation).long()
    clean = clean.gather(1, (torch.arange(_STRETCHED) - roll[:, None]) % _STRETCHED)
    background = corr_noise * draws.corr_noise @ smoothing(_STRETCHED, SMOOTHING).T
    noisy = torch.where(clean != 0, clean, background) + iid_noise * draws.iid_noise
    slope = shear * (draws.shear - 0.5)
    sheared = noisy - slope[:, None] * torch.linspace(-0.5, 0.5, _STRETCHED, dtype=torch.float64)
    return sheared @ interpolation(_STRETCHED, LENGTH).T


def labels(count: int) -> Tensor:
    """Classes of the first `count` examples of either part: 0..9 in turn, int64 [count]."""
    return torch.arange(count) % len(_HEIGHTS)


@lru_cache(maxsize=2)
def _drawn(part: str) -> tuple[Tensor, Draws]:
    return labels(EXAMPLES[part]), draw(EXAMPLES[part], part)


@lru_cache(maxsize=1)
def _moments() -> tuple[Tensor, Tensor]:
    reference = signals(*_drawn("pool"))
    return reference.mean(), reference.std(correction=0)


def part(name: str, **knobs: float) -> Tensor:
    """Part "pool" or "test" of the data set under the recipe with some `knobs` changed: float32 [N, 40].

    Standardised by mean and standard deviation of the unchanged pool, as a fixed preprocessing would: the shifted
    signals must not be normalised by what shifted them.
    """
    mean, deviation = _moments()
    return ((signals(*_drawn(name), **knobs) - mean) / deviation).float()


@lru_cache(maxsize=32)
def shifted_test(knob: str, severity: int) -> Tensor:
    """The test part with one knob at severity 1..5 of SEVERITIES: float32 [N, 40]."""
    return part("test", **{knob: SEVERITIES[knob][severity - 1]})
