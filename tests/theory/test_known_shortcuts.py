"""The bands on made-up values, the training against a plain loop, and the orders in which examples are met."""

from pathlib import Path

import pytest
import quick_yaml
import torch

from robustpath.methods.shortcuts.group_dro import group_dro
from robustpath.methods.shortcuts.jtt import jtt
from robustpath.theory import known_shortcuts as case

ROOT = Path(__file__).parents[2]
# What the pilot measured, within its bands.
PILOT = {
    "plain": 0.60,
    "equal weights": 0.87,
    "Group DRO in time": 0.86,
    "Group DRO at the end": 0.62,
    "JTT, weight 30": 0.87,
    "JTT, weight 10": 0.81,
    "DFR": 0.90,
    "JTT's errors that are of the minority": 0.95,
    "minority among JTT's errors": 0.96,
    "minority first": 0.12,
    "minority at random": 0.70,
    "minority last": 0.83,
    "minority first, then at random": 0.73,
    "minority at random, then at random": 0.74,
    "minority last, then at random": 0.70,
}


def held(found):
    last = case.claims(found)[-1]
    return last.value, last.expected


@pytest.fixture
def small(monkeypatch):
    monkeypatch.setattr(case, "EXAMPLES", 400)
    monkeypatch.setattr(case, "EACH", 50)


def test_the_bands_hold_for_what_the_pilot_measured():
    assert held(PILOT) == (17, 17)
    assert {row.source for row in case.claims(PILOT)} == {case.SOURCE}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("plain", 0.53),
        ("plain", 0.67),
        ("equal weights", 0.80),
        ("Group DRO in time", 0.79),
        ("Group DRO at the end", 0.69),
        ("JTT, weight 30", 0.80),
        ("JTT, weight 10", 0.74),
        ("DFR", 0.83),
        ("DFR", 0.934),
        ("JTT's errors that are of the minority", 0.88),
        ("minority among JTT's errors", 0.89),
        ("minority first", 0.31),
        ("minority last", 0.74),
        ("minority at random", 0.31),
        ("minority at random", 0.84),
        ("minority last, then at random", 0.63),
    ],
)
def test_a_value_beyond_its_band_is_one_band_fewer(name, value):
    assert held(PILOT | {name: value}) == (16, 17)


def test_an_accuracy_below_60_after_a_second_pass_is_missed_even_without_a_difference():
    names = [name for name in PILOT if "then" in name]
    assert held(PILOT | dict.fromkeys(names, 0.59)) == (16, 17)


def test_every_value_that_a_band_reads_is_measured_and_a_short_run_is_not_judged(small):
    found = case.run({"passes": 2, "seeds": 2})
    assert set(found["quantity"]) == set(PILOT)
    assert len(found) == 2 * len(PILOT)
    assert found["expected"].isna().all()


def test_only_the_passes_of_the_pilot_are_judged(monkeypatch):
    wide = {name: [value - 0.01, value + 0.01] for name, value in PILOT.items()}
    monkeypatch.setattr(case, "of_weights", lambda passes, seeds: wide)
    monkeypatch.setattr(case, "of_order", lambda seeds: {})
    found = case.run({"passes": case.LONG, "seeds": 2})
    assert found["value"].iloc[-1] == found["expected"].iloc[-1] == 17
    assert case.run({"passes": case.LONG - 1, "seeds": 2})["expected"].isna().all()
    scales = quick_yaml.loaded((ROOT / "config.yaml").read_text(encoding="utf-8"))["scales"]
    long = {name: scale["theory"]["known_shortcuts"]["passes"] == case.LONG for name, scale in scales.items()}
    assert long == {"smoke": False, "laptop": True, "cluster": True}


def test_skewed_groups_have_their_correlation_and_tests_equal_groups():
    train, test = case.groups(2, "train", 0.97), case.groups(2, "test", 0.97, 100)
    assert (train.attributes == train.labels).double().mean(1).tolist() == pytest.approx([0.97, 0.97], abs=0.01)
    assert all(torch.bincount(own).tolist() == [100] * 4 for own in test.numbers())
    assert not torch.equal(train.inputs[0], train.inputs[1])


def test_training_is_that_of_pytorchs_adam(small):
    """Two passes at a constant rate from the case's own start, one network after the other."""
    train, order = case.groups(2, "train", 0.97), case.shuffled(2)
    *_, params = case.learnt(case.adam(), case.starts(2), train, order, 2, 100)[0]
    for seed in range(2):
        leaves = {name: tensor[seed].clone().requires_grad_() for name, tensor in case.starts(2).items()}
        optimiser = torch.optim.Adam(leaves.values(), lr=2e-3)
        for done in range(2):
            for places in order(done)[seed].split(100):
                optimiser.zero_grad()
                logits = case.NETWORK(leaves, train.inputs[seed, places])
                torch.nn.functional.cross_entropy(logits, train.labels[seed, places]).backward()
                optimiser.step()
        for name, leaf in leaves.items():
            torch.testing.assert_close(params[name][seed], leaf.detach(), rtol=1e-3, atol=1e-5)


