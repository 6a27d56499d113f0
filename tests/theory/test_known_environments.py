"""The bands on made-up values, the coloured digits, and the training of the authors' program in a plain loop."""

import math
from pathlib import Path

import pytest
import quick_yaml
import torch
from torch.nn.functional import binary_cross_entropy_with_logits

from robustpath.theory import known_environments as case
from robustpath.theory import known_shortcuts

ROOT = Path(__file__).parents[2]
# What the pilot measured, and what arithmetic gives where it did not.
PILOT = {
    "IRM, training": 0.77,
    "IRM, test": 0.54,
    "plain, training": 0.90,
    "plain, test": 0.26,
    "grey, training": 0.75,
    "grey, test": 0.75,
    "the attribute alone: agreement of the steps": 0.999,
    "the attribute alone: agreement of the best split": 0.999,
    "the attribute alone: objective of the steps, as share of the largest": 1.0,
    "attribute and core: agreement of the steps": 0.85,
    "attribute and core: agreement of the best split": 0.85,
    "attribute and core: objective of the steps, as share of the largest": 1.0,
    "the best rule: agreement of the steps": 0.68,
    "the best rule: agreement of the best split": 0.68,
    "the best rule: objective of the steps, as share of the largest": 1.0,
}


def held(found):
    last = case.claims(found)[-1]
    return last.value, last.expected


def test_the_bands_hold_for_what_the_pilot_measured():
    assert held(PILOT) == (11, 11)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("IRM, test", 0.76),
        ("IRM, test", 0.49),
        ("plain, test", 0.51),
        ("grey, test", 0.79),
        ("plain, training", 0.79),
        ("the attribute alone: agreement of the steps", 0.994),
        ("the attribute alone: agreement of the best split", 0.994),
        ("the attribute alone: objective of the steps, as share of the largest", 0.89),
        ("attribute and core: agreement of the steps", 0.74),
        ("attribute and core: agreement of the steps", 0.96),
        ("the best rule: agreement of the best split", 0.63),
        ("the best rule: agreement of the best split", 0.73),
    ],
)
def test_a_value_beyond_its_band_is_one_band_fewer(name, value):
    assert held(PILOT | {name: value}) == (10, 11)


def test_every_value_that_a_band_reads_is_measured_and_a_short_run_is_not_judged():
    found = case.run({"digit_steps": 2, "split_steps": 2, "seeds": 2})
    assert set(found["quantity"]) == set(PILOT)
    assert len(found) == 2 * len(PILOT)
    assert found["expected"].isna().all()


def test_only_whole_runs_are_judged(monkeypatch):
    wide = {name: [value - 0.0005, value + 0.0005] for name, value in PILOT.items()}
    monkeypatch.setattr(case, "of_digits", lambda steps, seeds: wide)
    monkeypatch.setattr(case, "of_splits", lambda steps, seeds: {})
    whole = {"digit_steps": case.STEPS, "split_steps": case.ASCENT, "seeds": 2}
    assert case.run(whole)["value"].iloc[-1] == 11
    for key in ("digit_steps", "split_steps"):
        assert case.run(whole | {key: 10})["expected"].isna().all()
    scales = quick_yaml.loaded((ROOT / "config.yaml").read_text(encoding="utf-8"))["scales"]
    own = {name: scale["theory"]["known_environments"] for name, scale in scales.items()}
    judged = {name: (each["digit_steps"], each["split_steps"]) == (501, 10_000) for name, each in own.items()}
    assert judged == {"smoke": False, "laptop": True, "cluster": True}


def test_digits_have_the_colours_of_their_environments_and_noisy_labels():
    """Shares of the rarer colour .2, .1 and .9; a wrong label in a quarter; an image is empty in the other colour."""
    training, test = case.digits(0)
    assert (len(training.labels), len(test.labels)) == (1198, 599)
    assert training.members.sum(0).tolist() == [599, 599]
    for data, column, share in ((training, 0, 0.2), (training, 1, 0.1), (test, 0, 0.9)):
        inside = data.members[:, column] > 0
        weights = data.images[inside].unflatten(1, (2, 64)).sum(2)
        assert ((weights > 0).sum(1) == 1).all()
        other = (weights.argmax(1) != data.labels[inside]).double().mean().item()
        assert other == pytest.approx(share, abs=0.05)  # three standard errors
    assert not torch.equal(test.labels, case.digits(1)[1].labels)


def test_a_quarter_of_the_labels_is_flipped(monkeypatch):
    noisy = case.digits(0)[0].labels
    monkeypatch.setattr(case, "FLIPPED", 0.0)
    clean = case.digits(0)[0].labels
    assert (noisy != clean).double().mean().item() == pytest.approx(0.25, abs=0.04)
    assert clean.double().mean().item() == pytest.approx(0.5, abs=0.05)


def test_grey_sees_a_digit_and_no_colour():
    data = case.digits(0)[0]
    swapped = data.images.unflatten(1, (2, 64)).flip(1).flatten(1)
    assert torch.equal(case.seen(case.ARMS["grey"], data.images), case.seen(case.ARMS["grey"], swapped))
    assert not torch.equal(case.seen(case.ARMS["IRM"], data.images), case.seen(case.ARMS["IRM"], swapped))


