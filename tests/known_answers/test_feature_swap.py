"""Feature swap: the arithmetic of the authors' program, kakaoenterprise/Learning-Debiased-Disentangled at b23027c."""

import pytest
import torch
from torch import nn
from torch.nn.functional import cross_entropy

from robustpath.core.errors import UserError
from robustpath.methods.base import Batch, Context, grad
from robustpath.methods.shortcuts.feature_swap import difficulty, generalised, two_encoders
from robustpath.models.functional import activations, initialise, predict
from robustpath.models.mlp import mlp

from .conftest import bound, double

PLAIN = {"learning_rate": 0.1, "momentum": 0.0, "weight_decay": 0.0, "warmup": 0.0}
DRAW = torch.Generator().manual_seed(0)
LABELS = torch.tensor([0, 1, 2, 0, 1, 0])
BATCH = Batch(torch.randn(6, 4, generator=DRAW, dtype=torch.float64), LABELS)
MODEL = mlp(4, [6, 7], 3)  # encoders of 3, 3 and of 3, 4 units
ORDER = [1, 4, 3, 5, 0, 2]


def start():
    return {name: tensor.double() for name, tensor in initialise(MODEL, torch.Generator().manual_seed(1)).items()}


def noise():
    """Normal numbers of which the third to the eighth are in the order ORDER."""
    numbers = torch.zeros(6 * 4, dtype=torch.float64)
    numbers[2 + torch.tensor(ORDER)] = torch.arange(6, dtype=torch.float64)
    return {"1.weight": numbers.reshape(6, 4)}


def context(progress):
    return Context(double(progress), {"noise": noise()}, predict(MODEL), activations(MODEL))


def after_steps(progress, **hyperparameters):
    """Parameters, state and what is reported after a step at each progress."""
    method, params = bound("feature_swap", **PLAIN | hyperparameters), start()
    state = method.init(params)
    for value in progress:
        params, state, info = method.step(None, params, state, BATCH, context(value))
    return method.readout(params, state), state, info


class Separate(nn.Module):
    """An encoder of its own, and a head that reads the features of two."""

    def __init__(self, rows, columns):
        super().__init__()
        params = start()
        self.first, self.second, self.fc = nn.Linear(4, 3), nn.Linear(3, rows.stop - rows.start), nn.Linear(7, 3)
        values = [params["1.weight"][columns], params["1.bias"][columns], params["3.weight"][rows, columns]]
        values += [params["3.bias"][rows], params["5.weight"], params["5.bias"]]
        for own, value in zip(self.parameters(), values, strict=True):
            own.data = value.clone()

    def extract(self, x):
        return self.second(self.first(x).relu()).relu()


def slow_loss(intrinsic, bias, *, bias_weight, swap_weight):
    """The objective of train_ours, example by example, with the losses of the batch for the moving averages."""
    count = len(LABELS)
    z_i = [intrinsic.extract(x[None])[0] for x in BATCH.inputs]
    z_b = [bias.extract(x[None])[0] for x in BATCH.inputs]

    def by_intrinsic(n, m):
        return cross_entropy(intrinsic.fc(torch.cat([z_i[n], z_b[m].detach()])), LABELS[n])

    def by_bias(n, m):
        logits = bias.fc(torch.cat([z_i[n].detach(), z_b[m]]))
        return cross_entropy(logits, LABELS[m]) * 0.7 * logits.softmax(0)[LABELS[m]].detach() ** 0.7

    def plain(n):
        return cross_entropy(bias.fc(torch.cat([z_i[n], z_b[n]])), LABELS[n]).item()

    total = 0
    for n in range(count):
        same = [m for m in range(count) if LABELS[m] == LABELS[n]]
        c_i = by_intrinsic(n, n).item() / max(by_intrinsic(m, m).item() for m in same)
        c_b = plain(n) / max(plain(m) for m in same)
        weight = c_b / (c_b + c_i + 1e-8)
        total = total + weight * by_intrinsic(n, n) + bias_weight * by_bias(n, n)
        m = ORDER[n]
        total = total + swap_weight * (weight * by_intrinsic(n, m) + bias_weight * by_bias(n, m))
    return total / count


def joined(intrinsic, bias):
    """The perceptron whose halves are two encoders and whose last layer is the intrinsic head."""
    weight = torch.zeros(7, 6, dtype=torch.float64)
    weight[:3, :3], weight[3:, 3:] = intrinsic.second.weight.data, bias.second.weight.data
    first, second = [(intrinsic.first, bias.first), (intrinsic.second, bias.second)]
    return {
        "1.weight": torch.cat([layer.weight.data for layer in first]),
        "1.bias": torch.cat([layer.bias.data for layer in first]),
        "3.weight": weight,
        "3.bias": torch.cat([layer.bias.data for layer in second]),
        "5.weight": intrinsic.fc.weight.data,
        "5.bias": intrinsic.fc.bias.data,
    }


