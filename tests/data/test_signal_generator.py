from collections import deque

import mnist1d.data as package
import numpy as np
import pytest
import torch
from mnist1d.transform import transform as package_transform

from robustpath.data import signal_generator


def test_templates_are_the_packages():
    assert np.allclose(signal_generator.templates().numpy(), package.get_templates()["x"], atol=1e-12)


def test_a_signal_equals_the_packages_when_both_use_the_same_random_numbers(monkeypatch):
    count = 60
    draws = signal_generator.draw(count, "test")
    # With 60 zeros the package's interpolation leaves 1e-24 at one empty place, which it then takes for full.
    draws = draws._replace(padding=draws.padding * 0.95)
    classes = signal_generator.labels(count)
    ours = signal_generator.signals(classes, draws).numpy()
    arguments, templates = package.get_dataset_args(), package.get_templates()
    for i in range(count):
        uniform = deque([draws.padding[i].item(), draws.scale[i].item(), draws.shear[i].item()])
        normal = deque([draws.corr_noise[i].numpy(), draws.iid_noise[i].numpy()])
        monkeypatch.setattr(np.random, "rand", uniform.popleft)
        monkeypatch.setattr(np.random, "randn", lambda size, normal=normal: normal.popleft())
        monkeypatch.setattr(np.random, "choice", lambda n, i=i: int(draws.translation[i].item() * n))
        theirs, _ = package_transform(templates["x"][classes[i]], templates["t"], arguments)
        assert np.allclose(ours[i], theirs, atol=1e-12)


def test_statistics_are_the_packages():
    arguments = package.get_dataset_args()
    made = package.make_dataset(arguments)
    theirs = np.concatenate([made["x"], made["x_test"]])
    their_labels = np.concatenate([made["y"], made["y_test"]])
    ours = signal_generator.part("pool").double().numpy()
    our_labels = signal_generator.labels(len(ours)).numpy()

    def profile(signals, labels):
        return np.stack([signals[labels == digit].mean(0) for digit in range(10)])

    def autocorrelation(signals):
        return [(signals[:, lag:] * signals[:, :-lag]).mean() for lag in (1, 3, 8)]

    def quantiles(signals):
        return np.quantile(signals, (0.01, 0.25, 0.5, 0.75, 0.99))

    assert abs(ours.mean()) < 1e-6
    assert abs(ours.std() - 1) < 1e-6
    assert np.allclose(autocorrelation(ours), autocorrelation(theirs), atol=0.02)
    assert np.allclose(quantiles(ours), quantiles(theirs), atol=0.06)
    own, other = profile(ours, our_labels), profile(theirs, their_labels)
    assert np.corrcoef(own.ravel(), other.ravel())[0, 1] > 0.98
    # Means of 500 and of 1000 differ by 0.055 in the standard deviation, and 400 of them are compared.
    assert np.abs(own - other).max() < 4.5 * 0.055


def test_a_part_is_the_same_each_time_and_the_parts_differ():
    draws = signal_generator.draw(20, "pool")
    assert all(torch.equal(a, b) for a, b in zip(draws, signal_generator.draw(20, "pool"), strict=True))
    assert not any(torch.equal(a, b) for a, b in zip(draws, signal_generator.draw(20, "test"), strict=True))


@pytest.mark.parametrize("knob", signal_generator.RECIPE)
def test_a_knob_keeps_the_example_and_moves_it_further_with_severity(knob):
    clean = signal_generator.part("test")
    distances = [(signal_generator.shifted_test(knob, severity) - clean).norm(dim=1).mean() for severity in range(1, 6)]
    assert distances[0] > 0.01
    assert distances == sorted(distances)
    values = (signal_generator.RECIPE[knob], *signal_generator.SEVERITIES[knob])
    assert list(values) == sorted(set(values))


def test_a_noise_knob_at_zero_takes_that_noise_away_and_nothing_else():
    classes, draws = signal_generator.labels(50), signal_generator.draw(50, "test")
    silent = draws._replace(iid_noise=torch.zeros_like(draws.iid_noise))
    assert torch.equal(signal_generator.signals(classes, draws, iid_noise=0), signal_generator.signals(classes, silent))
