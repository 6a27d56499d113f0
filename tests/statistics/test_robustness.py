import numpy as np
import pandas as pd
import planted
import pytest
from scipy.special import expit, logit

from robustpath.statistics import evidence, robustness
from robustpath.statistics.grid import grids

BASELINES = ["sgd", "swa", "ema", "sam"]
GAINS = {"swa": 1.0, "ema": 2.0, "sam": -1.0, "accurate": 3.0}


@pytest.fixture(scope="module")
def accuracy():
    """Baselines on the line, a method further up the line, and one above it."""
    table = planted.study([*BASELINES, "accurate", "robust"], spread=0.01, gain=GAINS, robust={"robust": 0.2})
    return evidence.gather(table, "minima", "lengths").accuracy


def test_shorter_runs_hold_the_slope_where_baselines_are_alike():
    table = planted.study([*BASELINES, "accurate"], spread=0.5, gain={"accurate": 3.0}, rng=1)
    found = evidence.gather(table, "minima", "lengths")
    alone = robustness.lines(found.accuracy, BASELINES, 900)
    held = robustness.lines(found.accuracy, BASELINES, 900, found.curve)
    errors = [max(abs(line.slope - planted.LINE[1]) for line in lines.values()) for lines in (alone, held)]
    assert errors[1] < 0.1 < errors[0]
    assert all(line.lengths > 0 for line in held.values())


def test_a_run_far_below_is_no_point_of_the_line(accuracy):
    low = accuracy[accuracy["method"] == "sgd"].assign(method="length 0", value=0.3)
    for line in robustness.lines(accuracy, BASELINES, 900, low).values():
        assert line.lengths == 0


def test_the_line_is_that_of_the_baselines(accuracy):
    for line in robustness.lines(accuracy, BASELINES, 900).values():
        assert (line.intercept, line.slope) == pytest.approx(planted.LINE, abs=0.03)
        assert line.r_squared > 0.99
        assert line.methods == 4


def test_only_what_lies_above_the_line_is_robust(accuracy):
    left = robustness.residuals(accuracy, BASELINES, 900)
    means = 100 * left.groupby(["method", "label_noise"])["value"].mean().unstack()
    assert means.loc["accurate"].abs().max() < 0.1
    assert (means.loc["robust"] > 3).all()
    assert means.loc["sgd"].abs().max() < 0.1


def test_two_points_make_no_line():
    rows = pd.DataFrame({"method": ["sgd", "sgd", "sam", "sam"], "test_set": ["none", "ood"] * 2, "seed": 0})
    rows = rows.assign(dataset="d", train_size=50, label_noise=0.0, value=[0.9, 0.5, 0.8, 0.4])
    assert robustness.lines(rows, ["sgd", "sam"], 900) == {}
    assert robustness.residuals(rows, ["sgd", "sam"], 900).empty


def test_line_and_r_squared_by_hand_and_certainty_has_a_logit():
    x = np.array([0.0, 1.0, 2.0])
    y = np.array([0.0, 2.0, 1.0])  # slope 1/2, intercept 1/2, R squared 1/4
    rows = [
        {"method": name, "test_set": kind, "value": expit(value)}
        for name, one, other in zip("abc", x, y, strict=True)
        for kind, value in {"none": one, "ood": other}.items()
    ]
    table = pd.DataFrame(rows).assign(dataset="d", train_size=50, label_noise=0.0, seed=0)
    (line,) = robustness.lines(table, list("abc"), 900).values()
    assert line == pytest.approx((0.5, 0.5, 0.25, 3, 0))
    assert line.predict(expit(2.0)) == pytest.approx(expit(1.5))
    sure = robustness.points(table.assign(value=1.0), 900)
    assert np.isfinite(logit(sure[["none", "ood"]])).all(axis=None)


def test_residuals_by_arrays_are_those_of_the_tables_with_any_baseline_left_out():
    table = planted.study([*BASELINES, "accurate"], seeds=5, spread=0.5, gain=GAINS, robust={"sam": 0.3}, rng=1)
    found = evidence.gather(table, "minima", "lengths")
    accuracy, curve = (rows[rows["label_noise"] == 0.2] for rows in (found.accuracy, found.curve))
    longest = curve["method"] == curve["method"].max()  # so far away that it is no point of the line
    curve = curve.assign(value=curve["value"].where(~longest, 0.02))
    (methods,), (lengths,) = grids(accuracy, "test_set"), grids(curve, "test_set")
    far = logit(curve["value"].clip(0.01, 0.99)) - logit(accuracy["value"].clip(0.01, 0.99)).mean()
    assert (far.abs() > 2 * robustness.REACH).any() and (far.abs() < robustness.REACH).any()
    fast = robustness.left_out(methods, BASELINES, 900, lengths)
    assert list(fast) == [None, *sorted(BASELINES)]
    for name, grid in fast.items():
        slow = robustness.residuals(accuracy, [each for each in BASELINES if each != name], 900, curve)
        for method in ("accurate", "sam"):
            rows = slow[slow["method"] == method].sort_values(["dataset", "seed"])
            np.testing.assert_allclose(grid.of(method).ravel(), rows["value"], atol=1e-12)
    assert robustness.left_out({}, BASELINES, 900, lengths) == {}
