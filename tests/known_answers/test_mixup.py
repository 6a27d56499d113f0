"""Mixup: the distribution of the share, and one step by the authors' program."""

import pytest
import torch
from scipy import stats
from torch.nn.functional import cross_entropy, one_hot

from robustpath.core.errors import UserError
from robustpath.methods.base import Batch, Context, grad
from robustpath.methods.mixing import beta, mixture

from .conftest import bound, double

PLAIN = {"learning_rate": 0.1, "momentum": 0.0, "weight_decay": 0.0, "warmup": 0.0}
DRAW = torch.Generator().manual_seed(0)
BATCH = Batch(torch.randn(5, 4, generator=DRAW, dtype=torch.float64), torch.tensor([0, 1, 2, 0, 1]))
START = torch.randn(4, 3, generator=DRAW, dtype=torch.float64)
NOISE = double([-0.3, 0.8, 0.5, -1.0, 2.0, 0.1, -0.2, 9.0, 9.0, 9.0, 9.0, 9.0])
ORDER = torch.tensor([1, 4, 3, 0, 2])  # of the third to the seventh of these, by size


def network(params, inputs):
    return inputs @ params["w"]


def context(noise=NOISE):
    return Context(double(0.0), {"noise": {"w": noise.reshape(4, 3)}}, network)


@pytest.mark.parametrize("alpha", [0.2, 0.5, 1.0, 2.0, 4.0])
def test_the_share_has_the_beta_distribution(alpha):
    """Over a fine grid of both uniform numbers, by scipy's distribution function."""
    grid = (torch.arange(600, dtype=torch.float64) + 0.5) / 600
    shares = beta(grid[:, None], grid[None, :], double(alpha)).flatten()
    for value in (0.01, 0.1, 0.3, 0.5, 0.8):
        assert (shares <= value).double().mean().item() == pytest.approx(stats.beta.cdf(value, alpha, alpha), abs=3e-3)


def test_the_share_is_a_number_at_the_ends_of_what_can_be_drawn():
    ends = torch.tensor([0.0, 1e-30, 1.0])
    shares = beta(ends[:, None], torch.tensor([0.1, 0.6])[None, :], torch.tensor(0.1))
    assert shares.tolist() == [[1.0, 0.0], [1.0, 0.0], [0.5, 0.5]]


def test_one_number_a_batch_and_another_order_of_it():
    found = mixture(context(), 5, double(1.0))
    assert torch.equal(found.order, ORDER)
    expected = stats.norm.cdf([-0.3, 0.8])
    assert found.share.item() == pytest.approx(beta(*double(expected), double(1.0)).item())


def test_a_step_is_that_of_the_authors_program():
    """facebookresearch/mixup-cifar10 at 1fe8c5e, train.py: mixup_data, mixup_criterion."""
    share = mixture(context(), 5, double(1.0)).share
    mixed = share * BATCH.inputs + (1 - share) * BATCH.inputs[ORDER]

    def loss(w):
        outputs = mixed @ w
        return share * cross_entropy(outputs, BATCH.labels) + (1 - share) * cross_entropy(outputs, BATCH.labels[ORDER])

    method, params = bound("mixup", alpha=1.0, **PLAIN), {"w": START}
    after, _, info = method.step(None, params, method.init(params), BATCH, context())
    torch.testing.assert_close(after["w"], START - 0.1 * grad(loss)(START))
    targets = share * one_hot(BATCH.labels) + (1 - share) * one_hot(BATCH.labels[ORDER])
    assert info["loss"].item() == pytest.approx(cross_entropy(mixed @ START, targets).item())


def test_at_share_one_it_is_the_base():
    noise = NOISE.clone()
    noise[:2] = double([-50.0, -1.0])  # U = 0 and cos(2 pi V) > 0
    plain, mixing, params = bound("sgd", **PLAIN), bound("mixup", **PLAIN), {"w": START}

    def loss(params, batch):
        return cross_entropy(network(params, batch.inputs), batch.labels)

    expected, *_ = plain.step(loss, params, plain.init(params), BATCH, context())
    after, *_ = mixing.step(None, params, mixing.init(params), BATCH, context(noise))
    assert torch.equal(after["w"], expected["w"])


def test_a_network_with_fewer_parameters_than_a_batch_has_examples_is_refused():
    with pytest.raises(UserError, match="set `batch_size` to at most 10"):
        mixture(context(), 11, double(1.0))
