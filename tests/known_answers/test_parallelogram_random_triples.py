"""Random triples: every corner c_i + c_j - c_k of the labelled groups is a target."""

from itertools import product

import torch
from holes import additive
from pools import settings_of

from robustpath.core.randomness import generator
from robustpath.methods.analogy import plan


def test_without_noise_targets_are_all_combinations_of_three_groups():
    view, _ = additive({(0, 0): 5, (0, 1): 5, (1, 1): 5})
    settings = settings_of("parallelogram_random_triples", dimensions=20, pairs=1, targets=8)
    planned = plan(view, 30, generator("a"), settings)
    inputs = view.representations["inputs"]
    places = (inputs - inputs.mean(0)) / inputs.std(0, correction=0)
    centres = places[view.labelled[[0, 5, 10]]]
    corners = torch.stack([centres[i] + centres[j] - centres[k] for i, j, k in product(range(3), repeat=3)])
    reach = 1.5 * (places - places[view.unlabelled].mean(0)).norm(dim=1).max()
    near = corners[(corners - places[view.unlabelled].mean(0)).norm(dim=1) <= reach]

    def rounded(rows):
        return {tuple(row) for row in rows.mul(1e6).round().add(0.0).tolist()}

    assert rounded(planned.targets) == rounded(near)
