import numpy as np
import pandas as pd
import pytest

from robustpath.statistics.acquisition import advantage, found, scores, sooner, trend

# Weeks of remission of 21 patients under 6-MP and of 21 under placebo (Freireich et al. 1963), with the estimate of
# Kaplan and Meier and the log-rank test of the first that courses on survival print (Cox & Oakes 1984, Table 1.1).
TIMES = [6, 6, 6, 6, 7, 9, 10, 10, 11, 13, 16, 17, 19, 20, 22, 23, 25, 32, 32, 34, 35]
RIGHT = [0, 0, 0, 1, 0, 1, 0, 1, 1, 0, 0, 1, 1, 1, 0, 0, 1, 1, 1, 1, 1]
SURVIVAL = {6: 0.857, 7: 0.807, 10: 0.753, 13: 0.690, 16: 0.627, 22: 0.538, 23: 0.448}
PLACEBO = [1, 1, 2, 2, 3, 4, 4, 5, 5, 8, 8, 8, 8, 11, 11, 12, 12, 15, 17, 22, 23]
P = 4.17e-5  # of chi-squared 16.79 with one degree of freedom


def test_the_estimate_is_that_of_the_textbooks():
    curve = found(TIMES, RIGHT, 0.95)
    known = dict(zip(curve.labels, curve.share, strict=True))
    for time, survival in SURVIVAL.items():
        assert known[time] == pytest.approx(1 - survival, abs=0.0006)
    assert curve.median == 23
    at = list(curve.labels).index(23) + 1
    assert (curve.low < curve.share)[:at].all() and (curve.share < curve.high)[:at].all()


def test_the_log_rank_test_is_that_of_the_textbooks():
    both = (
        pd.DataFrame({"labels": TIMES, "never": np.array(RIGHT, bool)}),
        pd.DataFrame({"labels": PLACEBO, "never": False}),
    )
    assert sooner(*both) == pytest.approx(P, rel=0.02)


def test_runs_that_never_find_it_leave_no_median_and_no_gap():
    curve = found([80, 80, 80], [True, True, True], 0.95)
    assert curve.median == np.inf and not curve.share.any() and not curve.high.any()
    never = pd.DataFrame({"labels": [80.0, 80.0], "never": [True, True]})
    assert sooner(never, never) == 1.0
    early = found([3, 3, 3], [False, False, False], 0.95)
    assert early.median == 3 and early.share[-1] == early.low[-1] == 1


def test_a_trend_is_the_mean_of_the_slopes_of_seeds():
    rows = [
        {"method": method, "at": at, "seed": seed, "value": (seed + 1) * at * (method == "one") + 7 * seed}
        for method in ("one", "other") for at in (0.0, 0.5, 1.0) for seed in range(3)
    ]  # fmt: skip
    more = advantage(pd.DataFrame(rows), "one", "other")
    assert more.loc[more["at"] == 0.5, "value"].tolist() == [0.5, 1.0, 1.5]
    slope = trend(more, 0.95)
    assert slope["mean"] == pytest.approx(2.0) and slope["n"] == 3
    assert slope["high"] - slope["mean"] == pytest.approx(4.302653 / np.sqrt(3), rel=1e-5)


def test_a_trend_leaves_out_seeds_with_a_gap():
    rows = pd.DataFrame([{"at": at, "seed": seed, "value": seed * at} for at in (0.0, 1.0) for seed in range(4)])
    gap = (rows["seed"] == 3) & (rows["at"] == 1)
    slope = trend(rows[~gap], 0.95)
    assert slope["n"] == 3 and slope["mean"] == pytest.approx(1.0)
    assert trend(rows[rows["seed"] + rows["at"] == 1], 0.95)["n"] == 0


def test_runs_without_a_value_are_left_out():
    about = {"dataset": "d", "missing": 1, "label_noise": 0.0, "split": "train", "shift": "none", "seed": 0}
    rows = pd.DataFrame([{"method": "a", "value": 1.5, "converged": True}, {"method": "b", "converged": False}])
    found = scores(rows.assign(**about, metric="off_manifold"), "off_manifold")
    assert found[["method", "value"]].to_numpy().tolist() == [["a", 1.5]]
