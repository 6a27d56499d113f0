import numpy as np
import pandas as pd
import pytest
import scipy.stats

from robustpath.statistics.concordance import along, granulated, kendall

# Jiang et al. (2019), section 3, on two hyperparameters of two values: g grows along both, mu along the first only.
TOY = pd.DataFrame({"width": [0, 0, 1, 1], "depth": [0, 1, 0, 1], "gap": [1.0, 2, 3, 4], "measure": [2.0, 1, 4, 3]})


def test_toy_by_hand():
    assert kendall(TOY["measure"].to_numpy(), TOY["gap"].to_numpy()) == pytest.approx(1 / 3)
    assert granulated(TOY, ["width", "depth"]).to_dict() == {"width": 1.0, "depth": -1.0, "Psi": 0.0}


def test_without_ties_it_is_the_usual_tau_also_beyond_one_block():
    rng = np.random.default_rng(0)
    x = rng.normal(size=1203)
    y = x + rng.normal(size=1203)
    assert kendall(x, y) == pytest.approx(scipy.stats.kendalltau(x, y).statistic)


def test_ties_count_nothing_and_one_run_has_no_tau():
    assert kendall(np.array([1.0, 1.0, 2.0]), np.array([1.0, 2.0, 3.0])) == pytest.approx(2 / 3)
    assert np.isnan(kendall(np.ones(1), np.ones(1)))


def test_an_axis_of_one_value_is_no_axis():
    runs = TOY.assign(seed=0)
    assert granulated(runs, ["width", "depth", "seed"]).to_dict() == {"width": 1.0, "depth": -1.0, "Psi": 0.0}
    assert along(runs, "seed", ["width", "depth", "seed"]).empty


def test_runs_that_differ_in_one_axis_are_compared_among_themselves_alone():
    rng = np.random.default_rng(1)
    runs = pd.DataFrame({"seed": rng.integers(40, size=150), "size": rng.integers(3, size=150)})
    runs = runs.assign(depth=range(150), measure=rng.integers(9, size=150), gap=rng.normal(size=150))
    found = along(runs, "depth", ["seed", "size", "depth"])
    groups = {place: own for place, own in runs.groupby(["seed", "size"]) if len(own) > 1}
    assert list(found.index) == list(groups) and len({len(own) for own in groups.values()}) > 2
    for place, own in groups.items():
        pairs = [(a, b) for a in own.itertuples() for b in own.itertuples()]
        signs = [np.sign(a.measure - b.measure) * np.sign(a.gap - b.gap) for a, b in pairs]
        assert found[place] == pytest.approx(sum(signs) / (len(own) * (len(own) - 1)))
