"""MMD ball against kernels written out."""

import torch

from .balls import assert_follows, over_layers


def apart(now, then):
    among = (then[:, None] - then[None]).square().sum(2)
    width = among[~torch.eye(len(then), dtype=torch.bool)].median()

    def kernel(x, y):
        return (-(x @ x.T).diag()[:, None] / width - (y @ y.T).diag() / width + 2 * x @ y.T / width).exp().mean()

    return kernel(now, now) + kernel(then, then) - 2 * kernel(now, then)


def test_it_takes_the_steps_by_hand():
    assert_follows("mmd_ball", over_layers(apart), 1.0)
