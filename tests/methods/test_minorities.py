"""The minority of each class, by hand."""

import torch
from pools import of_logits

from robustpath.methods.minorities import by_history


def minority(labels, correct, losses):
    view = of_logits(torch.zeros(1, 3))
    correct = torch.tensor(correct, dtype=torch.bool).T
    losses = torch.tensor(losses).expand(len(correct), -1)
    return by_history(view._replace(labels=torch.tensor(labels), correct=correct, losses=losses)).tolist()


def test_forgotten_or_never_learnt():
    """In the order of the moments: learnt late, always right, forgotten, never learnt, forgotten and learnt again."""
    correct = [[0, 0, 1], [1, 1, 1], [0, 1, 0], [0, 0, 0], [1, 0, 1]]
    assert minority([0] * 5, correct, [9.0, 1, 1, 1, 1]) == [False, False, True, True, True]


def test_a_history_that_says_the_same_of_a_whole_class_gives_way_to_the_loss():
    """Class 0 was always right: two of its six, the fifth rounded up. Class 1 never was. Class 2 is one example."""
    labels = [0] * 6 + [1] * 3 + [2]
    correct = [[1, 1]] * 6 + [[0, 0]] * 3 + [[0, 0]]
    found = minority(labels, correct, [0.1, 0.9, 0.2, 0.8, 0.3, 0.4, 0.2, 0.6, 0.5, 3.0])
    assert found == [False, True, False, True, False, False, False, True, False, False]
