"""Slow models: what a moving average weighs, and the distance of predictions at a temperature."""

import math

import pytest
import torch

from robustpath.methods.teacher import distillation, follow

from .conftest import double


def path(rate, length=7):
    """The points of a walk, and the average that followed it."""
    points = torch.randn(length, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    teacher = {"w": points[0]}
    for number, point in enumerate(points[1:], 1):
        teacher = follow(teacher, {"w": point}, double(rate), double(number))
    return points, teacher["w"]


def test_it_begins_as_the_plain_mean():
    """NeurAI-Lab/CLS-ER@4620d09, models/clser.py: alpha = min(1 - 1 / (step + 1), …); the mean of n + 1 numbers is that
    of n of them moved by 1 / (n + 1) towards the last."""
    points, found = path(0.001)
    assert found.item() == pytest.approx(points.mean().item(), abs=1e-12)


def test_then_it_forgets_at_its_rate():
    """At the rate 1/2, which holds from the first step on: weights 1/2, 1/4, … of the last, the one before, …."""
    points, found = path(0.5)
    weights = [2.0 ** -(len(points) - 1)] + [2.0 ** (number - len(points)) for number in range(1, len(points))]
    assert found.item() == pytest.approx((double(weights) * points).sum().item(), abs=1e-12)


def test_distillation_by_hand():
    """Nicolas1203/mkd_ocl@de0505c, src/utils/losses.py, WKDLoss: sums over classes, times T², the mean over examples.

    At T = 4 the teacher's (4 ln 3, 0) are the probabilities 3/4 and 1/4, the model's zeros are 1/2 and 1/2; the second
    example has no distance.
    """
    theirs, ours = double([[4 * math.log(3), 0.0], [1.0, 1.0]]), double([[0.0, 0.0], [-2.0, -2.0]])
    expected = 16 * (0.75 * math.log(1.5) + 0.25 * math.log(0.5)) / 2
    assert distillation(ours, theirs, 4.0).item() == pytest.approx(expected, abs=1e-12)
    assert distillation(theirs, ours, 4.0).item() != pytest.approx(expected, abs=1e-3), "the teacher comes first"


def test_at_a_high_temperature_it_is_a_distance_of_logits():
    """Hinton et al. 2015, sec. 2.1: T² KL tends to |z - z'|² / (2 C) for logits with the mean 0."""
    generator = torch.Generator().manual_seed(1)
    z, other = (torch.randn(5, 4, generator=generator, dtype=torch.float64) for _ in range(2))
    z, other = (each - each.mean(1, keepdim=True) for each in (z, other))
    assert distillation(z, other, 1e4).item() == pytest.approx((z - other).square().sum(1).mean().item() / 8, rel=1e-3)