def test_in_time_is_the_best_pass_on_validation_and_the_first_of_equal_ones():
    found = case.Course(torch.tensor([[0.1, 0.5, 0.5]]), torch.tensor([[0.9, 0.2, 0.3]]), {}, ())
    assert found.in_time() == pytest.approx([0.2])
    assert found.at_the_end() == pytest.approx([0.3])


def test_errors_of_a_network_that_reads_the_attribute(small, monkeypatch):
    """A network whose logits are the attribute makes every example of the minority an error, and no other."""
    train = case.groups(1, "train", 0.9)
    shown = train._replace(inputs=torch.nn.functional.one_hot(train.attributes, 2).float())
    monkeypatch.setattr(case, "NETWORK", lambda params, inputs: params["w"] * inputs)
    assert case.errors({"w": torch.ones(1)}, shown) == ([1.0], [1.0])
    share = (train.attributes != train.labels).double().mean().item()
    always_wrong = train._replace(inputs=torch.nn.functional.one_hot(1 - train.labels, 2).float())
    assert case.errors({"w": torch.ones(1)}, always_wrong) == (pytest.approx([share]), [1.0])
    assert case.errors({"w": -torch.ones(1)}, shown)[1] == [0.0]


def test_groups_and_hyperparameters_reach_the_methods(small):
    """Equal weights of groups are Group DRO at rate 0; JTT's first training ends after its share."""
    train = case.groups(1, "train", 0.97)

    def end(spec, passes=1, **own):
        return case.learnt(case.method_of(spec, **own), case.starts(1), train, case.shuffled(1), passes, 100)[1]

    even = end(group_dro.spec, group_rate=0.0).weights[0]
    assert even[:5].tolist() == [0.25] * 4 + [0.0]
    uneven = end(group_dro.spec).weights[0, :4]
    assert uneven.std() > 0
    assert [bool(end(jtt.spec, 2, first_training=share).again[0]) for share in (1.0, 0.5)] == [False, True]


def test_the_rate_of_the_second_pass_falls_to_zero():
    """At the share 3/4 of both passes half of the cosine is over: half the rate; the first pass has all of it."""
    method = case.adam(lambda progress: (2 * progress - 1).clamp_min(0.0))
    batch, moved = case.Batch(torch.ones(4, 20), torch.zeros(4, dtype=torch.int64)), []
    params = {name: tensor[0] for name, tensor in case.starts(1).items()}
    for share in (0.25, 0.75, 1.0):
        context = case.Context(torch.tensor(share))
        after, *_ = method.step(case.LOSS, params, method.init(params), batch, context)
        moved.append(max(float((after[name] - params[name]).abs().max()) for name in params))
    assert moved == pytest.approx([2e-3, 1e-3, 0.0], rel=1e-3, abs=1e-9)


def test_every_example_of_a_pass_comes_once_with_its_group(small):
    train = case.groups(2, "train", 0.97)

    def step(loss, params, state, batch, context):
        pairs = torch.nn.functional.one_hot(context.given["groups"].labels, 4)
        return params, state + pairs.sum(0), {"loss": torch.zeros(())}

    counted = case.Method(lambda params: torch.zeros(4, dtype=torch.int64), step)
    _, state = case.learnt(counted, case.starts(2), train, case.shuffled(2), 1, 100)
    assert torch.equal(state, torch.stack([torch.bincount(own, minlength=4) for own in train.numbers()]))


def test_the_last_layer_alone_is_fitted_and_to_equal_groups(small):
    validation, begun = case.groups(1, "validation", 0.9), case.starts(1)
    ended = case.refitted(begun, validation)
    *features, weight, bias = begun
    assert all(torch.equal(begun[name], ended[name]) for name in features)
    assert not torch.equal(begun[weight], ended[weight]) and not torch.equal(begun[bias], ended[bias])
    assert case.worst(ended, validation).item() > max(0.5, case.worst(begun, validation).item())


def test_the_first_pass_is_in_the_order_and_the_second_at_random(small, monkeypatch):
    seen = []

    def kept(method, params, data, order, passes, size):
        rare = [data.labels[0, order(done)[0]] != data.attributes[0, order(done)[0]] for done in range(passes)]
        seen.append(rare)
        return [params] * passes, ()

    monkeypatch.setattr(case, "learnt", kept)
    assert set(case.of_order(1)) == {*list(PILOT)[-6:]}
    one_pass, two_passes = seen[::2], seen[1::2]
    for once, twice in zip(one_pass, two_passes, strict=True):
        assert len(once) == 1 and len(twice) == 2
        assert torch.equal(once[0], twice[0])
    first, random, last = (once[0] for once in one_pass)
    count = int(first.sum())
    assert first[: 2 * count : 2].all() and not first[2 * count :].any()
    assert torch.equal(last, first.flip(0))
    assert random[: 2 * count].sum() < count and random[-2 * count :].sum() < count
    assert all(torch.equal(twice[1], two_passes[0][1]) for twice in two_passes)
    assert not torch.equal(two_passes[1][0], two_passes[1][1])
