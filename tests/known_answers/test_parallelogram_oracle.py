"""With the true attributes every target is the group without a label, whichever group that is."""

import pytest
import torch
from holes import GROUPS, additive, base_rate, discovery
from pools import acquisition, settings_of

from robustpath.core.randomness import generator
from robustpath.methods.analogy import plan
from robustpath.methods.neighbours import nearest


@pytest.mark.parametrize("missing", GROUPS)
def test_without_noise_every_target_is_the_missing_group(missing):
    sizes = {(0, 0): 6, (0, 1): 2, (1, 0): 2, (1, 1): 6}
    view, label = additive({group: size for group, size in sizes.items() if group != missing})
    planned = plan(view, 5, generator("a"), settings_of("parallelogram_oracle"))
    distances, rows = nearest(planned.targets, planned.pool, 1)
    assert len(distances) == 20 and distances.max() < 1e-9
    positions = view.unlabelled[rows[:, 0]]
    assert (label[positions] == missing[0]).all() and (view.attribute[positions] == missing[1]).all()


def test_it_finds_at_least_as_much_as_a_guess_of_the_minority():
    oracle = discovery(acquisition("parallelogram_oracle"))
    assert oracle > max(5 * base_rate(), discovery(acquisition("parallelogram")))


def test_it_reads_no_history():
    view, _ = additive({(0, 0): 6, (0, 1): 2, (1, 1): 6})
    acquire = acquisition("parallelogram_oracle")
    other = view._replace(correct=~view.correct, losses=-view.losses)
    assert torch.equal(acquire(view, 6, generator("b")), acquire(other, 6, generator("b")))
