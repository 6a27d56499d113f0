"""The bands on made-up accuracies, the training against a plain loop, and what a short run says."""

from pathlib import Path

import pytest
import quick_yaml
import torch

from robustpath.data.prepared import Prepared
from robustpath.data.splits import split
from robustpath.theory import known_streams as case
from robustpath.theory.known_streams import FEW, MANY, NOISY, Key

ROOT = Path(__file__).parents[2]
SHORT = {"batches": 2, "steps": 2, "seeds": 2}
# What the pilot measured, within its bands.
PILOT = {
    Key("split", "SGD"): 0.19,
    Key("split", "slow ball"): 0.86,
    Key("split", "ER"): 0.886,
    Key("split", "DER++"): 0.94,
    Key("split", "ridge", 1): 0.992,
    Key("split", "EWC"): 0.20,
    Key("split", "LwF"): 0.20,
    Key("permuted", "DER++"): 0.928,
    Key("permuted", "slow ball"): 0.899,
    Key("permuted", "ER"): 0.852,
    Key("permuted", "replay ball"): 0.695,
    Key("permuted", "SGD"): 0.528,
    Key("permuted", "EWC"): 0.54,
    Key("permuted", "SGD", FEW, NOISY): 0.458,
    Key("permuted", "SGD", MANY, NOISY): 0.366,
    Key("permuted", "ER", FEW, NOISY): 0.641,
    Key("permuted", "ER", MANY, NOISY): 0.607,
    Key("permuted", "DER", FEW, NOISY): 0.726,
    Key("permuted", "DER", MANY, NOISY): 0.757,
    Key("permuted", "slow ball", FEW, NOISY): 0.731,
    Key("permuted", "slow ball", MANY, NOISY): 0.775,
}


def held(accuracy):
    last = case.claims(accuracy)[-1]
    return last.value, last.expected


def test_the_bands_hold_for_what_the_pilot_measured():
    assert held(PILOT) == (18, 18)
    assert {row.source for row in case.claims(PILOT)} == {case.SOURCE}


@pytest.mark.parametrize(
    ("key", "value"),
    [
        (Key("split", "SGD"), 0.139),
        (Key("split", "SGD"), 0.201),
        (Key("split", "slow ball"), 0.75),
        (Key("split", "ER"), 0.80),
        (Key("split", "DER++"), 0.88),
        (Key("split", "ridge", 1), 0.98),
        (Key("split", "EWC"), 0.30),
        (Key("split", "LwF"), 0.30),
        (Key("permuted", "DER++"), 0.898),
        (Key("permuted", "DER++"), 0.960),
        (Key("permuted", "ER"), 0.900),
        (Key("permuted", "ER"), 0.694),
        (Key("permuted", "replay ball"), 0.527),
        (Key("permuted", "EWC"), 0.528),
        (Key("permuted", "SGD", FEW, NOISY), 0.366),
        (Key("permuted", "ER", FEW, NOISY), 0.606),
        (Key("permuted", "DER", MANY, NOISY), 0.726),
        (Key("permuted", "slow ball", MANY, NOISY), 0.730),
    ],
)
def test_a_value_beyond_its_band_is_one_band_fewer(key, value):
    assert held(PILOT | {key: value}) == (17, 18)


def test_every_accuracy_that_a_band_reads_is_trained():
    trained = {
        Key(each.stream.kind, each.arm.title, each.steps, level) for each in case.TRIALS for level in each.levels
    }
    assert trained == set(PILOT)


def test_only_long_streams_with_the_steps_of_the_pilot_are_judged(monkeypatch):
    def made_up(trial, settings, prepared):
        keys = [Key(trial.stream.kind, trial.arm.title, trial.steps, level) for level in trial.levels]
        return {key: [PILOT[key] - 0.01, PILOT[key] + 0.01] for key in keys}

    monkeypatch.setattr(case, "accuracies", made_up)
    long = case.run({"batches": 50, "steps": MANY, "seeds": 2})
    assert long["value"].iloc[-1] == long["expected"].iloc[-1] == 18
    assert len(long) == 2 * len(PILOT) + 19
    judged = dict(zip(long["quantity"], long["value"], strict=True))
    assert judged["accuracy of SGD, at least"] == pytest.approx(PILOT[Key("split", "SGD")])  # the mean over seeds
    for shorter in ({"batches": 49, "steps": MANY}, {"batches": 50, "steps": MANY - 1}):
        assert case.run({**shorter, "seeds": 2})["expected"].isna().all()