def by_the_program(data, arm, start, model, share):
    """The loop of colored_mnist/main.py, InvariantRiskMinimization at 0db3fb2; logits at the end."""
    leaves = [tensor.clone().requires_grad_() for tensor in start.values()]
    optimiser = torch.optim.Adam(leaves, lr=arm.rate)
    for step in range(round(share * arm.steps)):
        risks, penalties = [], []
        for column in range(2):
            inside = data.members[:, column] > 0
            outputs, labels = model(leaves, data.images[inside]), data.labels[inside].float()
            scale = torch.ones((), requires_grad=True)
            risks.append(binary_cross_entropy_with_logits(outputs, labels))
            risk = binary_cross_entropy_with_logits(outputs * scale, labels)
            penalties.append(torch.autograd.grad(risk, [scale], create_graph=True)[0] ** 2)
        weight = 1.0 if step < arm.plain * share else arm.penalty
        norm = sum(leaf.norm().pow(2) for leaf in leaves)
        loss = torch.stack(risks).mean() + arm.decay * norm + weight * torch.stack(penalties).mean()
        if weight > 1.0:
            loss = loss / weight
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    return model(leaves, data.images)


@pytest.mark.parametrize("name", ["IRM", "plain"])
def test_training_is_that_of_the_authors_program(name):
    """Five steps, of which two come before the penalty of IRM counts in full."""
    data, arm = case.digits(0)[0], case.ARMS[name]._replace(width=16, steps=5, rate=0.01)
    arm = arm._replace(plain=min(arm.plain, 2))
    _, start = case.started(128, 16, 0)

    def model(leaves, images):
        first, one, second, two, third, three = leaves
        hidden = torch.relu(torch.relu(images @ first.T + one) @ second.T + two)
        return (hidden @ third.T + three)[:, 0]

    expected = by_the_program(data, arm, start, model, 1.0)
    found = case.trained_on(data, arm, 0, 1.0)(data.images)
    assert (found[:, 0] == 0).all()
    torch.testing.assert_close(found[:, 1], expected, rtol=1e-3, atol=1e-5)


def test_the_start_is_glorots():
    """Weights uniform on ±sqrt(6 / (inputs + outputs)), biases zero."""
    _, start = case.started(128, 100, 0)
    weight, bias, *_ = start.values()
    limit = math.sqrt(6 / 228)
    assert weight.abs().max().item() == pytest.approx(limit, rel=1e-3)
    assert weight.std().item() == pytest.approx(limit / math.sqrt(3), rel=0.02)
    assert not bias.any()


def test_the_best_rule_knows_how_the_groups_are_made():
    """Its odds from the densities of all four groups, by hand in the coordinates before the rotation."""
    train = known_shortcuts.groups(1, "train", 0.97)
    own = case.unmixed(train.inputs[0].double())[:, :4]
    means = {(y, a): torch.zeros(4, dtype=torch.float64) for y in range(2) for a in range(2)}
    for (y, a), mean in means.items():
        mean[y], mean[2 + a] = 3 / math.sqrt(2), 6 / math.sqrt(2)
    density = {pair: torch.exp(-(own - mean).square().sum(1) / 2) for pair, mean in means.items()}
    of_class = torch.stack([0.97 * density[y, y] + 0.03 * density[y, 1 - y] for y in range(2)], 1)
    share = (of_class / of_class.sum(1, keepdim=True)).gather(1, train.labels[0, :, None])[:, 0]
    torch.testing.assert_close(case.best_losses(train)[0], -share.log(), rtol=1e-4, atol=1e-6)


def test_the_integral_is_the_agreement_of_the_best_rules_errors():
    many = known_shortcuts.groups(1, "test", 0.97, 10_000)
    wrong = case.best_losses(many) > math.log(2)
    (found,) = case.agreement(wrong, many.attributes != many.labels)
    assert case.expected_agreement() == pytest.approx(found, abs=0.006)  # three standard errors


def test_agreement_is_balanced_and_takes_either_name():
    rare = torch.tensor([[True, False, False, False, False]])
    assert case.agreement(rare, rare) == case.agreement(~rare, rare) == [1.0]
    assert case.agreement(torch.zeros_like(rare), rare) == [0.5]
    half = torch.tensor([[True, True, False, False, False]])
    assert case.agreement(half, rare) == [0.875]


def test_a_reference_that_sees_the_attribute_alone_sees_no_core(monkeypatch):
    """Exchanging everything but the attribute's coordinates changes no loss."""
    train = known_shortcuts.groups(1, "train", 0.97)
    own = case.unmixed(train.inputs)
    own[..., :2], own[..., 4:] = 7.0, -1.0
    monkeypatch.setattr(case, "unmixed", lambda inputs: own if inputs is other.inputs else inputs @ turn)
    turn = case.rotation(case.Recipe()).float()
    other = train._replace(inputs=train.inputs + 0)
    losses = [case.reference_losses(data, True, 1) for data in (train, other)]
    torch.testing.assert_close(*losses)
    assert not torch.equal(*(case.reference_losses(data, False, 1) for data in (train, other)))
