"""DFR: the last layer is the L1 logistic regression of scikit-learn, and nothing else changes."""

import numpy as np
import pytest
import torch
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler

from robustpath.engine.plan import phases
from robustpath.methods.base import Batch, Context
from robustpath.models.functional import activations, initialise
from robustpath.models.mlp import mlp

from .conftest import bound, double

STRENGTH, COUNT = 0.03, 120


@pytest.fixture(scope="module")
def refitted():
    """A network before and after 1,500 steps of the second phase, its features and the labels."""
    draw = torch.Generator().manual_seed(0)
    model = mlp(4, [6], 2)
    start = {name: tensor.double() for name, tensor in initialise(model, draw).items()}
    inputs = torch.randn(COUNT, 4, generator=draw, dtype=torch.float64)
    labels = (inputs[:, 0] + 0.8 * torch.randn(COUNT, generator=draw, dtype=torch.float64) > 0).long()
    (_, first), (_, method) = phases(bound("dfr", strength=STRENGTH))
    assert first.needs.keys() == method.needs.keys() == {"balanced"}, "both keep the hold-out out of the batches"
    look, params, state = activations(model), start, method.init(start)
    context = Context(double(0.5), {"balanced": Batch(inputs, labels)}, None, look)
    for _ in range(1500):
        params, state, _ = method.step(None, params, state, Batch(inputs[:1], labels[:1]), context)
    features, logits = list(look(params, inputs).values())[-2:]
    return start, params, features.numpy(), logits, labels.numpy()


def test_the_features_stay(refitted):
    start, params, *_ = refitted
    assert [name for name in start if not torch.equal(start[name], params[name])] == list(start)[-2:]


def test_the_last_layer_is_that_of_scikit_learn(refitted):
    """Two weights w / 2 and -w / 2 have the norm of w, so the softmax of two classes is the logistic regression with
    C = 1 / (n strength) on standardised features."""
    *_, features, logits, labels = refitted
    scaled = StandardScaler().fit_transform(features)
    expected = LogisticRegression(l1_ratio=1, C=1 / (COUNT * STRENGTH), solver="saga", tol=1e-10, max_iter=20_000)
    expected.fit(scaled, labels)
    assert 0 < np.count_nonzero(np.abs(expected.coef_) > 1e-4) < scaled.shape[1], "some weights are zero and some not"
    difference = (logits[:, 1] - logits[:, 0]).numpy()
    assert difference == pytest.approx(expected.decision_function(scaled), abs=2e-3)
