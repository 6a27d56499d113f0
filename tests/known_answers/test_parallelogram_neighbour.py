"""r2 near r0, r1 far from r2, both of another class: by hand, and in a hole."""

import torch
from holes import base_rate, discovery
from pools import acquisition, of_logits

from robustpath.core.randomness import generator
from robustpath.methods.triples import by_neighbour


def test_on_a_line():
    """Class 0 at 0 and 10, class 1 at 1, 2, 8, 9 and 20: half of it is two examples."""
    places = torch.tensor([[0.0], [10.0], [1.0], [2.0], [8.0], [9.0], [20.0]], dtype=torch.float64)
    view = of_logits(torch.zeros(9, 2), labels=torch.tensor([0, 0, 1, 1, 1, 1, 1]))
    drawn = {each.start: each for each in by_neighbour(view, places, 80, 8, generator("a"))}
    assert drawn.keys() == set(range(7))
    assert (drawn[0].twos.tolist(), drawn[0].ones.tolist()) == ([2, 3], [6, 5])
    assert (drawn[1].twos.tolist(), drawn[1].ones.tolist()) == ([5, 4], [6, 2])
    assert (drawn[6].twos.tolist(), drawn[6].ones.tolist()) == ([1], [0])
    single = {each.start: each for each in by_neighbour(view, places, 80, 1, generator("a"))}
    assert (single[0].twos.tolist(), single[0].ones.tolist()) == ([2], [6])


def test_a_class_of_one_example_has_no_difference():
    view = of_logits(torch.zeros(9, 2), labels=torch.tensor([0, 0, 1]))
    places = torch.tensor([[0.0], [3.0], [1.0]], dtype=torch.float64)
    assert {each.start for each in by_neighbour(view, places, 20, 2, generator("b"))} == {2}


def test_the_group_without_a_label_is_found_more_often_than_by_chance():
    assert discovery(acquisition("parallelogram_neighbour")) > 3 * base_rate()
