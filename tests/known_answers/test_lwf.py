"""Learning without forgetting: its penalty by hand and as a public program computes it."""

import math

import pytest
import torch

from robustpath.core.parameters import tree_map
from robustpath.core.types import Batch

from .anchors import PREDICT, apart, examples, penalty, same, start, stream
from .conftest import bound, double


def logits_of(params, inputs):
    return params["z"]


def test_two_classes_by_hand():
    """Logits 0 and 2 log 3 at T = 2: p_a = (1/4, 3/4); against (1/2, 1/2): 4 (log 2 + 1/4 log 1/4 + 3/4 log 3/4)."""
    old, new = {"z": double([[0.0, 2 * math.log(3)]])}, {"z": double([[1.0, 1.0]])}
    batch = Batch(double([[0.0]]), torch.zeros(1, dtype=torch.int64))
    expected = 4 * (math.log(2) + 0.25 * math.log(0.25) + 0.75 * math.log(0.75))
    found = penalty(bound("lwf", strength=0.7), old, new, batch, network=logits_of)
    assert found.item() == pytest.approx(0.7 * expected, abs=1e-12)
    assert penalty(bound("lwf", strength=0.7), old, old, batch, network=logits_of).item() == 0


def test_its_gradient_is_that_of_a_public_program_four_times():
    """aimagelab/mammoth, models/lwf.py at 0d727a7: probabilities to the power 1/2, normalised, and the mean of the
    cross-entropies; without T² its weight 0.5 is our 0.125, and all classes are old."""
    batch, params, other = examples(10), start(), tree_map(lambda w: 1.3 * w + 0.1, start())

    def smooth(p):
        roots = PREDICT(p, batch.inputs).softmax(1).sqrt()
        return roots / roots.sum(1, keepdim=True)

    def theirs(p):
        return -(smooth(params) * smooth(p).log()).sum(1).mean()

    expected = torch.func.grad(theirs)(other)
    ours = torch.func.grad(lambda p: penalty(bound("lwf", strength=0.125), params, p, batch))(other)
    assert apart(ours, tree_map(lambda g: 0.5 * g, expected)) < 1e-12
    assert max(g.abs().max().item() for g in expected.values()) > 1e-3


def test_with_one_step_a_batch_it_is_plain_descent():
    """The penalty has no gradient at its anchor."""
    batches = [examples(10, seed) for seed in range(3)]
    plain, anchored = stream(bound("online_sgd"), batches, 1), stream(bound("lwf", strength=10.0), batches, 1)
    assert all(same(a, b) for a, b in zip(plain.params, anchored.params, strict=True))
    assert not same(*(stream(bound(name), batches, 2).params[-1] for name in ("online_sgd", "lwf")))


def test_strong_it_keeps_the_predictions_of_the_anchor():
    """Twenty steps on the batch, with and without: the KL from the anchor's predictions falls at least tenfold."""
    batch, moved = examples(10), []
    for strength in (0.0, 30.0):
        after = stream(bound("lwf", strength=strength, learning_rate=0.02), [batch], 20).params[-1]
        old, new = (PREDICT(each, batch.inputs).log_softmax(1) for each in (start(), after))
        moved.append((old.exp() * (old - new)).sum(1).mean().item())
    assert moved[1] < 0.1 * moved[0]