def test_the_laptop_scale_and_the_cluster_are_judged_and_the_smoke_scale_is_not():
    scales = quick_yaml.loaded((ROOT / "config.yaml").read_text(encoding="utf-8"))["scales"]
    for name, scale in scales.items():
        own = scale["theory"]["known_streams"]
        assert (own["batches"] >= case.JUDGED and own["steps"] == MANY) == (name != "smoke")
    assert scales["cluster"]["theory"]["known_streams"]["batches"] == case.PERMUTED.batches


def test_whole_tasks_have_the_training_examples_that_there_are():
    own = case.SETTING
    train = split(case.digits(), own["dataset"], 0, own["validation_size"], own["test_size"]).train
    assert len(train) == 10 * case.PERMUTED.batches
    assert len(train) // 5 // 10 == case.BY_CLASS.batches


def test_training_is_that_of_a_plain_loop(monkeypatch):
    """Plain steps on each batch in its order, clipped at 5, from the cell's own start, for every level and seed."""
    seen = []

    def kept(cell, params, seed, prepared):
        seen.append((cell, params, seed))
        return 0.1 * len(seen)

    monkeypatch.setattr(case, "at_the_end", kept)
    trial = case.Trial(case.PERMUTED, case.SGD, MANY, (0.0, NOISY))
    found = case.accuracies(trial, SHORT, case.digits())
    assert found == {
        Key("permuted", "SGD"): pytest.approx([0.1, 0.2]),
        Key("permuted", "SGD", MANY, NOISY): pytest.approx([0.3, 0.4]),
    }
    ends = []
    for place, (cell, params, seed) in enumerate(seen):
        assert seed == place % 2
        stream = cell.streams[seed]
        labels = cell.data.labels[place // 2].reshape(2, -1)[seed]
        assert torch.equal(labels, stream.labels) == (place < 2)
        weights = {name: tensor.clone() for name, tensor in cell.begins(case.Run(0.0, 0.0, seed, 0)).items()}
        for batch in range(10):
            mine = slice(10 * batch, 10 * batch + 10)
            for _ in range(2):
                leaves = {name: tensor.requires_grad_() for name, tensor in weights.items()}
                loss = torch.nn.functional.cross_entropy(cell.network(leaves, stream.inputs[mine]), labels[mine])
                slopes = torch.autograd.grad(loss, list(leaves.values()))
                size = torch.cat([slope.flatten() for slope in slopes]).norm().clamp_min(5)
                pairs = zip(leaves.items(), slopes, strict=True)
                weights = {name: (leaf - 0.1 * 5 / size * slope).detach() for (name, leaf), slope in pairs}
        for name, tensor in weights.items():
            assert torch.allclose(params[name], tensor, atol=1e-5), name
        ends.append(torch.cat([tensor.flatten() for tensor in params.values()]))
    assert min((first - second).norm() for k, first in enumerate(ends) for second in ends[:k]) > 1e-2


class Made:
    """A cell of which only the network and the settings are used."""

    def __init__(self, kind, network):
        self.settings = case.SETTING | {"stream": kind, "examples": 10}
        self.network = lambda params, inputs: network(inputs)


@pytest.fixture(scope="module")
def marked():
    """Inputs that are label + 1 at the place of the label, 0 elsewhere."""
    labels = torch.arange(1000) % 10
    inputs = torch.nn.functional.one_hot(labels, 10) * (labels + 1.0)[:, None]
    return Prepared(inputs, labels, torch.zeros(1000, dtype=torch.bool))


def test_the_accuracy_is_over_all_test_examples_of_every_task(marked):
    def by_sum(inputs):
        return -(inputs.sum(1, keepdim=True) - torch.arange(1.0, 11)).abs()

    def three_classes(inputs):
        return torch.where(torch.arange(10) < 3, by_sum(inputs), -99.0)

    for kind in ("permuted", "split"):
        assert case.at_the_end(Made(kind, by_sum), {}, 0, marked) == 1.0
        assert case.at_the_end(Made(kind, three_classes), {}, 0, marked) == pytest.approx(0.3)
    assert case.at_the_end(Made("split", lambda inputs: inputs), {}, 0, marked) == 1.0
    assert case.at_the_end(Made("permuted", lambda inputs: inputs), {}, 0, marked) < 0.5
