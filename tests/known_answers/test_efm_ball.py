"""Feature-Fisher ball against the Fisher matrix, the mean outer product of the scores of every class."""

import torch

from .balls import LAYERS, NETWORK, assert_follows


def apart(params, anchor, inputs):
    change = LAYERS(params, inputs)["4"] - LAYERS(anchor, inputs)["4"]
    found = []
    for step, p in zip(change, NETWORK(anchor, inputs).softmax(1), strict=True):
        scores = anchor["5.weight"] - p @ anchor["5.weight"]  # gradients of log p(y) by the features, a row a class
        fisher = sum(p[y] * torch.outer(scores[y], scores[y]) for y in range(len(p)))
        found.append(step @ fisher @ step + 0.1 * step @ step)
    return torch.stack(found).mean()


def test_it_takes_the_steps_by_hand():
    assert_follows("efm_ball", apart, 1.0)
