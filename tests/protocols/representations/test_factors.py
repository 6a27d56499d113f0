"""Which factors units respond to: planted layers whose answers are known, and every number counted one by one."""

import numpy as np
import pytest
import torch

from robustpath.core.randomness import generator
from robustpath.protocols.representations import factors

LABELS = torch.tensor([0, 0, 1, 1, 2, 2] * 4)
ATTRIBUTE = torch.tensor([0, 1] * 12)


def drawn(members=3, units=5):
    """Activations with ties, a dead unit and a constant one."""
    found = torch.randn(members, len(LABELS), units, generator=generator("units")).relu()
    found = (found * 4).round() / 4
    found[..., 3], found[..., 4] = 0.0, 0.5
    return found


def counted(column, labels, attribute):
    """The factors that a unit responds to, and its exclusivity: pair by pair."""
    variables = [labels] if attribute is None else [labels, attribute]
    number, excess = 0, []
    for variable in variables:
        values = sorted(set(variable.tolist()))
        for value in values:
            inside = [h for h, v in zip(column, variable.tolist(), strict=True) if v == value]
            outside = [h for h, v in zip(column, variable.tolist(), strict=True) if v != value]
            wins = sum((one > other) + (one == other) / 2 for one in inside for other in outside)
            area = wins / len(inside) / len(outside)
            if len(values) > 2 or value == values[0]:  # the other of two values is the same factor
                number += area > 0.8 or area < 0.2
            excess.append(max(0.0, np.mean(inside) - np.mean(outside)))
    return number, max(excess) / sum(excess) if sum(excess) > 1e-12 else None


@pytest.mark.parametrize("attribute", [None, ATTRIBUTE])
def test_responses_are_those_counted_pair_by_pair(attribute):
    activations = drawn()
    activations[0, :, 0] += 2.0 * (LABELS == 1)  # so that some unit responds
    activations[0, :, 1] += 2.0 * (ATTRIBUTE == 0)
    activations[1, :, 2] += 3.0 * (LABELS != 2)
    activations[2, :, 0] += 3.0 * ((LABELS == 1) | (LABELS == 2)) * (1 + ATTRIBUTE)
    found = factors.responses(activations, factors.known(LABELS, attribute))
    for member, own in enumerate(activations.tolist()):
        columns = [column for column in zip(*own, strict=True) if max(column) > 0]
        numbers, exclusive = zip(*(counted(column, LABELS, attribute) for column in columns), strict=True)
        assert found["polysemanticity"][member].item() == pytest.approx(np.mean(numbers), abs=1e-12)
        assert found["mixing"][member].item() == pytest.approx(np.mean([each > 1 for each in numbers]), abs=1e-12)
        known = [each for each in exclusive if each is not None]
        assert found["exclusivity"][member].item() == pytest.approx(np.mean(known), abs=1e-9)


def planted(*units):
    return torch.stack([torch.as_tensor(unit).float() for unit in units], 1)[None]


@pytest.mark.parametrize("scale", [1.0, 0.01, 300.0])
def test_one_unit_a_factor_is_monosemantic_and_exclusive(scale):
    """Four classes and an attribute of two values, and a unit that is never active: it does not count."""
    labels, attribute = torch.arange(16) // 4, torch.arange(16) % 2
    units = [labels == label for label in range(4)] + [attribute == 1, attribute == 2]
    found = factors.responses(scale * planted(*units), factors.known(labels, attribute))
    assert {name: value.item() for name, value in found.items()} == {
        "polysemanticity": 1.0, "mixing": 0.0, "exclusivity": pytest.approx(1.0, abs=1e-12),
    }  # fmt: skip


def test_a_unit_of_two_classes_and_one_of_label_and_attribute_are_half_exclusive():
    """A dense code: each excess is 1 - 1/3 for the two classes, and below 0 for the others. Of two labels and two
    attributes, a unit that is on for one group alone has areas of 3/4 for both factors, and one that sums label and
    attribute areas of 7/8."""
    labels = torch.arange(4)
    found = factors.responses(planted(labels < 2), factors.known(labels, None))
    assert found["exclusivity"].item() == pytest.approx(0.5)
    label, attribute = torch.tensor([0, 0, 1, 1]), torch.tensor([0, 1, 0, 1])
    both = factors.known(label, attribute)
    group, total = (factors.responses(planted(unit), both) for unit in (label * attribute, label + attribute))
    assert (group["polysemanticity"].item(), group["mixing"].item()) == (0.0, 0.0)
    assert (total["polysemanticity"].item(), total["mixing"].item()) == (2.0, 1.0)
    assert group["exclusivity"].item() == total["exclusivity"].item() == pytest.approx(0.5)


def test_values_of_two_are_one_factor_and_one_value_is_none():
    known = factors.known(torch.tensor([0, 1, 2, 0]), torch.tensor([3, 3, 5, 5]))
    assert known.values.T.tolist() == [[1, 0, 0, 1], [0, 1, 0, 0], [0, 0, 1, 0], [1, 1, 0, 0], [0, 0, 1, 1]]
    assert known.own.tolist() == [0, 1, 2, 4]
    assert factors.known(torch.tensor([0, 1]), torch.tensor([7, 7])).own.tolist() == [1]


def test_a_layer_without_a_live_unit_has_no_number():
    found = factors.responses(torch.zeros(1, len(LABELS), 3), factors.known(LABELS, ATTRIBUTE))
    assert all(value.isnan().all() for value in found.values())


def test_cosines_find_planted_directions():
    """Unit 0 is high for label 1, unit 1 for attribute 1, so the factors lie along the first two of three axes. Rows
    along both give 1; the row (1, 1, 0) alone gives cos 45° for both; one that points the other way counts the same."""
    label, attribute = torch.tensor([0, 0, 1, 1]), torch.tensor([0, 1, 0, 1])
    activations = planted(label, 3 * attribute, torch.ones(4)).repeat(3, 1, 1)
    rows = torch.tensor([
        [[2.0, 0.0, 0.0], [0.0, -1.0, 0.0]],
        [[1.0, 1.0, 0.0], [0.0, 0.0, 1.0]],
        [[0.0, 0.0, 1.0], [0.0, 0.0, -1.0]],
    ])  # fmt: skip
    found = factors.cosines(activations, factors.known(label, attribute), rows)
    assert found.tolist() == pytest.approx([1.0, 0.5**0.5, 0.0])
