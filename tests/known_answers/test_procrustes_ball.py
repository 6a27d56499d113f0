"""Procrustes ball against the distance from a singular value decomposition, differentiated by PyTorch."""

import torch

from .balls import assert_follows, over_layers


def apart(now, then):
    now, then = now - now.mean(0), then - then.mean(0)
    nuclear = torch.linalg.svdvals(then.T @ now).sum()
    return (now.square().sum() + then.square().sum() - 2 * nuclear) / then.square().sum()


def test_it_takes_the_steps_by_hand():
    assert_follows("procrustes_ball", over_layers(apart), 3.0)
