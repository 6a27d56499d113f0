"""Components of variance, by hand and from known components."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from robustpath.analysis import variance


def runs(experiment, values, varies, dataset="optdigits", kind="none"):
    """Records of one method, a run a value."""
    where = {"seed": 0, "draw": 0} | {varies: range(len(values))}
    told = {"experiment": experiment, "dataset": dataset, "method": "sgd", "train_size": 300, "label_noise": 0.0}
    rows = {"split": "test", "metric": "accuracy", "shift": kind, "shift_family": kind, "severity": 0}
    return pd.DataFrame(told | where | rows | {"value": values})


def test_by_hand():
    # Variances 1 (two degrees of freedom) and 4 (one): pooled (2 + 4) / 3.
    table = pd.concat([
        runs("variance_split", [1.0, 2.0, 3.0], "seed"),
        runs("variance_split", [0.0, np.sqrt(8)], "seed", "mnist1d"),
        runs("variance_draw", [1.0, 1.0, 4.0], "draw"),
        runs("minima", [0.0, 2.0], "seed"),
    ])  # fmt: skip
    found = variance.spreads(table, "minima", "sgd").set_index(["source", "dataset"])
    assert found.loc[("split", "optdigits"), ["freedom", "deviation"]].to_list() == [2, 1.0]
    assert found.loc[("split", "mnist1d"), "deviation"] == pytest.approx(2)
    assert found.loc[("draw", "optdigits"), "deviation"] == pytest.approx(np.sqrt(3))
    assert found.loc[(variance.TOGETHER, "optdigits"), "deviation"] == pytest.approx(np.sqrt(2))
    pooled = variance.over_datasets(found.reset_index()).set_index("source")
    assert pooled.loc["split", ["freedom", "deviation"]].to_list() == pytest.approx([3, np.sqrt(2)])


def test_draws_are_taken_within_a_seed_and_other_methods_left_out():
    one, other = (runs("variance_draw", [0.1, 0.3], "draw").assign(seed=seed) for seed in (0, 1))
    table = pd.concat([one, other.assign(value=other["value"] + 5), one.assign(method="sam", value=[0.0, 9.0])])
    found = variance.spreads(table, "minima", "sgd")
    assert found["freedom"].item() == 2 and found["deviation"].item() == pytest.approx(np.sqrt(0.02))


def test_the_interval_holds_the_truth_as_often_as_it_says():
    values = np.random.default_rng(0).normal(0, 0.3, (2000, 20))
    found = pd.DataFrame({"freedom": 19, "deviation": values.std(axis=1, ddof=1)})
    table = variance.with_interval(found, 0.95)
    inside = table["low"].lt(0.3) & table["high"].gt(0.3)
    assert stats.binomtest(int(inside.sum()), len(inside), 0.95).pvalue > 0.001


def test_nothing_to_take_apart():
    assert variance.spreads(runs("lengths", [1.0, 2.0], "seed"), "minima", "sgd").empty
