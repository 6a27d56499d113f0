"""Random acquisition: every unlabelled example is chosen equally often."""

import torch
from pools import acquisition, of_logits

from robustpath.core.randomness import generator


def test_each_example_is_chosen_equally_often():
    """3 of 10 examples, 2,000 times: each is chosen 600 times but for chance, whose standard deviation is 20.5."""
    view, stream, acquire = of_logits(torch.zeros(10, 2)), generator("random"), acquisition("random_acquisition")
    counts = torch.stack([acquire(view, 3, stream) for _ in range(2000)]).flatten().bincount(minlength=10)
    assert (counts - 600).abs().max() < 5 * 20.5
