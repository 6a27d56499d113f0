"""MonoLoss and the non-negative contrast: the arithmetic of the authors' programs, pair by pair."""

import math

import pytest
import torch
from torch.nn.functional import cross_entropy

from robustpath.methods.base import grad
from robustpath.methods.shortcuts.mono_loss import scores
from robustpath.methods.shortcuts.non_negative_contrast import contrast

from .activations import BATCH, LABELS, descended, forward, start, stepped
from .conftest import double

E = math.exp(10)  # of a cosine of 1 at the temperature .1


def cosine(a, b):
    return (a * b).sum() / (a.square().sum() * b.square().sum()).sqrt()


def slow_contrast(features, labels):
    """simclr_loss_func of PKU-ML/non_neg at 49b5922 on F.normalize of the features, with targets for its indexes."""
    found = []
    for i, row in enumerate(features):
        others = [(labels[k] == labels[i], torch.exp(cosine(row, h) / 0.1)) for k, h in enumerate(features) if k != i]
        if any(alike for alike, _ in others):
            alike, whole = sum(e for same, e in others if same), sum(e for _, e in others)
            found.append(-torch.log(alike / whole))
    return sum(found) / len(found)


def test_one_unit_for_each_label_by_hand():
    """Two examples of each of three labels: of the five others, one with cosine 1 and four with 0; sizes do not count.
    All on one unit: one of five alike."""
    labels = torch.tensor([0, 0, 1, 1, 2, 2])
    code = torch.eye(3, dtype=torch.float64).repeat_interleave(2, 0) * double([1, 5, 2, 1, 1, 9])[:, None]
    assert contrast(code, labels).item() == pytest.approx(-math.log(E / (E + 4)), rel=1e-9)
    assert contrast(torch.ones_like(code), labels).item() == pytest.approx(math.log(5))


def test_an_example_without_a_partner_or_without_an_active_unit():
    """The third has no partner; the second is off, so its cosines are 0: ln((1 + 1) / 1) for it and for the first."""
    features, labels = double([[1.0, 0.0], [0.0, 0.0], [0.0, 2.0]]), torch.tensor([4, 4, 1])
    assert contrast(features, labels).item() == pytest.approx(math.log(2))
    assert contrast(features, torch.tensor([0, 1, 2])).item() == 0.0
    for own in (labels, torch.tensor([0, 1, 2])):
        assert grad(contrast)(features, own).isfinite().all()


def slow_scores(examples, values):
    """compute_monosemanticity_ref of AtlasAnalyticsLab/MonoLoss at 34693ce, sae/loss.py: all pairs i < k."""
    found = []
    for column in values.T:
        a = (column - column.min()) / (column.max() - column.min() + 1e-8)
        pairs = [(i, k) for i in range(len(a)) for k in range(i + 1, len(a))]
        weight = sum(a[i] * a[k] for i, k in pairs)
        similar = sum(a[i] * a[k] * cosine(examples[i], examples[k]) for i, k in pairs)
        found.append(similar / weight if weight > 1e-8 else torch.zeros((), dtype=torch.float64))
    return torch.stack(found)


def test_scores_by_hand():
    """Examples e1, 2 e1, e2, -e1. A unit on for the first two: 1; for the first and the last: -1; for the first and the
    third: 0; a quarter on for the last as well as on for the first two: (1 - 1/4 - 1/4) / (1 + 1/4 + 1/4). On for one
    example or for none: 0."""
    examples = double([[1.0, 0.0], [2.0, 0.0], [0.0, 3.0], [-1.0, 0.0]])
    values = double([[1, 3, 2, 4, 0, 0], [1, 0, 0, 4, 5, 0], [0, 0, 2, 0, 0, 0], [0, 3, 0, 1, 0, 0]])
    expected = [1.0, -1.0, 0.0, 1 / 3, 0.0, 0.0]
    assert scores(examples, values).tolist() == pytest.approx(expected, abs=1e-7)
    assert slow_scores(examples, values).tolist() == pytest.approx(expected, abs=1e-7)
    assert grad(lambda h: scores(examples, h).sum())(values).isfinite().all()


def test_scores_without_pairs_are_those_of_all_pairs():
    draw = torch.Generator().manual_seed(3)
    examples = torch.randn(9, 4, generator=draw, dtype=torch.float64)
    values = torch.randn(9, 5, generator=draw, dtype=torch.float64).clamp_min(0)
    torch.testing.assert_close(scores(examples, values), slow_scores(examples, values), rtol=1e-9, atol=1e-12)


SLOW = {
    "non_negative_contrast": lambda second: slow_contrast(second, LABELS),
    "mono_loss": lambda second: (1 - slow_scores(BATCH.inputs, second)).sum(),
}


@pytest.mark.parametrize("name", SLOW)
def test_a_step_descends_the_sum(name):
    """Biases above 0 turn on a unit of every example, where the slow cosine is defined."""
    params = start()
    params["3.bias"] += 1.0
    found, _, info = stepped(name, params=params, strength=0.7)

    def objective(params):
        _, second, logits = forward(params, BATCH.inputs)
        return cross_entropy(logits, LABELS) + 0.7 * SLOW[name](second)

    assert info["loss"].item() == pytest.approx(objective(params).item(), rel=1e-7)
    for key, tensor in descended(objective, params).items():
        torch.testing.assert_close(found[key], tensor, rtol=1e-6, atol=1e-8, msg=key)
