"""Each statistic against a table worked by hand and, where one exists, a library."""

from itertools import combinations, product

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from statsmodels.stats.power import TTestPower

from robustpath.analysis import aggregates
from robustpath.errors import UserError

TASKS = [("optdigits", 300, 0.0, "none"), ("mnist1d", 300, 0.0, "none"), ("mnist1d", 300, 0.0, "generator")]


def differences(values):
    return pd.DataFrame({"seed": range(len(values)), "value": values})


def scores(methods, seeds=6, rng=0):
    """Random scores of some methods, a constant apart."""
    generator = np.random.default_rng(rng)
    rows = [
        (*task, method, seed, 0.1 * place + generator.normal())
        for (place, method), task, seed in product(enumerate(methods), TASKS, range(seeds))
    ]
    return pd.DataFrame(rows, columns=[*aggregates.TASK, "method", "seed", "value"])


def test_sign_flips_by_hand():
    # Of the eight sums of ±1 ±2 ±4, the absolute values are 7, 5, 3, 1, each twice.
    assert aggregates.sign_flip(differences([1, 2, 4])) == 2 / 8
    assert aggregates.sign_flip(differences([-1, 2, 4])) == 4 / 8
    assert aggregates.sign_flip(differences([0, 0])) == 1


def test_sign_flips_are_scipys():
    values = np.random.default_rng(1).normal(0.4, 1, 9)
    known = stats.permutation_test((values,), np.mean, permutation_type="samples", n_resamples=np.inf)
    assert aggregates.sign_flip(differences(values)) == pytest.approx(known.pvalue)


def test_five_seeds_can_never_reach_a_twentieth():
    assert aggregates.sign_flip(differences([1.0, 1.1, 0.9, 1.2, 1.0])) == 2 ** (1 - 5) > 0.05


def test_the_interquartile_mean_by_hand_and_by_scipy():
    assert aggregates.interquartile_mean(np.array([100.0, 1, 2, 3, 4, -50, 5, 6])) == pytest.approx((2 + 3 + 4 + 5) / 4)
    values = np.random.default_rng(2).normal(size=(3, 11))
    assert aggregates.interquartile_mean(values) == pytest.approx(stats.trim_mean(values, 0.25, axis=1))


def test_the_interval_of_the_interquartile_mean_is_that_of_a_bootstrap_written_out():
    table = scores(["sgd", "sam"])
    found = aggregates.aggregate(table, 0.95, resamples=4000).set_index("method")
    generator = np.random.default_rng(5)
    own = table[table["method"] == "sam"].pivot(index=aggregates.TASK, columns="seed", values="value").to_numpy()
    drawn = [stats.trim_mean([task[generator.integers(6, size=6)] for task in own], 0.25, None) for _ in range(4000)]
    assert found.loc["sam", ["low", "high"]].to_list() == pytest.approx(np.percentile(drawn, [2.5, 97.5]), abs=0.03)
    assert found.loc["sam", "mean"] == pytest.approx(stats.trim_mean(own, 0.25, None))
    assert (found[["tasks", "n"]] == [3, 6]).all(axis=None)


def test_improvement_by_hand_and_by_mann_and_whitney():
    rows = [(*TASKS[0], "a", 0, 1.0), (*TASKS[0], "a", 1, 3.0), (*TASKS[0], "b", 0, 2.0), (*TASKS[0], "b", 1, 3.0)]
    table = pd.DataFrame(rows, columns=[*aggregates.TASK, "method", "seed", "value"])
    # 1 beats none, 3 beats 2 and ties with 3.
    assert aggregates.improvement(table, "b").set_index("method")["probability"].to_dict() == {"a": 1.5 / 4, "b": 0.5}
    table = scores(["sgd", "sam"], seeds=8)
    each = [
        stats.mannwhitneyu(*(rows.loc[rows["method"] == name, "value"] for name in ("sam", "sgd"))).statistic / 64
        for _, rows in table.groupby(aggregates.TASK)
    ]
    found = aggregates.improvement(table, "sgd").set_index("method")["probability"]
    assert found["sam"] == pytest.approx(np.mean(each))


def test_axes_are_named_and_gaps_refused():
    table = scores(["sgd", "sam"])
    shuffled = table.sample(frac=1, random_state=3)[table.columns[::-1]]
    for name in ("aggregate", "improvement"):
        told = {"aggregate": (0.95, 200), "improvement": ("sgd",)}[name]
        pd.testing.assert_frame_equal(
            getattr(aggregates, name)(table, *told), getattr(aggregates, name)(shuffled, *told)
        )
    with pytest.raises(UserError, match=r"dataset=optdigits.*method=sgd.*seed=0 has no score"):
        aggregates.aggregate(table.drop(index=0), 0.95)
    with pytest.raises(UserError, match="more than one score"):
        aggregates.improvement(pd.concat([table, table.head(1)]), "sgd")
    with pytest.raises(UserError, match="one difference a seed"):
        aggregates.sign_flip(pd.DataFrame({"seed": [0, 0], "value": [1.0, 2.0]}))


def test_the_best_of_draws_is_the_mean_over_all_subsets():
    draws = pd.DataFrame({"draw": range(5), "validation": [0.3, 0.9, 0.5, 0.5, 0.1], "test": [0.2, 0.8, 0.6, 0.4, 0.1]})
    found = aggregates.best_of_draws(draws.sample(frac=1, random_state=1)).set_index("draws")["value"]
    assert found[1] == pytest.approx(draws["test"].mean()) and found[5] == pytest.approx(0.8)
    for count in (2, 3, 4):
        each = []
        for subset in combinations(range(5), count):
            rows = draws.loc[list(subset)]
            each.append(rows.loc[rows["validation"] == rows["validation"].max(), "test"].mean())
        assert found[count] == pytest.approx(np.mean(each))


def _simulated(effect, seeds):
    """The share of simulated paired t tests at 5 % that find an effect of so many deviations."""
    draws = np.random.default_rng(1).normal(effect, 1.0, (20_000, seeds))
    return (stats.ttest_1samp(draws, 0.0, axis=1).pvalue < 0.05).mean()


def test_runs_needed_are_statsmodels():
    for effect, deviation in ((0.3, 0.4), (0.3, 0.5), (1.0, 0.4)):
        known = TTestPower().solve_power(effect / deviation, alpha=0.05, power=0.8)
        assert aggregates.runs_needed(effect, deviation) == int(np.ceil(known))
    assert aggregates.detected(0.3, 0.5, 20) == pytest.approx(TTestPower().power(0.6, 20, 0.05))
    for seeds in (2, 3, 20):
        assert aggregates.detected(aggregates.smallest_effect(0.4, seeds), 0.4, seeds) == pytest.approx(0.8)
    assert aggregates.detected(11.549, 1.0, 2) == pytest.approx(_simulated(11.549, 2), abs=0.01)
    assert [aggregates.runs_for_probability(gamma) for gamma in (0.6, 0.7, 0.75, 0.8, 0.9)] == [181, 46, 29, 21, 12]
