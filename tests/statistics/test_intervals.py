import numpy as np
import pandas as pd
import pytest
import scipy.stats
from statsmodels.stats.multitest import multipletests

from robustpath.core.errors import UserError
from robustpath.statistics.intervals import average, check_complete, holm, interval, paired


def scores(**values):
    """Columns method, seed, value from a list of values a method."""
    rows = [(name, seed, value) for name, line in values.items() for seed, value in enumerate(line)]
    return pd.DataFrame(rows, columns=["method", "seed", "value"])


def test_interval_of_one_to_five_by_hand():
    # mean 3, sd sqrt(2.5), error sqrt(0.5), t[0.975, 4] = 2.776445.
    row = interval(scores(sgd=[1.0, 2, 3, 4, 5]), ["method"], 0.95).iloc[0]
    assert (row["method"], row["n"], row["mean"]) == ("sgd", 5, 3.0)
    assert row["high"] - 3 == pytest.approx(2.776445 * 0.5**0.5, abs=1e-6)
    assert 3 - row["low"] == pytest.approx(row["high"] - 3)


def test_interval_agrees_with_scipy_in_every_cell():
    rng = np.random.default_rng(1)
    table = pd.DataFrame({"dataset": np.repeat(["a", "b"], 7), "seed": [*range(7)] * 2, "value": rng.normal(size=14)})
    found = interval(table, ["dataset"], 0.9).set_index("dataset")
    for name, rows in table.groupby("dataset"):
        value = rows["value"]
        expected = scipy.stats.t.interval(0.9, 6, value.mean(), scipy.stats.sem(value))
        np.testing.assert_allclose(found.loc[name, ["low", "high"]].astype(float), expected)


def test_one_seed_has_no_interval():
    row = interval(scores(sgd=[0.5]), ["method"], 0.95).iloc[0]
    assert row["mean"] == 0.5
    assert np.isnan(row["low"])
    assert np.isnan(row["high"])


def test_paired_difference_by_hand():
    # d = 1, 2, 3: mean 2, error 1/sqrt(3), t = 3.4641 with 2 degrees of freedom, p = 0.074180, t[0.975, 2] = 4.302653.
    table = scores(sgd=[10.0, 0.0, 5.0], swa=[11.0, 2.0, 8.0])
    row = paired(table, [], "sgd", 0.95).iloc[0]
    assert (row["method"], row["n"], row["mean"]) == ("swa", 3, 2.0)
    assert row["p"] == pytest.approx(0.074180, abs=1e-6)
    assert row["high"] == pytest.approx(2 + 4.302653 / 3**0.5, abs=1e-6)


def test_paired_agrees_with_scipy_and_ignores_the_order_of_rows():
    rng = np.random.default_rng(2)
    table = pd.concat(
        [
            scores(sgd=rng.normal(size=8), swa=rng.normal(size=8), sam=rng.normal(size=8)).assign(size=n)
            for n in (50, 150)
        ]
    )
    found = paired(table.sample(frac=1, random_state=3), ["size"], "sgd", 0.95).set_index(["size", "method"])
    assert len(found) == 4
    for (size, method), row in found.iterrows():
        here = table[table["size"] == size].pivot(index="seed", columns="method", values="value")
        test = scipy.stats.ttest_rel(here[method], here["sgd"])
        assert row["p"] == pytest.approx(test.pvalue)
        np.testing.assert_allclose([row["low"], row["high"]], test.confidence_interval(0.95))


def test_differences_that_do_not_vary():
    # Binary fractions, so that equal differences are equal to the last bit.
    table = scores(sgd=[0.25, 0.5, 0.75], same=[0.25, 0.5, 0.75], shifted=[0.5, 0.75, 1.0])
    found = paired(table, [], "sgd", 0.95).set_index("method")
    assert found.loc["same", "p"] == 1
    assert found.loc["shifted", "p"] == 0
    assert found.loc["shifted", "low"] == found.loc["shifted", "high"] == 0.25


def test_a_missing_pair_is_named_and_never_dropped():
    table = scores(sgd=[1.0, 2, 3], swa=[1.0, 2, 4]).assign(size=50)
    for lost in ("sgd", "swa"):
        broken = table[(table["method"] != lost) | (table["seed"] != 1)]
        with pytest.raises(UserError, match=f"size=50, seed=1, method={lost} has no score"):
            paired(broken, ["size"], "sgd", 0.95)
    with pytest.raises(UserError, match="no scores of the reference adamw to compare with, only of sgd, swa"):
        paired(table, ["size"], "adamw", 0.95)


def test_scores_must_be_averaged_first():
    with pytest.raises(ValueError, match="average over the other columns first"):
        interval(pd.concat([scores(sgd=[1.0, 2]), scores(sgd=[1.0, 2])]), ["method"], 0.95)


def test_average_over_data_sets_by_hand():
    table = pd.concat(
        [scores(sgd=[1.0, 2], swa=[3.0, 4]).assign(dataset="a"), scores(sgd=[5.0, 6], swa=[7.0, 8]).assign(dataset="b")]
    )
    assert average(table, ["dataset"]).to_dict("list") == {
        "method": ["sgd", "sgd", "swa", "swa"],
        "seed": [0, 1, 0, 1],
        "value": [3.0, 4.0, 5.0, 6.0],
    }
    with pytest.raises(UserError, match="dataset=b, method=swa, seed=1 has no score"):
        average(table.iloc[:-1], ["dataset"])


def test_a_seed_that_a_method_lacks_everywhere_is_named():
    table = scores(sgd=[1.0, 2, 3], swa=[1.0, 2]).assign(dataset="a")
    with pytest.raises(UserError, match="dataset=a, method=swa, seed=2 has no score"):
        check_complete(table)
    with pytest.raises(UserError, match="has more than one score"):
        check_complete(pd.concat([table[table["seed"] < 2]] * 2))


def test_holm_by_hand_and_against_statsmodels():
    p = pd.Series([0.01, 0.04, 0.03, 0.005], index=list("abcd"))
    assert holm(p).round(10).to_dict() == {"a": 0.03, "b": 0.06, "c": 0.06, "d": 0.02}
    many = pd.Series(np.random.default_rng(4).random(50) ** 3)
    np.testing.assert_allclose(holm(many), multipletests(many, method="holm")[1])


def test_a_score_that_stands_in_the_place_of_a_missing_one_is_refused():
    """As many rows as there can be, one of them twice."""
    table = scores(sgd=[1.0, 2, 3], sam=[1.0, 2, 3])
    with pytest.raises(UserError, match="method=sam, seed=2 has no score"):
        check_complete(pd.concat([table[:-1], table[:1]]))
