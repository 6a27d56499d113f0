import numpy as np
import pytest
import scipy.stats
from statsmodels.stats.weightstats import ttost_paired

from robustpath.statistics.bootstrap import equivalence, estimate, mean, median, ratio

VALUES = np.random.default_rng(3).gamma(2.0, 1.0, 20)


def test_interval_is_that_of_scipy_and_the_same_every_time():
    found = estimate([VALUES], mean, 0.95, resamples=999)
    expected = scipy.stats.bootstrap(
        (VALUES,), np.mean, n_resamples=999, method="BCa", rng=np.random.default_rng(0), vectorized=True
    ).confidence_interval
    assert (found.low, found.high) == pytest.approx((expected.low, expected.high))
    assert found[:5] == estimate([VALUES], mean, 0.95, resamples=999)[:5]
    assert found.interval == "BCa bootstrap" and found.n == 20


def test_p_of_a_median_is_small_far_from_it():
    found = estimate([VALUES, VALUES[::-1]], median, 0.95)
    assert found.p(found.high + 0.5) < 0.02 < 0.3 < found.p(found.effect)


def test_p_is_that_of_the_t_test():
    values = np.random.default_rng(0).normal(0.5, 1, 20)
    found = estimate([values], mean, 0.95)
    assert found.p(0.1) == pytest.approx(scipy.stats.ttest_1samp(values, 0.1).pvalue)
    assert found.tail(0.1) == pytest.approx(scipy.stats.ttest_1samp(values, 0.1, alternative="greater").pvalue)


def test_p_of_a_ratio_is_near_that_of_the_difference():
    x, y = np.random.default_rng(1).normal([1.1, 1.0], 0.05, (20, 2)).T
    assert estimate([x, y], ratio, 0.95).p(1.05) == pytest.approx(
        scipy.stats.ttest_1samp(x - 1.05 * y, 0).pvalue, abs=0.01
    )


def test_with_few_seeds_it_is_a_t_interval_and_says_so():
    found = estimate([VALUES[:3]], mean, 0.95)
    expected = scipy.stats.ttest_1samp(VALUES[:3], 1.0)
    low, high = expected.confidence_interval(0.95)
    assert (found.low, found.high, found.p(1.0)) == pytest.approx((low, high, expected.pvalue))
    assert found.interval == "t (fewer than 8 seeds)"


def test_values_that_do_not_vary_fall_back_and_say_so():
    found = estimate([np.full(10, 0.25)], mean, 0.95)
    assert found[:5] == (0.25, 0.25, 0.25, 10, "t (BCa is undefined)")
    assert (found.p(0.25), found.p(0.0), found.p(0.5)) == (1.0, 0.0, 0.0)


def test_the_ratio_of_few_seeds_is_linearised():
    # x = 2 y + e: the influence of a seed on the ratio is e / mean(y).
    y, noise = np.array([1.0, 2.0, 3.0]), np.array([0.3, -0.3, 0.0])
    found = estimate([2 * y + noise, y], ratio, 0.95)
    half = scipy.stats.t.ppf(0.975, 2) * (noise / 2).std(ddof=1) / 3**0.5
    assert (found.effect, found.high - 2) == pytest.approx((2.0, half))
    assert found.interval.startswith("t (")


def test_the_median_of_few_seeds_has_their_range():
    found = estimate([np.array([1.0, 5.0, 2.0])], median, 0.95)
    assert found[:5] == (2.0, 1.0, 5.0, 3, "range of the seeds (fewer than 8 seeds)")
    assert found.p(10.0) == pytest.approx(2 / 2**3)


@pytest.mark.parametrize("columns", [[np.array([])], [np.array([0.3])], [np.ones(5), np.zeros(5)]])
def test_where_there_is_no_interval_there_is_no_p(columns):
    found = estimate(columns, ratio if len(columns) > 1 else mean, 0.95)
    assert np.isnan([found.low, found.high, found.p(0.0)]).all()
    assert found.interval.startswith("none (")


def test_equivalence_agrees_with_statsmodels():
    d = np.random.default_rng(2).normal(0.05, 0.2, 20)
    for margin in (0.05, 0.1, 0.3):
        assert equivalence(d, margin) == pytest.approx(ttost_paired(d, np.zeros(20), -margin, margin)[0])
    assert equivalence(np.zeros(5), 0.1) == 0
    assert equivalence(np.full(5, 0.2), 0.1) == 1


def test_seeds_are_resampled_in_pairs():
    # Where the seed moves both alike, their ratio hardly varies, whatever each of them does.
    found = estimate([2 * VALUES + 0.01 * VALUES[::-1], VALUES], ratio, 0.95, resamples=999)
    assert found.high - found.low < 0.05
