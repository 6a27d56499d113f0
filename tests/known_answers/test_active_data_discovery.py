"""Active Data Discovery: every pick is that of the determinants themselves, of gradients taken by autograd.

f(A | P) = log det(S_A + I - nu² S_AP (S_P + I)^-1 S_PA), the conditional gain of decile-team/submodlib.
"""

import pytest
import torch
from pools import acquisition, pool
from torch.nn.functional import cross_entropy, linear

from robustpath.core.randomness import generator


def last_layer_gradients(view, weight):
    """Of weights and bias together, one example at a time; the label is the predicted class where it is not known."""
    labels = view.logits.argmax(1)
    labels[view.labelled] = view.labels
    rows = []
    for feature, label in zip(view.representations["penultimate"].double(), labels, strict=True):
        layer = [weight.double().clone().requires_grad_(), torch.zeros(len(weight)).double().requires_grad_()]
        loss = cross_entropy(linear(feature[None], *layer), label[None])
        rows.append(torch.cat([part.flatten() for part in torch.autograd.grad(loss, layer)]))
    return torch.stack(rows)


@pytest.fixture(scope="module")
def setting():
    view = pool(40, 12, 3)
    weight = torch.randn(3, 5, generator=generator("w"))
    view = view._replace(logits=view.representations["penultimate"] @ weight.T)
    gradients = last_layer_gradients(view, weight)
    lengths = gradients.norm(dim=1)
    return view, gradients @ gradients.T / (lengths[:, None] * lengths)


@pytest.mark.parametrize("hardness", [0.5, 1.0])
def test_every_pick_has_the_largest_gain(setting, hardness):
    view, kernel = setting
    known = view.labelled.tolist()
    inverse = torch.linalg.inv(kernel[known][:, known] + torch.eye(len(known)))

    def value(chosen):
        across = kernel[chosen][:, known]
        return torch.logdet(
            kernel[chosen][:, chosen] + torch.eye(len(chosen)) - hardness**2 * across @ inverse @ across.T
        )

    chosen = []
    for _ in range(8):
        rest = [position for position in view.unlabelled.tolist() if position not in chosen]
        chosen.append(max(rest, key=lambda position, chosen=chosen: float(value([*chosen, position]))))
    taken = acquisition("active_data_discovery", hardness=hardness)(view, 8, generator("a"))
    assert taken.tolist() == chosen


def test_at_full_hardness_the_value_is_a_ratio_of_determinants(setting):
    view, kernel = setting
    taken = acquisition("active_data_discovery")(view, 4, generator("b")).tolist()
    known = view.labelled.tolist()

    def log_determinant(positions):
        return torch.logdet(kernel[positions][:, positions] + torch.eye(len(positions)))

    rest = view.unlabelled.tolist()
    gains = [log_determinant([*known, position]) - log_determinant(known) for position in rest]
    assert taken[0] == rest[int(torch.stack(gains).argmax())]


def test_a_copy_of_a_labelled_example_comes_after_what_is_new():
    view = pool(8, 3, 2)
    features = torch.tensor([[9.0, 0], [9, 0], [9, 0], [9, 0], [0, 9], [0, -9], [9, 0], [9, 0]])
    view = view._replace(
        representations={"penultimate": features},
        logits=torch.tensor([1.0, 0]).expand(8, 2),
        labelled=torch.arange(3),
        labels=torch.zeros(3, dtype=torch.int64),
        unlabelled=torch.arange(3, 8),
    )
    taken = acquisition("active_data_discovery")(view, 5, generator("c"))
    assert sorted(taken[:2].tolist()) == [4, 5]
