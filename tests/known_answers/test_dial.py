"""DIAL in our reading: an example is as slow as its nearest labelled examples were to learn."""

import torch
from pools import acquisition, pool

from robustpath.core.randomness import generator


def test_the_neighbours_of_what_was_learnt_slowly_come_first():
    """On a line, labelled at 0 (loss 3, then 0), 10 (1, 1) and 20 (0, 0.5): mean losses 1.5, 1 and 0.25."""
    places = torch.tensor([[0.0], [10.0], [20.0], [19.0], [1.0], [12.0], [2.0], [21.0]])
    view = pool(8, 3, 2)._replace(
        representations={"penultimate": places},
        labelled=torch.tensor([0, 1, 2]),
        losses=torch.tensor([[3.0, 1.0, 0.0], [0.0, 1.0, 0.5]]),
        unlabelled=torch.arange(3, 8),
    )
    assert acquisition("dial", neighbours=1)(view, 5, generator("a")).tolist() == [4, 6, 5, 3, 7]
    # Of two neighbours: 0 and 10 for those at 1 and 2 (1.25), 10 and 20 for 12, 19 and 21 (0.625).
    assert acquisition("dial", neighbours=2)(view, 5, generator("a")).tolist() == [4, 6, 3, 5, 7]


def test_it_is_the_slow_reading_of_its_rule():
    view = pool(60, 16)
    places = view.representations["penultimate"].double()
    scores = []
    for position in view.unlabelled:
        distances = (places[view.labelled] - places[position]).norm(dim=1)
        near = distances.argsort(stable=True)[:5]
        scores.append(sum(float(view.losses[:, one].double().mean()) for one in near) / 5)
    known = view.unlabelled[torch.tensor(scores).double().round(decimals=9).argsort(descending=True, stable=True)[:10]]
    assert acquisition("dial")(view, 10, generator("b")).tolist() == known.tolist()
