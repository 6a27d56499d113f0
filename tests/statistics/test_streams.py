import math

import pandas as pd
import pytest
import stream_records

from robustpath.core.errors import UserError
from robustpath.protocols.stream.metrics import METRICS
from robustpath.statistics import streams


@pytest.fixture(scope="module")
def budgets():
    """Records in which draw 1 is the best on validation data at the smallest budget alone, and has its own accuracy."""

    def planted(run):
        best = 1 if run["evaluations"] == 6 else 0
        return {"accuracy": 0.5 + 0.1 * run["draw"], "validation_accuracy": 0.9 if run["draw"] == best else 0.3}

    settings = stream_records.settings("streams", seeds=3, scale="smoke", methods=["online_sgd", "er", "joint"])
    return stream_records.recorded(settings, planted, spread=1e-6)


@pytest.fixture(scope="module")
def anchors():
    """Records in which the best weight is 3 at age 0 and 30 at age 1."""

    def planted(run):
        best = 3.0 if run["age"] == 0 else 30.0
        return {"accuracy": 0.6 + 0.1 * run["age"] + (0.1 if run["weight"] == best else 0.0)}

    settings = stream_records.settings("anchor_age", seeds=3, grid={"age": [0.0, 1.0], "weight": [3.0, 10.0, 30.0]})
    return stream_records.recorded(settings, planted, spread=1e-6)


def test_a_draw_is_selected_at_each_budget_by_itself(budgets):
    chosen = streams.selected(budgets, "streams")
    found = streams.scores(chosen, "accuracy").groupby("evaluations")["value"].mean()
    assert found.to_dict() == pytest.approx({6.0: 0.6, 12.0: 0.5}, abs=1e-4)


def test_of_a_grid_a_run_is_selected_at_each_value_of_the_columns_named(anchors):
    chosen = streams.selected(anchors, "anchor_age", ["age"])
    best = streams.with_hyperparameters(chosen, "weight").groupby("age")["weight"].unique()
    assert {age: list(weights) for age, weights in best.items()} == {0.0: [3.0], 1.0: [30.0]}
    assert len(streams.scores(chosen, "accuracy", ["age"])) == 2 * 2 * 3  # ages, levels of label noise, seeds


def test_a_metric_without_meaning_is_left_out_and_others_are_of_one_split(budgets):
    chosen = streams.selected(budgets, "streams")
    assert set(streams.scores(chosen, "forgetting")["method"]) == {"online_sgd", "er"}
    assert set(streams.scores(chosen, "averaged_accuracy")["method"]) == {"online_sgd", "er", "joint"}
    for metric in METRICS:
        cells = streams.scores(chosen, metric)
        assert not cells.duplicated([*streams.CELL, "seed"]).any()
    valid = streams.scores(chosen, "accuracy", split="validation")
    assert valid["value"].tolist() == pytest.approx([0.9] * len(valid), abs=1e-4)


def test_under_shift_shifts_weigh_the_same_at_all_severities(budgets):
    chosen = streams.selected(budgets, "streams")
    more = chosen[chosen["shift"] == "fog"].assign(severity=2)
    table = pd.concat([chosen, more.assign(value=more["value"] + 0.3)])
    plain, raised = (streams.shifted(each)["value"] for each in (chosen, table))
    assert (raised - plain).tolist() == pytest.approx([0.3 / 2 / len(stream_records.SHIFTS)] * len(plain))


def test_a_difference_is_paired_by_seed_and_empty_without_others():
    rows = pd.DataFrame({"method": list("aabb"), "seed": [0, 1, 0, 1], "value": [0.1, 0.5, 0.2, 0.8]})
    found = streams.differences(rows, [], "method", "a", 0.95).iloc[0]
    assert (found["method"], found["n"], found["mean"]) == ("b", 2, pytest.approx(0.2))
    assert found["high"] - found["mean"] == pytest.approx(12.7062047 * 0.1, rel=1e-6)  # t(0.975, 1) s / sqrt(2)
    assert streams.differences(rows[:2], [], "method", "a", 0.95).empty


def two_by_two(both):
    cells = {(0.0, 0.0): 0.5, (1.0, 0.0): 0.6, (0.0, 10.0): 0.7, (1.0, 10.0): both}
    rows = [
        {"memory": memory, "ball": ball, "seed": seed, "value": value + 0.1 * seed}
        for (memory, ball), value in cells.items()
        for seed in range(3)
    ]
    return pd.DataFrame(rows)


def test_an_interaction_is_what_both_change_beyond_the_sum():
    found = streams.interaction(two_by_two(0.95), "memory", "ball", 0.95)
    assert found == pytest.approx((3, 0.15, 0.15, 0.15))  # 0.95 - 0.7 - (0.6 - 0.5), in every seed
    assert streams.interaction(two_by_two(0.8), "memory", "ball", 0.95).mean == pytest.approx(0)


def test_an_interaction_averages_data_sets_within_a_seed():
    """Two data sets with interactions of 0.15 and 0.05; the number of replications stays that of the seeds."""
    rows = pd.concat([two_by_two(0.95).assign(dataset="one"), two_by_two(0.85).assign(dataset="two")])
    assert streams.interaction(rows, "memory", "ball", 0.95) == pytest.approx((3, 0.1, 0.1, 0.1))
    with pytest.raises(UserError, match="more than one score"):
        streams.interaction(rows.assign(dataset="one"), "memory", "ball", 0.95)


def test_factors_with_other_values_are_refused():
    rows = two_by_two(0.9)
    with pytest.raises(UserError, match="where 0 and one other are compared"):
        streams.interaction(rows.replace({"ball": {0.0: 1.0}}), "memory", "ball", 0.95)


def test_a_value_at_an_end_of_the_grid_is_seen(anchors):
    chosen = streams.selected(anchors, "anchor_age", ["age"])
    found = streams.at_edge(chosen, "weight", [3.0, 10.0, 30.0], ["age"]).set_index("age")
    assert found.loc[0.0].tolist() == [3.0, 1.0, 0.0] and found.loc[1.0].tolist() == [30.0, 0.0, 1.0]
    wider = streams.at_edge(chosen, "weight", [1.0, 3.0, 30.0, 100.0], ["age"])
    assert not wider[["smallest", "largest"]].any(axis=None)


def test_a_hyperparameter_that_a_run_lacks_is_named(anchors):
    with pytest.raises(UserError, match="no hyperparameter radius"):
        streams.with_hyperparameters(anchors, "radius")


def test_runs_of_no_experiment_are_refused(anchors):
    with pytest.raises(UserError, match="no runs of experiment streams, only of anchor_age"):
        streams.selected(anchors, "streams")


@pytest.mark.parametrize(
    ("level", "classes", "bits"),
    [
        (0.0, 10, 0.0),
        (1.0, 8, 3.0),
        (0.5, 2, 2 - 0.75 * math.log2(3)),
        (0.75, 4, math.log2(16) - 7 / 16 * math.log2(7)),
    ],
)
def test_the_entropy_of_noisy_labels(level, classes, bits):
    """At 0.75 of four classes: 7/16 for the right one and 3/16 for each other."""
    if level == 0.75:
        bits -= 9 / 16 * math.log2(3)
    assert streams.noise_entropy(level, classes) == pytest.approx(bits)
