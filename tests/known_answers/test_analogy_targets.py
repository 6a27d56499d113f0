"""Analogy targets: exact on additive groups, by hand on a circle, and one step."""

import torch
from torch.nn.functional import cross_entropy

from robustpath.methods.base import Batch, Context, grad
from robustpath.methods.shortcuts.analogy_targets import targets

from .conftest import bound, double

PLAIN = {"learning_rate": 0.1, "momentum": 0.0, "weight_decay": 0.0, "warmup": 0.0}
CLASS, SHIFT = double([[0.0, 0.0], [10.0, 0.0]]), double([[0.0, 0.0], [0.0, 3.0]])


def test_without_noise_the_target_is_the_group_of_the_other_attribute():
    """x = u_y + v_a by hand: u_y + v_a + (u_y' + v_a') - (u_y' + v_a) = u_y + v_a', also where that group (1, 0) has no
    example: it is met from (1, 1). An r0 of (0, 0) then finds no r2 and one of (0, 1) no r1: both stay."""
    labels, attribute = torch.tensor([0, 0, 0, 1, 1]), torch.tensor([0, 1, 1, 1, 1])
    inputs = CLASS[labels] + SHIFT[attribute]
    for seed in range(5):
        order = torch.randperm(5, generator=torch.Generator().manual_seed(seed))
        moved = targets(inputs, labels, attribute, order)
        expected = CLASS[labels] + SHIFT[torch.tensor([0, 1, 1, 0, 0])]
        torch.testing.assert_close(moved, expected)
    full = torch.cartesian_prod(torch.arange(2), torch.arange(2)).T
    moved = targets(CLASS[full[0]] + SHIFT[full[1]], *full, torch.arange(4))
    torch.testing.assert_close(moved, CLASS[full[0]] + SHIFT[1 - full[1]])


def test_who_moves_whom_by_hand():
    """On the circle 0, 1, 2, 3, 4: r0 = 0 of (0, 0) has r2 = 2 of (1, 0), the next of it, and after it r1 = 4 of
    (1, 1), not 1 which comes first from r0 on."""
    labels, attribute = torch.tensor([0, 1, 1, 0, 1]), torch.tensor([0, 1, 0, 1, 1])
    inputs = double([1.0, 20.0, 300.0, 4000.0, 50000.0])
    moved = targets(inputs, labels, attribute, torch.arange(5))
    assert moved[0].item() == 1 - 300 + 50000
    assert moved[3].item() == 4000 - 50000 + 300  # r2 = 4 of (1, 1), r1 = 2 of (1, 0), once round the circle


def test_a_step_keeps_the_labels_and_moves_the_share():
    draw = torch.Generator().manual_seed(1)
    inputs, start = (torch.randn(*shape, generator=draw, dtype=torch.float64) for shape in ((4, 3), (3, 3)))
    batch, attribute = Batch(inputs, torch.tensor([0, 0, 1, 1])), torch.tensor([0, 1, 0, 1])
    noise = double([0.0, 0.0, 3.0, 0.1, -2.0, 1.0, 0.0, 0.0, 0.0])  # the order 2, 1, 3, 0
    groups = Batch(torch.zeros(4, 2), batch.labels * 2 + attribute)

    def loss(params, batch):
        return cross_entropy(batch.inputs @ params["w"], batch.labels)

    context = Context(double(0.0), {"noise": {"w": noise.reshape(3, 3)}, "groups": groups})
    moved = targets(inputs, batch.labels, attribute, torch.tensor([2, 1, 3, 0]))
    for share, chosen in ((0.0, []), (0.5, [2, 1]), (1.0, [0, 1, 2, 3])):
        method, params = bound("analogy_targets", share=share, **PLAIN), {"w": start}
        after, *_ = method.step(loss, params, method.init(params), batch, context)
        own = inputs.clone()
        own[chosen] = moved[chosen]
        torch.testing.assert_close(after["w"], start - 0.1 * grad(loss)(params, batch._replace(inputs=own))["w"])
