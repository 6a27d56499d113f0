"""Online EWC: how the Fisher fades."""

import pytest
import torch

from robustpath.core.types import Batch

from .anchors import examples, same, stream
from .conftest import bound, double


def line(params, batch):
    """One parameter, and a loss whose slope is the input."""
    return (params["w"] * batch.inputs).mean()


def test_two_batches_by_hand():
    """Slopes 1 and 3 have the Fisher 5; with decay 0.5 a second batch of slopes 2 and 2 makes it 2.5 + 4 = 6.5. Rate
    0.1, strength 1, one step a batch: w = -0.2, then -0.4, since the anchor has no pull. Two steps a batch: -0.4
    without a Fisher, then -0.6, then -0.6 - 0.1 (2 + 5 (-0.6 + 0.4)) = -0.7."""
    batches = [Batch(double([slope, other]), torch.zeros(2)) for slope, other in ((1.0, 3.0), (2.0, 2.0))]
    method, begin = bound("online_ewc", strength=1.0, decay=0.5, learning_rate=0.1), {"w": double(0.0)}
    course = stream(method, batches, 1, begin, line)
    assert [each.fisher["w"].item() for each in course.states] == pytest.approx([5.0, 6.5], abs=1e-12)
    assert [each["w"].item() for each in course.params] == pytest.approx([-0.2, -0.4], abs=1e-12)
    second = stream(method, batches, 2, begin, line)
    assert second.params[1]["w"].item() == pytest.approx(-0.4, abs=1e-12), "no Fisher while the first batch stays"
    assert second.params[3]["w"].item() == pytest.approx(-0.7, abs=1e-12)


def test_without_fading_it_is_ewc():
    batches = [examples(10, seed) for seed in range(3)]
    fading, kept, ewc = (
        stream(method, batches, 2).params[-1]
        for method in (bound("online_ewc", decay=0.5), bound("online_ewc", decay=1.0), bound("ewc"))
    )
    assert same(kept, ewc)
    assert not same(fading, ewc)
