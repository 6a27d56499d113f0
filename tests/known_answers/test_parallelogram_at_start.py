"""The anchor at r0: the nearest neighbours of examples of the majority."""

import torch
from holes import additive
from pools import settings_of

from robustpath.core.randomness import generator
from robustpath.methods.analogy import plan


def test_targets_are_labelled_examples_of_the_majority():
    view, _ = additive({(0, 0): 6, (0, 1): 3, (1, 0): 2, (1, 1): 8}, noise=0.1)
    settings = settings_of("parallelogram_at_start", dimensions=20)
    planned = plan(view, 5, generator("a"), settings)
    inputs = view.representations["inputs"]
    places = (inputs - inputs.mean(0)) / inputs.std(0, correction=0)
    distances = torch.cdist(planned.targets, places[view.labelled])
    assert distances.amin(1).max() < 1e-6
    groups = view.labels[distances.argmin(1)], view.attribute[view.labelled][distances.argmin(1)]
    assert torch.equal(*groups) and len(groups[0].unique()) == 2
