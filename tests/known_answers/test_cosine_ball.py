"""Cosine ball against PyTorch's cosine similarity."""

import torch

from .balls import assert_follows, over_layers


def apart(now, then):
    return 1 - torch.nn.functional.cosine_similarity(now, then, eps=1e-9).mean()


def test_it_takes_the_steps_by_hand():
    assert_follows("cosine_ball", over_layers(apart), 3.0)