@pytest.mark.parametrize("progress", [[0.1, 0.1], [0.1, 0.6], [0.6, 0.9]])
def test_steps_are_those_of_the_program_on_two_separate_networks(progress):
    """Before swap_start = .5 there is no swap; in the second step the two heads differ. SGD stands for their Adam."""
    found, state, _ = after_steps(progress, bias_weight=2.0, swap_weight=0.4, swap_start=0.5)
    networks = [Separate(slice(0, 3), slice(0, 3)), Separate(slice(3, 7), slice(3, 6))]
    optimiser = torch.optim.SGD([p for network in networks for p in network.parameters()], lr=1.0)
    for value in progress:
        optimiser.zero_grad()
        slow_loss(*networks, bias_weight=2.0, swap_weight=0.4 if value > 0.5 else 0.0).backward()
        optimiser.param_groups[0]["lr"] = 0.1 * 0.5 * (1 + torch.cos(torch.pi * double(value)).item())
        optimiser.step()
    expected = joined(*networks)
    assert found.keys() == expected.keys()
    for name, tensor in expected.items():
        torch.testing.assert_close(found[name], tensor, msg=name)
    torch.testing.assert_close(state.bias_head["weight"], networks[1].fc.weight.data)
    torch.testing.assert_close(state.bias_head["bias"], networks[1].fc.bias.data)


def test_what_is_evaluated_is_the_intrinsic_head_on_the_features_of_both():
    """As evaluate_ours of the program does by default; the halves of the perceptron touch each other nowhere else."""
    networks = [Separate(slice(0, 3), slice(0, 3)), Separate(slice(3, 7), slice(3, 6))]
    features = torch.cat([network.extract(BATCH.inputs) for network in networks], 1)
    torch.testing.assert_close(predict(MODEL)(two_encoders(start()), BATCH.inputs), networks[0].fc(features))


def test_generalised_cross_entropy():
    """Zhang & Sabuncu 2018: L_q = (1 - p^q) / q, whose gradient is p^q times that of -log p. The program
    (module/loss.py at 6b4ba65) multiplies by q."""
    logits = torch.randn(3, generator=torch.Generator().manual_seed(2), dtype=torch.float64)
    p = logits.softmax(0)[1]

    def of_logits(z):
        return generalised(cross_entropy(z, torch.tensor(1)))

    plain = grad(lambda z: cross_entropy(z, torch.tensor(1)))(logits)
    assert of_logits(logits).item() == pytest.approx(0.7 * (1 - p.item() ** 0.7) / 0.7, rel=1e-12)
    torch.testing.assert_close(grad(of_logits)(logits), 0.7 * p**0.7 * plain)
    assert generalised(double([0.0, 800.0])).tolist() == [0.0, 1.0]


def test_the_weights_by_hand():
    """Label 0 has losses 1, 2 and 4, label 1 has 3 alone: divided by the largest, .25, .5, 1 and 1; those of the bias
    head 0, .5, .5 -> 0, 1, 1 and 6 -> 1. Lee et al. 2021, eq. 1: 0, 1 / 1.5, 1 / 2 and 1 / 2."""
    intrinsic, bias, labels = double([1.0, 2.0, 4.0, 3.0]), double([0.0, 0.5, 0.5, 6.0]), torch.tensor([0, 0, 0, 1])
    assert difficulty(intrinsic, bias, labels).tolist() == pytest.approx([0, 2 / 3, 1 / 2, 1 / 2], abs=1e-7)
    nothing = torch.zeros(4, dtype=torch.float64)
    assert difficulty(nothing, nothing, labels).tolist() == [0.0] * 4
    slope = grad(lambda x: difficulty(x, bias, labels).sum())(intrinsic)
    assert slope.tolist() == [0.0] * 4


def test_equal_heads_give_all_weights_one_half_and_a_swap_of_equal_features_changes_nothing():
    """With a constant bias encoder and bias_weight 0, the objective with the swap is twice the one without."""
    constant = {name: tensor.clone() for name, tensor in start().items()}
    constant["3.weight"][3:], constant["3.bias"][3:] = 0.0, 1.0
    method = bound("feature_swap", **PLAIN, bias_weight=0.0, swap_weight=1.0, swap_start=0.5)
    losses = []
    for progress in (0.4, 0.6):
        *_, info = method.step(None, constant, method.init(constant), BATCH, context(progress))
        losses.append(info["loss"].item())
    expected = cross_entropy(predict(MODEL)(two_encoders(constant), BATCH.inputs), LABELS).item() / 2
    assert losses == pytest.approx([expected, 2 * expected], rel=1e-7)


def test_a_layer_that_has_no_two_halves_is_refused():
    with pytest.raises(UserError, match="set no width in `hidden`"):
        two_encoders(initialise(mlp(4, [3, 1], 2), torch.Generator().manual_seed(0)))
