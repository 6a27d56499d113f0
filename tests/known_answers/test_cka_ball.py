"""CKA ball against the unbiased HSIC of Song et al. 2012, term by term."""

import torch

from .balls import assert_follows, over_layers


def hsic(k, q):
    m, one = len(k), torch.ones(len(k), dtype=k.dtype)
    k, q = k - k.diag().diag(), q - q.diag().diag()
    terms = (k @ q).trace(), (one @ k @ one) * (one @ q @ one) / ((m - 1) * (m - 2)), 2 / (m - 2) * (one @ k @ q @ one)
    return (terms[0] + terms[1] - terms[2]) / (m * (m - 3))


def apart(now, then):
    k, q = now @ now.T, then @ then.T
    return 1 - hsic(k, q) / (hsic(k, k) * hsic(q, q)).sqrt()


def test_it_takes_the_steps_by_hand():
    assert_follows("cka_ball", over_layers(apart), 3.0)
