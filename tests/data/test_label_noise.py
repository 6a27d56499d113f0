"""Label noise: its share, its nesting, and what it depends on."""

import pytest
import torch

from robustpath.data.label_noise import noisy

LABELS = torch.arange(20_000) % 10


def test_without_noise_the_labels_are_untouched():
    assert torch.equal(noisy(LABELS, 10, "optdigits", 3, 0.0), LABELS)


@pytest.mark.parametrize("level", [0.2, 0.4, 1.0])
def test_nine_tenths_of_the_drawn_labels_are_wrong(level):
    wrong = (noisy(LABELS, 10, "optdigits", 3, level) != LABELS).double().mean().item()
    assert wrong == pytest.approx(0.9 * level, abs=0.01)


def test_random_labels_are_uniform_for_every_true_class():
    drawn = noisy(LABELS, 10, "optdigits", 3, 1.0)
    table = torch.bincount(10 * LABELS + drawn, minlength=100).double() / 2000
    assert (table - 0.1).abs().max() < 0.03


def test_a_higher_level_replaces_what_a_lower_one_does():
    low, high = (noisy(LABELS, 10, "optdigits", 3, level) for level in (0.2, 0.4))
    changed = low != LABELS
    assert torch.equal(high[changed], low[changed])
    assert (high != LABELS).sum() > 1.8 * changed.sum()


def test_the_noise_is_of_the_data_set_and_the_seed():
    first = noisy(LABELS, 10, "optdigits", 3, 0.2)
    assert torch.equal(first, noisy(LABELS, 10, "optdigits", 3, 0.2))
    assert not torch.equal(first, noisy(LABELS, 10, "optdigits", 4, 0.2))
    assert not torch.equal(first, noisy(LABELS, 10, "mnist5k", 3, 0.2))
