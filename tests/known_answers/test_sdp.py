"""Scheduled data prior: the ages in its mixture, its confidence, and steps against a plain loop."""

import pytest
import torch
from torch.nn.functional import cross_entropy

from robustpath.methods.batches.sdp import LENGTH, VARIANCE, confidence, rates

from .conftest import bound, double
from .streams import Visit, activations, close, descended, live, random_batch


@pytest.mark.parametrize("age", [20.0, 100.0])
def test_the_ages_in_the_mixture(age):
    """Koh et al. 2023: of all mixtures of two averages, that whose parameters have the mean age `age` and the variance
    0.75 age²; the newest, of age 1, have the weight 0. The weights are what an impulse leaves in both averages."""
    slow, fast = rates(double(age))
    k = torch.arange(200 * int(age), dtype=torch.float64)
    share = fast / (fast - slow)
    weights = share * slow * (1 - slow) ** k + (1 - share) * fast * (1 - fast) ** k
    mean = (weights * (k + 1)).sum()
    assert weights.sum().item() == pytest.approx(1.0, abs=1e-9)
    assert weights[0].item() == pytest.approx(0.0, abs=1e-12)
    assert mean.item() == pytest.approx(age, rel=1e-6)
    assert (weights * (k + 1 - mean).square()).sum().item() == pytest.approx(VARIANCE * age**2, rel=1e-6)


def test_confidence_by_hand():
    """yonseivnl/sdp@c9552ee, methods/sdp.py, cls_pred_mean: of two classes seen, with the mean probabilities 0.8 and
    0.6, the mean is 0.7, 0.2 above chance, times 2/3; a third class has not been seen."""
    rows = torch.zeros(3, LENGTH, dtype=torch.float64)
    rows[0, :2], rows[1, 0] = double([0.9, 0.7]), 0.6
    assert confidence(rows, torch.tensor([2, 1, 0])).item() == pytest.approx(0.2 * 2 / 3, abs=1e-12)
    assert confidence(0.1 * rows, torch.tensor([2, 1, 0])).item() == 0.0
    rows[0] = 0.9  # 250 examples of class 0, of which the last hundred are kept
    assert confidence(rows, torch.tensor([250, 1, 0])).item() == pytest.approx(0.25 * 2 / 3, abs=1e-12)


def network(params, inputs):
    return activations(params, inputs)["logits"]


def begin():
    generator = torch.Generator().manual_seed(5)
    shapes = {"scale": (2,), "weight": (3, 2), "bias": (3,)}
    return {name: torch.randn(shape, generator=generator, dtype=torch.float64) for name, shape in shapes.items()}


def visits(steps):
    return [
        Visit(
            random_batch(40 + n, range(4)), [{"replay": random_batch(60 + 10 * n + s, range(2))} for s in range(steps)]
        )
        for n in range(4)
    ]


def whole(p, inputs, labels, past, sure):
    """The loss of the official program, its rate included."""
    features = inputs * p["scale"]
    logits = features @ p["weight"].T + p["bias"]
    targets = torch.eye(3, dtype=torch.float64)[labels]
    distances = (features - past).square().sum(1)
    slopes = (logits.detach().softmax(1) - targets) @ p["weight"].detach()
    balance = ((slopes**2).sum(1) / (distances.detach() * 4 + 1e-8)).sqrt().mean()
    each = (1 - sure) * cross_entropy(logits, labels, reduction="none") + balance * sure * distances
    return (1 - sure) * each.mean()


def mixed(params, fast, slow, rate_of_slow, rate_of_fast):
    """The body of the mixture under the model's last layer."""
    body = (rate_of_fast * slow["scale"] - rate_of_slow * fast["scale"]) / (rate_of_fast - rate_of_slow)
    return {"scale": body, "weight": params["weight"], "bias": params["bias"]}


@pytest.mark.parametrize("steps", [1, 3])
def test_a_stream_against_the_plain_loop(steps):
    """yonseivnl/sdp@c9552ee, methods/sdp.py: its loss, learning rate, averages and lists of probabilities, on the
    batch and the replayed examples."""
    rate = 0.05
    params = fast = slow = begin()
    pair = [each.item() for each in rates(double(20.0))]
    trace = live(bound("sdp", learning_rate=rate, age=20.0), params, visits(steps), network, activations)
    lists, number, seen = {}, 0, []
    for visit in visits(steps):
        for x, label in zip(visit.batch.inputs, visit.batch.labels.tolist(), strict=True):
            probabilities = network(mixed(params, fast, slow, *pair), x[None]).softmax(1)[0]
            lists.setdefault(label, []).append(probabilities[label].item())
        average = sum(sum(row) / len(row) for row in lists.values()) / len(lists)
        sure = min(max(average - 1 / len(lists), 0), 1) * len(lists) / (len(lists) + 1)
        for given in visit.given:
            inputs = torch.cat([visit.batch.inputs, given["replay"].inputs])
            labels = torch.cat([visit.batch.labels, given["replay"].labels])
            past = inputs * mixed(params, fast, slow, *pair)["scale"]

            def objective(p, inputs=inputs, labels=labels, past=past, sure=sure):
                return whole(p, inputs, labels, past, sure)

            params = descended(params, objective, rate)
            assert trace.infos[number]["confidence"].item() == pytest.approx(sure, abs=1e-12)
            assert close(trace.params[number], params, 1e-10)
            number, seen = number + 1, [*seen, sure]
            slow, fast = (
                {name: old[name] + each * (params[name] - old[name]) for name in params}
                for old, each in zip((slow, fast), pair, strict=True)
            )
    assert max(seen) > 0


def test_a_class_is_judged_by_its_last_hundred_examples():
    """121 examples of class 0 in batches of eleven: the first 21 are overwritten, and the counts say so."""
    method, params = bound("sdp", learning_rate=1e-9, age=20.0), begin()
    stream = [random_batch(80 + n, range(11))._replace(labels=torch.zeros(11, dtype=torch.int64)) for n in range(11)]
    trace = live(method, params, [Visit(b, [{"replay": b}]) for b in stream], network, activations)
    right = torch.cat([network(params, b.inputs).softmax(1)[:, 0] for b in stream])
    assert trace.state.counts.tolist() == [121, 0, 0]
    assert torch.allclose(trace.state.probabilities[0].sort().values, right[-LENGTH:].sort().values, atol=1e-6)
