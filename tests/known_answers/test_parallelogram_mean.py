"""One difference for each class: the mean of its majority without the mean of its minority."""

from holes import additive
from pools import settings_of

from robustpath.core.randomness import generator
from robustpath.methods.analogy import plan


def test_targets_are_r0_moved_by_the_difference_of_two_means():
    view, _ = additive({(0, 0): 6, (0, 1): 3, (1, 0): 2, (1, 1): 8}, noise=0.3)
    settings = settings_of("parallelogram_mean", dimensions=20)
    planned = plan(view, 5, generator("a"), settings)
    inputs = view.representations["inputs"]
    places = ((inputs - inputs.mean(0)) / inputs.std(0, correction=0))[view.labelled]
    attributes = view.attribute[view.labelled]
    known = set()
    for label, donor in ((0, 1), (1, 0)):
        side = [places[(view.labels == donor) & (attributes == attribute)].mean(0) for attribute in (donor, label)]
        starts = places[(view.labels == label) & (attributes == label)]
        known |= {tuple((start + side[0] - side[1]).mul(1e6).round().tolist()) for start in starts}
    assert {tuple(target.mul(1e6).round().tolist()) for target in planned.targets} <= known
    assert len(planned.targets.unique(dim=0)) > 5
