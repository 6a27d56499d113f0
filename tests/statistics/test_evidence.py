import numpy as np
import pandas as pd
import planted
import pytest

from robustpath.core.errors import UserError
from robustpath.statistics import evidence


@pytest.fixture(scope="module")
def found():
    """A method that stops early, one that is truly better at its loss, one whose loss the curve does not reach."""
    table = planted.study(
        ["sgd", "early", "better", "beyond"],
        spread=0.01,
        loss={"early": 3.0, "better": 2.0, "beyond": 0.5},
        gain={"better": 0.5},
        sharp={"better": 0.5},
    )
    return evidence.gather(table, "minima", "lengths")


def mean_gain(rows, level):
    return 100 * rows[rows["label_noise"] == level].groupby("method")["value"].mean()


def test_an_early_stop_gains_at_equal_budget_and_nothing_at_equal_loss(found):
    equal = evidence.gains(found.plain[found.plain["test_set"] == "none"], "sgd")
    matched = evidence.matched_gains(found.matched)
    slope = 100 * planted.SLOPE[0.2]
    assert mean_gain(equal, 0.2)["early"] == pytest.approx(slope * np.log(3), abs=0.05)
    assert mean_gain(matched, 0.2)["early"] == pytest.approx(0, abs=0.05)
    assert mean_gain(matched, 0.2)["better"] == pytest.approx(0.5, abs=0.05)
    assert mean_gain(equal, 0.2)["better"] == pytest.approx(0.5 + slope * np.log(2), abs=0.05)


def test_a_method_of_another_experiment_is_compared_as_one_of_the_study(found):
    methods = ["sgd", "early", "mixup", "beyond"]
    table = planted.study(methods, spread=0.01, loss={"early": 3.0, "mixup": 2.0, "beyond": 0.5}, gain={"mixup": 0.5})
    moved, _ = planted.with_yardstick(table, planted.settings(methods))
    beside = evidence.gather(moved, "minima", "lengths", ["yardsticks"])
    matched = evidence.at_equal_loss(moved, ["yardsticks"], "lengths")
    assert set(matched["method"]) == {"mixup"}
    for rows in (matched, beside.matched):
        assert mean_gain(evidence.matched_gains(rows), 0.2)["mixup"] == pytest.approx(0.5, abs=0.05)
    equal = evidence.gains(beside.plain[beside.plain["test_set"] == "none"], "sgd")
    assert mean_gain(equal, 0.2)["mixup"] == pytest.approx(0.5 + 100 * planted.SLOPE[0.2] * np.log(2), abs=0.05)
    assert "mixup" not in set(evidence.gather(moved, "minima", "lengths").matched["method"])


def test_a_loss_outside_the_curve_is_left_out_and_counted(found):
    matched = evidence.matched_gains(found.matched)
    assert matched.loc[matched["method"] == "beyond", "value"].isna().sum() == 2 * 2 * 12


def test_sharpness_is_compared_at_equal_loss_too(found):
    rows = found.matched[(found.matched["quantity"] == "lambda_max") & (found.matched["method"] == "better")]
    assert np.log(rows["value"] / rows["expected"]).mean() == pytest.approx(np.log(0.5), abs=0.05)


def test_interpolation_by_hand():
    # In log loss 0, 1 (twice, averaged), 2; half-way between two runs lies the mean, or the geometric mean.
    loss, values = pd.Series([2.0, 0.0, 1.0, 1.0, np.nan]), pd.Series([4.0, 1.0, 1.0, 3.0, 9.0])
    at = np.array([0.0, 0.5, 1.5, 2.0, 2.1, -0.1])
    plain = evidence.interpolate(loss, values, at, logarithmic=False)
    np.testing.assert_allclose(plain, [1.0, 1.5, 3.0, 4.0, np.nan, np.nan])
    logs = evidence.interpolate(loss, values, at[:2], logarithmic=True)
    np.testing.assert_allclose(logs, [1.0, 3.0**0.25])
    assert np.isnan(evidence.interpolate(loss, 0 * values, at, logarithmic=True)).all()


def test_under_shift_kinds_weigh_the_same(found):
    rows = found.plain[(found.plain["dataset"] == "typeface_digits") & (found.plain["method"] == "sgd")]
    wide = rows.pivot(index=["label_noise", "seed"], columns="test_set", values="value")
    np.testing.assert_allclose(wide["ood"], (wide["natural"] + wide["corruption"]) / 2)


def test_a_measure_that_did_not_converge_is_missing():
    table = planted.study(["sgd"], seeds=2)
    lost = table.assign(converged=table["converged"] & (table["metric"] != "trace"))
    rows = evidence.measures(lost)
    assert rows[rows["metric"] == "trace"]["value"].isna().all()
    assert rows[rows["metric"] == "lambda_max"]["value"].notna().all()


def test_a_run_that_diverged_has_no_loss_to_match():
    table = planted.study(["sgd", "sam"], seeds=2)
    diverged = table["diverged"] | ((table["method"] == "sam") & (table["seed"] == 0))
    matched = evidence.gather(table.assign(diverged=diverged), "minima", "lengths").matched
    assert set(matched[matched["method"] == "sam"]["seed"]) == {1}


def test_without_a_curve_nothing_is_expected():
    table = planted.study(["sgd", "sam"], seeds=2)
    found = evidence.gather(table[table["experiment"] == "minima"], "minima", "lengths")
    assert found.matched["expected"].isna().all() and len(found.matched)


def test_a_gap_in_the_records_is_named():
    table = planted.study(["sgd", "sam"], seeds=2)
    broken = table[(table["method"] != "sam") | (table["seed"] != 1) | (table["dataset"] != "optdigits")]
    with pytest.raises(UserError, match=r"dataset=optdigits.*method=sam, seed=1.*has no score"):
        evidence.gather(broken, "minima", "lengths")
