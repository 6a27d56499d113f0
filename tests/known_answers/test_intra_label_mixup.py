"""Intra-label mixup: who is mixed with whom, and one step."""

import torch
from torch.nn.functional import cross_entropy

from robustpath.methods.base import Batch, Context, grad
from robustpath.methods.mixing import mixture
from robustpath.methods.shortcuts.intra_label_mixup import partners

from .conftest import bound, double

PLAIN = {"learning_rate": 0.1, "momentum": 0.0, "weight_decay": 0.0, "warmup": 0.0}


def test_partners_by_hand():
    """On the circle 3, 2, 0, 1: the next after 0 of its label and another attribute is 1, after 1 and after 2 it is 0,
    and 3 has none."""
    labels, attribute = torch.tensor([0, 0, 0, 1]), torch.tensor([0, 1, 1, 0])
    assert partners(labels, attribute, torch.tensor([3, 2, 0, 1])).tolist() == [1, 0, 0, 3]


def test_every_fitting_partner_is_met_and_no_other():
    """Yao et al. 2022, sec. 3: the same label, another domain."""
    draw = torch.Generator().manual_seed(0)
    labels, attribute = torch.randint(3, (20,), generator=draw), torch.randint(2, (20,), generator=draw)
    met = torch.zeros(20, 20, dtype=torch.bool)
    for _ in range(300):
        met[torch.arange(20), partners(labels, attribute, torch.randperm(20, generator=draw))] = True
    fitting = (labels[:, None] == labels) & (attribute[:, None] != attribute)
    assert fitting.any(1).all()
    assert torch.equal(met, fitting)


def test_a_step_keeps_the_label():
    """Yao et al. 2022, eq. 3: the inputs are mixed, and the label is that of both."""
    draw = torch.Generator().manual_seed(1)
    inputs, start = (torch.randn(*shape, generator=draw, dtype=torch.float64) for shape in ((4, 3), (3, 3)))
    batch = Batch(inputs, torch.tensor([0, 0, 2, 1]))
    noise = double([-0.3, 0.8, 3.0, 0.1, -2.0, 1.0, 0.0, 0.0, 0.0])
    groups = Batch(torch.zeros(4, 2), batch.labels * 2 + torch.tensor([0, 1, 1, 0]))

    def loss(params, batch):
        return cross_entropy(batch.inputs @ params["w"], batch.labels)

    context = Context(double(0.0), {"noise": {"w": noise.reshape(3, 3)}, "groups": groups})
    method, params = bound("intra_label_mixup", **PLAIN), {"w": start}
    after, *_ = method.step(loss, params, method.init(params), batch, context)
    share = mixture(context, 4, double(2.0)).share
    mixed = share * inputs + (1 - share) * inputs[[1, 0, 2, 3]]
    assert 0.01 < share < 0.99
    torch.testing.assert_close(after["w"], start - 0.1 * grad(loss)(params, batch._replace(inputs=mixed))["w"])
