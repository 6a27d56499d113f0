import numpy as np
import pytest
import scipy.stats
from statsmodels.stats.power import TTestPower
from statsmodels.stats.weightstats import ttost_paired

from robustpath.statistics import stratified

RANDOM = np.random.default_rng(3)
ONE = RANDOM.gamma(2.0, 1.0, 20)
TWO = RANDOM.normal(-0.5, 3.0, 9)


def cells(*datasets):
    """Values [data sets, 1, seeds], shorter data sets filled with NaN."""
    longest = max(map(len, datasets))
    return np.array([[np.append(values, np.full(longest - len(values), np.nan))] for values in datasets])


def names(values):
    return [f"d{place}" for place in range(len(values))]


def mean(*datasets, **how):
    values = cells(*datasets)
    return stratified.mean(values, names(values), 0.95, **how)


def test_one_data_set_is_the_t_test():
    found, known = mean(ONE), scipy.stats.ttest_1samp(ONE, 1.2, alternative="greater")
    assert found.above(1.2) == pytest.approx(known.pvalue) == pytest.approx(1 - found.below(1.2))
    both = scipy.stats.ttest_1samp(ONE, 1.2).confidence_interval(0.95)
    assert (found.low, found.high) == pytest.approx(tuple(both))
    assert (found.effect, found.n, found.interval) == (pytest.approx(ONE.mean()), 20, "stratified t")


def test_two_data_sets_are_welchs_test():
    """The mean of the strata x and -y is half of the difference of two independent means."""
    found, known = mean(ONE, -TWO), scipy.stats.ttest_ind(ONE, TWO, equal_var=False)
    both = known.confidence_interval(0.95)
    assert (2 * found.low, 2 * found.high) == pytest.approx(tuple(both))
    assert 2 * min(found.above(0), found.below(0)) == pytest.approx(known.pvalue)
    assert [part[0] for part in found.by_dataset] == ["d0", "d1"]
    assert found.by_dataset[1][1:4] == pytest.approx((-TWO.mean(), *mean(-TWO)[1:3]))


def test_interval_and_test_agree():
    found = mean(ONE, TWO)
    assert found.above(found.low) == pytest.approx(0.025) == pytest.approx(found.below(found.high))


def test_seeds_of_a_data_set_can_be_relabelled():
    values = RANDOM.normal(0, 1, (3, 1, 20)) + RANDOM.normal(0, 1, 20)
    found = stratified.mean(values, names(values), 0.95)
    moved = values.copy()
    moved[1, 0] = RANDOM.permutation(values[1, 0])
    again = stratified.mean(moved, names(values), 0.95)
    assert found[:4] == pytest.approx(again[:4], rel=1e-12) and found.freedom == pytest.approx(again.freedom)
    assert found.freedom > 40


def test_train_sizes_of_a_seed_are_one_observation():
    values = np.stack([[ONE, 2 * ONE]])
    found = stratified.mean(values, ["d"], 0.95)
    assert found[:4] == pytest.approx(mean(1.5 * ONE)[:4])


def test_a_ratio_is_that_of_means_within_and_geometric_over_data_sets():
    x, y = RANDOM.gamma(20, 0.1, (2, 3, 1, 12))
    values = stratified.log_ratios(x, y)
    found = stratified.mean(values, names(values), 0.95, logarithmic=True)
    each = x.mean(axis=(1, 2)) / y.mean(axis=(1, 2))
    assert found.effect == pytest.approx(scipy.stats.gmean(each))
    assert [part[1] for part in found.by_dataset] == pytest.approx(each)
    assert found.above(found.low) == pytest.approx(0.025)
    # The delta method by hand: x / mean(x) - y / mean(y).
    spread = (x / x.mean(axis=2, keepdims=True) - y / y.mean(axis=2, keepdims=True)).std(axis=2, ddof=1)
    assert found.error == pytest.approx(np.sqrt((spread**2 / 12).sum()) / 3)


def test_the_interval_of_a_ratio_covers_it():
    generator = np.random.default_rng(0)
    hits = 0
    for _ in range(400):
        common = generator.gamma(25, 0.04, (3, 1, 20))
        x = np.array([1.0, 2.0, 4.0])[:, None, None] * common * generator.gamma(25, 0.04, (3, 1, 20))
        values = stratified.log_ratios(x, common)
        found = stratified.mean(values, names(values), 0.95, logarithmic=True)
        hits += found.low < 2 < found.high
    assert 0.92 <= hits / 400 <= 0.98


def test_pairs_without_a_value_are_left_out_and_what_is_not_positive_has_no_ratio():
    x, y = np.array([[[1.0, 2.0, 3.0, np.nan]]]), np.array([[[1.0, 1.0, 1.0, 5.0]]])
    values = stratified.log_ratios(x, y)
    assert np.isnan(values[0, 0, 3]) and np.nanmean(values) == pytest.approx(np.log(2))
    assert np.isnan(stratified.log_ratios(-x, y)).all()


