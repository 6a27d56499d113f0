"""Standard deviations and their intervals: by hand, and on planted sources."""

import math

import numpy as np
import pytest
from repeated import repeated, settings
from scipy import stats

from robustpath.core.errors import UserError
from robustpath.numbers import variance
from robustpath.statistics.variance import ALONE, POOLED, components, spread

PLANTED = {"split": 0.010, "initialisation": 0.004, "order": 0.002, "draw": 0.006}


def test_one_column_has_the_chi_square_interval_of_a_standard_deviation():
    found = spread(np.array([[1.0], [2.0], [3.0]]), 0.95)
    assert found[:2] == (3, 1.0)
    # Two degrees of freedom: the quantile of chi square at q is -2 log(1 - q).
    assert found.low == pytest.approx(math.sqrt(2 / (-2 * math.log(0.025))))
    assert found.high == pytest.approx(math.sqrt(2 / (-2 * math.log(0.975))))


@pytest.mark.parametrize(
    ("columns", "variance_pooled", "freedom"),
    [
        ([[1, 2, 3], [2, 4, 6]], (1 + 4) / 2, 2.0),  # as one: n - 1 in all
        ([[-1, 0, 1], [1, -2, 1]], (1 + 3) / 2, 2 * 16 / 10),  # uncorrelated, of unequal variance
        ([[-1, 1, -1, 1], [-1, -1, 1, 1]], 4 / 3, 6.0),  # uncorrelated and alike: n - 1 of each
    ],
)
def test_pooled_freedom_counts_what_is_independent(columns, variance_pooled, freedom):
    found = spread(np.array(columns, dtype=float).T, 0.9)
    assert found.deviation == pytest.approx(math.sqrt(variance_pooled))
    assert found.freedom == pytest.approx(freedom)
    assert found.low == pytest.approx(found.deviation * math.sqrt(freedom / stats.chi2.ppf(0.95, freedom)))


@pytest.mark.parametrize("shared", [0.0, 1.0])
def test_the_pooled_interval_holds_the_truth_as_often_as_it_says(shared):
    generator, held = np.random.default_rng(0), 0
    deviations = np.array([0.5, 1.0, 2.0])
    for _ in range(1500):
        own, common = generator.normal(size=(20, 3)), generator.normal(size=(20, 1))
        found = spread(deviations * (math.sqrt(1 - shared) * own + math.sqrt(shared) * common), 0.95)
        held += found.low <= math.sqrt(np.mean(deviations**2)) <= found.high
    assert held / 1500 == pytest.approx(0.95, abs=0.02)


def test_without_variation_or_normality_there_is_no_interval():
    assert spread(np.ones((4, 2)), 0.95)[:2] == (4, 0.0)
    mostly_one = np.array([[0.9], [0.9], [0.9], [0.8]])
    assert spread(mostly_one, 0.95).deviation == pytest.approx(0.05)
    assert np.isnan(spread(mostly_one, 0.95)[2:]).all()
    assert np.isfinite(spread(np.array([[0.9], [0.9], [0.8], [0.7]]), 0.95)[2:]).all()
    assert np.isnan(spread(np.ones((1, 1)), 0.95)[1:]).all()


def test_planted_sources_are_found_each_in_its_own_experiment():
    found = components(repeated(PLANTED, 400), "sgd", 0.999).set_index(["shift_family", "source", "dataset"])
    together = math.sqrt(sum(PLANTED[name] ** 2 for name in ("split", "initialisation", "order")))
    half = 1 / math.sqrt(2)  # of the seeds are moved by their draw
    expected = PLANTED | {"draw": half * PLANTED["draw"], "default": together}
    expected["all"] = math.hypot(together, expected["draw"])
    for kind, factor in (("none", 1), ("corruption", 2.5), ("natural", 2)):
        for source, deviation in expected.items():
            row = found.loc[(kind, source, POOLED)]
            assert row["n"] == 400
            if source == "draw":  # the even seeds keep the default, so many of them agree
                assert row["deviation"] == pytest.approx(factor * deviation, rel=0.15)
            else:
                assert row["low"] < factor * deviation < row["high"], (kind, source)
    assert set(found.loc["none"].index.get_level_values("dataset")) == {"optdigits", "typeface_digits", POOLED}
    assert set(found.loc["natural"].index.get_level_values("dataset")) == {"typeface_digits", POOLED}


def test_an_experiment_that_is_missing_is_named():
    table = repeated(PLANTED, 4)
    with pytest.raises(UserError, match="no test accuracy of experiment variance_order"):
        components(table[table["experiment"] != "variance_order"], "sgd", 0.95)


def test_the_largest_source_is_named_by_code():
    macros = variance.collect(repeated(PLANTED, 60), settings(60))
    assert macros["VarianceLargestId"][0] == "split of the data"
    assert macros["VarianceLargestIdApart"][0] == "lies above those of the others"
    alike = dict.fromkeys(ALONE, 0.004) | {"order": 0.0045, "draw": 0.0}
    macros = variance.collect(repeated(alike, 20), settings(20))
    assert macros["VarianceLargestIdApart"][0].startswith("overlaps that of the ")
    assert macros["VarianceDrawId"][0] == "0.00"
    assert macros["VarianceDrawIdInterval"][0] == "no interval"


def test_macros_are_those_of_the_components():
    table = repeated(PLANTED, 20)
    macros = variance.collect(table, settings(20))
    found = components(table, "sgd", 0.95).set_index(["shift_family", "source", "dataset"])
    row = found.loc[("corruption", "initialisation", POOLED)]
    assert macros["VarianceInitialisationCorruption"][0] == f"{100 * row['deviation']:.2f}"
    assert macros["VarianceInitialisationCorruptionInterval"][0] == f"[{100 * row['low']:.2f}, {100 * row['high']:.2f}]"
    parts = [found.loc[("none", name, POOLED), "deviation"] for name in ("split", "initialisation", "order")]
    assert macros["VarianceSumId"][0] == f"{100 * math.hypot(*parts):.2f}"
    assert macros["VarianceRunCount"][0] == str(2 * 20 * (3 + 3))
    assert macros["VarianceDefaultKept"][0] == "20 of 40"
