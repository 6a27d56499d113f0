"""DER++: what the second draw adds to DER, and how widely it is tuned."""

import pytest
from torch.nn.functional import cross_entropy, mse_loss

from robustpath import methods

from .conftest import bound
from .streams import close, crowded, live, loss, network, plain, same, start


@pytest.mark.parametrize("steps", [1, 3])
def test_a_stream_against_the_plain_loop(steps):
    """aimagelab/mammoth@0151ba0, models/derpp.py: the gradients of three losses on three sets are added up."""

    def objective(p, batch, given, stored):
        other = given["other_replay"]
        labelled = loss(p, batch) + 0.3 * cross_entropy(network(p, other.inputs), other.labels)
        return labelled if stored is None else labelled + 0.7 * mse_loss(network(p, given["replay"].inputs), stored)

    found = live(bound("der_plus_plus", learning_rate=0.05, alpha=0.7, beta=0.3), start(), crowded(steps)).params
    expected = plain(start(), crowded(steps), objective, 0.05)
    assert all(close(a, b) for a, b in zip(found, expected, strict=True))


def test_without_labels_it_is_der_bit_by_bit():
    ends = [
        live(bound(name, learning_rate=0.1, alpha=0.4, **own), start(), crowded(2)).params
        for name, own in (("der_plus_plus", {"beta": 0.0}), ("der", {}))
    ]
    assert all(same(a, b) for a, b in zip(*ends, strict=True))


def test_its_ranges_hold_what_its_authors_tuned():
    """NeurAI-Lab/ESMER@d528999, utils/best_args.py: alpha from 0.1 to 1, beta 0.5 and 1, all well inside."""
    space = methods.load("der_plus_plus").search
    ends = {name: (space[name].sample(0.0), space[name].sample(1 - 1e-9)) for name in ("alpha", "beta")}
    assert ends["alpha"][0] <= 0.1 / 2
    assert ends["alpha"][1] >= 2 * 2.4
    assert ends["beta"][0] <= 0.5 / 2
    assert ends["beta"][1] >= 2 * 1.0
    assert (space["alpha"].default, space["beta"].default) == (0.5, 0.5)
