"""LDIFS in the form of its authors' program: the program's arithmetic, and what it does not see."""

import pytest
import torch

from robustpath.core.parameters import tree_map
from robustpath.core.types import Batch
from robustpath.methods import distances

from .anchors import ACTIVATIONS, examples, normal, penalty, same, start, stream
from .conftest import bound, double

BATCH = Batch(double([[1.0], [1.0]]), torch.zeros(2, dtype=torch.int64))


def between(name, old, new):
    """The penalty of strength 1 for features `old` at the anchor and `new` at the parameters."""

    def layers(params, inputs):
        return {"0": old + params["0.weight"] * (new - old), "1": inputs}

    anchor, params = ({"0.weight": double([[number]]), "1.weight": double([[0.0]])} for number in (0.0, 1.0))
    return penalty(bound(name, strength=1.0), anchor, params, BATCH, layers=layers).item()


def test_the_program_s_arithmetic_by_hand():
    """loss/ldifs.py of omegafragger/ldifs_code at c7e82a4: (3, 4) becomes (0.6, 0.8); against (1, 0) the squares are
    0.16 and 0.64, their mean over two entries 0.4, and 0.2 with a second example that does not move."""
    old, new = double([[1.0, 0.0], [0.0, 2.0]]), double([[3.0, 4.0], [0.0, 5.0]])
    assert between("ldifs_code", old, new) == pytest.approx(0.2, abs=1e-9)


def test_the_norm_of_the_features_is_not_seen():
    """U9: three times the features are as good as the features; the paper's form sees 4 |h|²."""
    features = normal(2, 5)
    assert between("ldifs_code", features, features) == 0
    assert between("ldifs_code", features, 3 * features) < 1e-18
    assert between("ldifs", features, 3 * features) == pytest.approx(4 * features.square().sum().item() / 2)


def test_layers_weigh_the_same_at_all_widths():
    """The program takes the mean over the entries of a layer, then over layers."""
    params, other, batch = start(), tree_map(lambda w: w.flip(0) + 0.1, start()), examples(10)
    new, old = (ACTIVATIONS(each, batch.inputs) for each in (other, params))
    expected = 0.0
    for name in ("2", "4"):
        cosines = torch.nn.functional.cosine_similarity(new[name], old[name], dim=1)
        seen = (new[name].norm(dim=1) > 0).double() + (old[name].norm(dim=1) > 0).double()
        expected += ((seen - 2 * cosines) / new[name].shape[1]).mean().item() / 2
    assert expected > 1e-3
    found = penalty(bound("ldifs_code", strength=1.0), params, other, batch)
    assert found.item() == pytest.approx(expected, rel=1e-6)


def test_silent_units_leave_the_gradient_finite():
    """The square root of the program's norm has no derivative at zero, where hidden units are all silent."""
    features = double([[0.0, 2.0], [0.0, 0.0]])
    found = torch.func.grad(lambda h: distances.ldifs_code(h, features.flip(0)))(features)
    assert found.isfinite().all()
    assert torch.equal(
        torch.func.grad(lambda h: distances.ldifs_code(h, features))(features), torch.zeros(2, 2).double()
    )


def test_channels_of_an_image_are_the_second_axis():
    """The axis that the program takes: in features [b, c, h, w] the scale of a pixel is not seen."""
    features = normal(2, 3, 4, 4)
    assert between("ldifs_code", features, features * normal(2, 1, 4, 4, seed=1).exp()) < 1e-18
    assert between("ldifs_code", features, features * normal(2, 3, 1, 1, seed=1).exp()) > 1e-3


def test_with_one_step_a_batch_it_is_plain_descent():
    """U10: the penalty has no gradient at its anchor."""
    batches = [examples(10, seed) for seed in range(3)]
    plain, anchored = stream(bound("online_sgd"), batches, 1), stream(bound("ldifs_code", strength=1e4), batches, 1)
    assert all(same(a, b) for a, b in zip(plain.params, anchored.params, strict=True))
    two = [stream(bound(name), batches, 2).params[-1] for name in ("online_sgd", "ldifs_code")]
    assert not same(*two)