@pytest.mark.parametrize("values", [[[]], [[0.3]], [ONE, [0.3]]])
def test_without_two_seeds_on_every_data_set_there_is_no_interval_and_no_p(values):
    found = mean(*values)
    assert np.isnan([found.low, found.high, found.above(0.0), found.below(0.0)]).all()
    assert found.interval.startswith("none (fewer than two seeds on d")


def test_values_that_do_not_vary_are_certain():
    found = mean(np.full(5, 0.25))
    assert (found.low, found.high, found.above(0.25), found.above(0.0), found.above(0.5)) == (0.25, 0.25, 0.5, 0, 1)


def test_the_median_has_the_sign_test_and_its_interval():
    values = cells(ONE, ONE[::-1] + 0.1)
    found = stratified.median(values, names(values), 0.95)
    whole = np.concatenate([ONE, ONE[::-1] + 0.1])
    assert found.effect == pytest.approx(np.median(whole)) and found.n == 40
    lower = int((whole < 2.5).sum())
    known = scipy.stats.binomtest(lower, 40, alternative="greater").pvalue
    assert found.below(2.5) == pytest.approx(known)
    just = 1e-9
    assert found.above(found.low - just) < 0.025 < found.above(found.low + just)
    assert found.below(found.high + just) < 0.025 < found.below(found.high - just)


def test_a_median_of_few_runs_has_no_interval_and_an_infinite_run_lies_above():
    assert np.isnan(stratified.median(cells(ONE[:5]), ["d"], 0.95).low)
    spoilt = np.append(ONE, np.full(25, np.inf))
    assert stratified.median(cells(spoilt), ["d"], 0.95).below(100.0) > 0.5


def test_fishers_z_is_that_of_scipy(monkeypatch):
    monkeypatch.setattr(stratified, "RANKS", 1.0)
    x, y = RANDOM.normal(size=(2, 18))
    known = scipy.stats.pearsonr(x, x + 2 * y)
    found = stratified.rank_correlation(known.statistic, 16, 18, 0.95)
    assert (found.low, found.high) == pytest.approx(tuple(known.confidence_interval(0.95)))
    assert found.above(found.low) == pytest.approx(0.025)
    assert np.isnan(stratified.rank_correlation(0.5, 1, 5, 0.95).low)


def test_equivalence_agrees_with_statsmodels():
    d = np.random.default_rng(2).normal(0.05, 0.2, 20)
    for margin in (0.05, 0.1, 0.3):
        known = ttost_paired(d, np.zeros(20), -margin, margin)[0]
        assert stratified.within_margin(mean(d), margin) == pytest.approx(known)


def test_beyond_a_margin_is_the_test_of_both_tails_at_the_margin():
    d = np.random.default_rng(2).normal(0.5, 1.0, 20)
    assert stratified.beyond_margin(mean(d), 0.0) == pytest.approx(scipy.stats.ttest_1samp(d, 0).pvalue)
    # At the margin itself it rejects as often as it says.
    draws = np.random.default_rng(0).normal(0.3, 1.0, (2000, 20))
    rejected = np.mean([stratified.beyond_margin(mean(own), 0.3) < 0.05 for own in draws])
    assert rejected == pytest.approx(0.05, abs=0.015)


def test_what_is_detectable_is_found_four_times_in_five():
    found = mean(ONE)
    size = TTestPower().solve_power(nobs=20, alpha=0.025, power=0.8, alternative="larger")
    assert found.detectable(1.0, 1) == pytest.approx(1 + size * ONE.std(ddof=1), rel=1e-4)
    assert found.detectable(1.0, -1) == pytest.approx(1 - size * ONE.std(ddof=1), abs=1e-4)
    ratio = mean(np.log(ONE), logarithmic=True)
    assert np.log(ratio.detectable(1.0, 1)) == pytest.approx(size * np.log(ONE).std(ddof=1), rel=1e-4)


def test_the_power_of_equivalence_is_that_of_draws():
    generator = np.random.default_rng(0)
    draws = generator.normal(0, 1.0, (2000, 20))
    shown = np.mean([stratified.within_margin(mean(own), 0.7) < 0.025 for own in draws])
    at = mean(np.array([1.0, -1.0] * 10) * np.sqrt(19 / 20))
    assert at.error == pytest.approx(1 / np.sqrt(20))
    assert stratified.equivalence_power(at, 0.7, 0.95) == pytest.approx(shown, abs=0.03)
    assert stratified.equivalence_power(at, 0.3, 0.95) == 0.0
