"""The oracle: with a sure model it fills up the smallest group, then all alike; with a model by the shortcut it still
finds the group without a label."""

import torch
from holes import additive, base_rate, discovery
from pools import acquisition

from robustpath.core.randomness import generator


def test_a_sure_and_right_model_makes_groups_equal():
    view, label = additive({(0, 0): 9, (0, 1): 2, (1, 1): 5})
    view = view._replace(logits=1000.0 * torch.nn.functional.one_hot(label, 2))
    sizes = {(0, 0): 9, (0, 1): 2, (1, 0): 0, (1, 1): 5}
    for position in acquisition("oracle_acquisition")(view, 25, generator("a")).tolist():
        group = (int(label[position]), int(view.attribute[position]))
        assert sizes[group] == min(sizes.values())
        sizes[group] += 1
    assert sorted(sizes.values()) == [10, 10, 10, 11]


def test_equal_examples_come_in_the_order_of_their_positions():
    view, label = additive({(0, 0): 9, (0, 1): 9, (1, 1): 9})
    view = view._replace(logits=1000.0 * torch.nn.functional.one_hot(label, 2))
    hole = view.unlabelled[(label[view.unlabelled] == 1) & (view.attribute[view.unlabelled] == 0)]
    assert acquisition("oracle_acquisition")(view, 9, generator("b")).tolist() == hole[:9].tolist()


def test_a_model_by_the_shortcut_does_not_hide_the_group_without_a_label():
    assert discovery(acquisition("oracle_acquisition")) > 10 * base_rate()
