"""Sliced ball against the best assignment on each direction, which sorting must find."""

import torch
from scipy.optimize import linear_sum_assignment

from robustpath.methods.distances import DIRECTIONS, _normal_numbers

from .balls import assert_follows, over_layers


def apart(now, then):
    directions = torch.tensor(_normal_numbers(DIRECTIONS, now.shape[1]), dtype=now.dtype)
    costs = []
    for direction in directions:
        unit = direction / direction.norm()
        cost = ((now @ unit)[:, None] - (then @ unit)[None]).square()
        rows, columns = linear_sum_assignment(cost.detach())
        costs.append(cost[rows, columns].mean())
    return torch.stack(costs).mean()


def test_it_takes_the_steps_by_hand():
    assert_follows("sliced_ball", over_layers(apart), 1.0)
