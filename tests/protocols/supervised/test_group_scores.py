"""Scores of groups against sums by hand, from logits to the rows of a whole evaluation."""

import pandas as pd
import pytest
import torch
from safetensors.torch import save_file

from robustpath import records
from robustpath.core.randomness import generator
from robustpath.data.group_splits import correlated
from robustpath.data.prepared import Prepared, save
from robustpath.models.functional import initialise, predict
from robustpath.models.mlp import mlp
from robustpath.protocols import metrics
from robustpath.protocols.accuracies import of_groups
from robustpath.protocols.supervised import score
from robustpath.protocols.supervised.deals import deal_of
from robustpath.protocols.supervised.group_scores import FACTS

COUNT = 800
SETTINGS = {
    "experiment": "groups",
    "dataset": "gauss_groups",
    "hidden": [5],
    "validation_size": 40,
    "test_size": 80,
    "severities": [1],
    "natural": [],
    "shifts": {"kind": "signal"},
    "device": "cpu",
    "vary": ["split"],
    "correlation": 0.9,
}


def by_hand(logits, labels, attribute):
    """The accuracy of each group that there is, one example after the other."""
    right, seen = {}, {}
    for row, label, value in zip(logits.tolist(), labels.tolist(), attribute.tolist(), strict=True):
        seen[label, value] = seen.get((label, value), 0) + 1
        right[label, value] = right.get((label, value), 0) + (row.index(max(row)) == label)
    return {group: right[group] / seen[group] for group in seen}


@pytest.mark.parametrize(("classes", "attributes"), [(2, 2), (2, 3), (4, 2)])
def test_scores_of_groups_are_sums_by_hand(classes, attributes):
    stream = generator("scores", classes, attributes)
    logits = torch.randn(3, 60, classes, generator=stream)
    labels, attribute = (torch.randint(many, (60,), generator=stream) for many in (classes, attributes))
    attribute[(labels == 1) & (attribute == 0)] = 1  # a group without examples
    found = of_groups(logits, labels, attribute)
    for run in range(3):
        each = by_hand(logits[run], labels, attribute)
        assert len(each) == classes * attributes - 1
        assert found["accuracy_worst_group"][run].item() == pytest.approx(min(each.values()))
        assert found["accuracy_balanced"][run].item() == pytest.approx(sum(each.values()) / len(each))
        single = {name: value for name, value in found.items() if "label" in name}
        if (classes, attributes) != (2, 2):
            assert not single
            continue
        assert {name: value[run].item() for name, value in single.items()} == {
            f"accuracy_label_{label}_attribute_{value}": pytest.approx(share) for (label, value), share in each.items()
        }
    assert set(found) <= set(FACTS)


def test_every_score_of_groups_is_a_declared_metric():
    declared = metrics()
    assert all(declared[name].part == "groups" and declared[name].unit == "fraction" for name in FACTS)
    assert {"accuracy_worst_group", "accuracy_balanced", "accuracy_label_1_attribute_0"} < set(FACTS)


def prepared():
    labels, attribute = torch.arange(COUNT) // 2 % 2, torch.arange(COUNT) % 2
    inputs = torch.randn(COUNT, 6, generator=generator("grouped")) + labels[:, None] + 2 * attribute[:, None]
    return Prepared(inputs, labels, torch.arange(COUNT) >= COUNT // 2, attribute=attribute)


def test_an_evaluation_has_the_scores_of_groups_of_every_part(tmp_path):
    own, model = prepared(), mlp(6, [5], 2)
    save(own, tmp_path / "data.safetensors")
    members = [(size, 0.2, seed, 0) for size in (20, 60) for seed in (0, 1)]
    trees = [initialise(model, generator("member", number)) for number in range(len(members))]
    save_file({name: torch.stack([tree[name] for tree in trees]) for name in trees[0]}, tmp_path / "w.safetensors")
    pd.DataFrame(members, columns=["train_size", "label_noise", "seed", "draw"]).assign(
        experiment="groups", dataset="gauss_groups", method="sgd", family="minima",
        gradient_evaluations=10.0, steps=10, diverged=False, hyperparameters="{}",
    ).to_parquet(tmp_path / "runs.parquet")  # fmt: skip
    files = {"gauss_groups": tmp_path / "data.safetensors"}, [tmp_path / "w.safetensors"], [tmp_path / "runs.parquet"]
    score.evaluate(SETTINGS, *files, tmp_path / "s.parquet", threads=1)
    scores = pd.read_parquet(tmp_path / "s.parquet")
    records.validate(records.complete(scores), "scores")
    assert set(scores["metric"]) == {"accuracy", "cross_entropy", *FACTS}
    found = scores.set_index(["train_size", "seed", "split", "metric"])["value"]
    for tree, (size, level, seed, _) in zip(trees, members, strict=True):
        parts = correlated(own, "gauss_groups", seed, 0.9, 40, 80)
        noisy = deal_of(SETTINGS, own, seed).labels(level)
        for split, chosen, labels in (
            ("train", parts.train[:size], noisy), ("validation", parts.validation, noisy),
            ("test", parts.test, own.labels),
        ):  # fmt: skip
            logits = predict(model)(tree, own.inputs[chosen])
            each = by_hand(logits, labels[chosen], own.attribute[chosen])
            assert found[size, seed, split, "accuracy_worst_group"] == pytest.approx(min(each.values()))
            assert found[size, seed, split, "accuracy_balanced"] == pytest.approx(sum(each.values()) / len(each))
            for (label, value), share in each.items():
                name = f"accuracy_label_{label}_attribute_{value}"
                assert found[size, seed, split, name] == pytest.approx(share)
