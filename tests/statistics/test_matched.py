"""Arms at matched accuracy: strengths chosen by hand, on validation data alone, and paired differences to the base."""

import json

import numpy as np
import pandas as pd
import pytest
import scipy.stats

from robustpath import records
from robustpath.core.errors import UserError
from robustpath.statistics import matched
from robustpath.statistics.matched import Base

BASE = Base("references", "sgd")
# Mean validation accuracies by strength; the base has 0.9.
GRID = {
    "kept": {0.01: 0.905, 0.03: 0.895, 0.1: 0.89},  # 0.5 points lost at 0.03 is kept, 1 point at 0.1 is not
    "later": {0.01: 0.88, 0.03: 0.85, 0.1: 0.897},  # what lies below does not matter
    "never": {0.01: 0.85, 0.03: 0.8, 0.1: 0.7},
}


def planted(seeds=4):
    rows = []
    for dataset in ("a", "b"):
        for seed in range(seeds):
            runs = [("references", "sgd", 0, {}, 0.9)]
            runs += [
                ("losses", method, draw, {"strength": strength}, mean - 0.02 * (dataset == "b") * (strength == 0.03))
                for method, grid in GRID.items()
                for draw, (strength, mean) in enumerate(grid.items())
            ]
            for experiment, method, draw, knobs, mean in runs:
                moved = 0.01 * (seed - (seeds - 1) / 2)
                scores = {("validation", "accuracy"): mean + moved, ("test", "accuracy_worst_group"): 0.5 + moved}
                scores["test", "accuracy_worst_group"] += knobs.get("strength", 0.0) + 0.001 * seed * bool(knobs)
                facts = {"experiment": experiment, "dataset": dataset, "method": method, "seed": seed, "draw": draw}
                for (split, metric), value in scores.items():
                    rows.append(
                        facts | {"split": split, "metric": metric, "value": value, "hyperparameters": json.dumps(knobs)}
                    )
    table = pd.DataFrame(rows).assign(family="shortcuts", shift="none", shift_family="none", severity=0)
    table = table.assign(label_noise=0.0, train_size=100, converged=True, diverged=False, gradient_evaluations=1.0)
    return records.complete(table.assign(steps=1))[list(records.SCHEMA)]


def chosen(table, points=0.5):
    found = matched.arms(table, "losses", BASE, points).chosen
    return {(row.dataset, row.method): (row.strength, row.kept) for row in found.itertuples()}


def test_the_largest_strength_that_keeps_the_accuracy_is_chosen_once_a_data_set():
    assert chosen(planted()) == {
        ("a", "kept"): (0.03, True), ("a", "later"): (0.1, True), ("a", "never"): (0.01, False),
        ("b", "kept"): (0.01, True), ("b", "later"): (0.1, True), ("b", "never"): (0.01, False),
    }  # fmt: skip
    assert chosen(planted(), 1.0)["a", "kept"] == (0.1, True) and chosen(planted(), 6)["a", "never"] == (0.01, True)


def test_the_cost_is_that_of_means_over_seeds_that_both_have():
    table = planted()
    lost = (table["method"] == "sgd") & (table["seed"] == 3)
    found = matched.arms(table[~lost], "losses", BASE, 0.5).chosen
    row = found.query("dataset == 'a' and method == 'kept'").iloc[0]
    assert row["strength"] == 0.03 and row["cost"] == pytest.approx(0.005)
    # A seed far off moves the mean: one choice for all seeds.
    one = (table["method"] == "kept") & (table["seed"] == 0) & (table["split"] == "validation")
    far = table.assign(value=table["value"].where(~one, table["value"] + 0.02))
    assert chosen(far)["a", "kept"] == (0.1, True)


def test_test_data_have_no_part_in_the_choice():
    table, tests = planted(), planted()["split"] == "test"
    generator = np.random.default_rng(0)
    for _ in range(2):
        mixed = table["value"].mask(tests, pd.Series(generator.permutation(table["value"]), table.index))
        assert chosen(table.assign(value=mixed)) == chosen(table)


def test_arms_are_paired_with_the_base_seed_by_seed():
    found = matched.compared(matched.arms(planted(), "losses", BASE, 0.5), "accuracy_worst_group", 0.95)
    found = found.set_index(["dataset", "method"])
    own = found.loc[("a", "later")]
    gains = 0.1 + 0.001 * np.arange(4)
    span = scipy.stats.ttest_1samp(gains, 0.0).confidence_interval(0.95)
    assert [own["difference"], own["difference_low"], own["difference_high"]] == pytest.approx([gains.mean(), *span])
    assert own["mean"] == pytest.approx(0.6 + 0.0015) and own["n"] == 4
    assert np.isnan(found.loc[("a", "sgd"), "difference"]) and found.loc[("b", "sgd"), "mean"] == pytest.approx(0.5)


def test_a_run_without_a_value_is_left_out_with_its_partner():
    table = planted()
    lost = (table["method"] == "later") & (table["seed"] == 3) & (table["split"] == "test")
    arms = matched.arms(table.assign(value=table["value"].mask(lost)), "losses", BASE, 0.5)
    own = matched.compared(arms, "accuracy_worst_group", 0.95).set_index(["dataset", "method"]).loc[("a", "later")]
    assert own["n"] == 3 and own["difference"] == pytest.approx(0.101)


def test_of_several_draws_of_a_strength_each_seed_takes_the_best_on_validation_data():
    table = planted()
    second = table[table["method"] == "kept"].assign(draw=lambda own: own["draw"] + 3)
    better = second["value"] + 0.03 * ((second["split"] == "validation") & (second["seed"] < 2))
    both = pd.concat([table, second.assign(value=better)])
    # At 0.1 two of four seeds gain 3 points: 1.5 points on average, and 1 point was lost.
    assert chosen(both)["a", "kept"] == (0.1, True)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda own: own[own["method"] != "sgd"], "no runs of sgd in references to match accuracies with"),
        (lambda own: own[own["method"] == "sgd"], "no runs of the experiment losses to match accuracies with"),
        (lambda own: own[(own["method"] != "sgd") | (own["dataset"] == "a")], "shares no seed on b"),
        (lambda own: own.assign(hyperparameters="{}"), "a run has no hyperparameter strength"),
    ],
)
def test_what_cannot_be_matched_gets_a_sentence(change, message):
    with pytest.raises(UserError, match=message) as error:
        matched.arms(change(planted()), "losses", BASE, 0.5)
    assert "\n" not in str(error.value)


def test_a_metric_that_there_is_not_gets_a_sentence():
    with pytest.raises(UserError, match="no test accuracy_balanced of the runs that are compared"):
        matched.compared(matched.arms(planted(), "losses", BASE, 0.5), "accuracy_balanced", 0.95, "test")


def test_runs_of_the_base_at_another_label_noise_have_no_part():
    table = planted()
    noisy = table[table["experiment"] == "references"].assign(label_noise=0.2)
    noisy = noisy.assign(value=noisy["value"] - 0.3)
    alone, beside = (
        matched.compared(matched.arms(rows, "losses", BASE, 0.5), "accuracy_worst_group", 0.95)
        for rows in (table, pd.concat([table, noisy], ignore_index=True))
    )
    pd.testing.assert_frame_equal(alone, beside)
