"""BERT-KM: of clusters that are far apart, the example nearest to the middle of each.

Official program: mourga/contrastive-active-learning, acquisition/alps/active.py and cluster.py at commit 5fbd7ee.
"""

import torch
from pools import acquisition, of_logits
from torch.nn.functional import normalize

from robustpath.core.randomness import generator

SIZES = [7, 4, 9]


def view_of(features):
    return of_logits(torch.zeros(len(features), 2), representations={"penultimate": features})


def test_one_example_of_each_cluster_is_chosen_the_nearest_to_its_mean():
    """Only directions count: the lengths of the features differ by a factor of up to 50."""
    for seed in range(5):
        stream = generator("clusters", seed)
        of = torch.cat([torch.full((size,), number) for number, size in enumerate(SIZES)])
        of = of[torch.randperm(len(of), generator=stream)]
        directions = normalize(torch.eye(6)[of] + 0.05 * torch.randn(len(of), 6, generator=stream))
        features = directions * (0.1 + 5 * torch.rand(len(of), 1, generator=stream))
        expected = set()
        for number in range(3):
            own = (of == number).nonzero()[:, 0]
            middle = directions[own].mean(0)
            expected.add(int(own[(directions[own] - middle).norm(dim=1).argmin()]))
        assert set(acquisition("bert_km")(view_of(features), 3, stream).tolist()) == expected


def test_two_centres_with_one_nearest_example_take_two_examples():
    features = torch.tensor([[1.0, 0.0]] * 4 + [[0.0, 1.0]] * 2)
    assert len(set(acquisition("bert_km")(view_of(features), 5, generator("km")).tolist())) == 5
