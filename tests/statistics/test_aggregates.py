"""Each statistic against a table worked by hand and, where one exists, a library."""

from itertools import combinations, product

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from statsmodels.stats.power import TTestPower

from robustpath import records
from robustpath.core.errors import UserError
from robustpath.records.selection import select
from robustpath.statistics import aggregates

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


def test_many_seeds_are_counted_in_two_halves_and_more_are_drawn(monkeypatch):
    values = np.random.default_rng(4).normal(0.3, 1, 15)
    counted = aggregates.sign_flip(differences(values))
    sums = np.array(list(product([-1, 1], repeat=15))) @ values
    assert counted == (np.abs(sums) >= abs(values.sum()) - 1e-9).mean()
    monkeypatch.setattr(aggregates, "EXACT", 5)
    drawn = aggregates.sign_flip(differences(values))
    assert drawn == pytest.approx(counted, abs=4 * np.sqrt(counted / aggregates.FLIPS))
    assert drawn == aggregates.sign_flip(differences(values))


def test_sign_flips_of_every_method():
    table = scores(["sgd", "sam", "swa"]).groupby(["method", "seed"], as_index=False)["value"].mean()
    found = aggregates.sign_flips(table.sample(frac=1, random_state=2)[["value", "seed", "method"]], "sgd")
    wide = table.pivot(index="seed", columns="method", values="value")
    assert found["method"].to_list() == ["sam", "swa"]
    for row in found.itertuples():
        known = stats.permutation_test((wide[row.method] - wide["sgd"],), np.mean, permutation_type="samples")
        assert row.p == pytest.approx(known.pvalue)
    with pytest.raises(UserError, match=r"method=sam, seed=5 has no score"):
        aggregates.sign_flips(table[(table["method"] != "sam") | (table["seed"] != 5)], "sgd")
    with pytest.raises(UserError, match="no scores of the reference adamw to compare with, only of sam, sgd, swa"):
        aggregates.sign_flips(table, "adamw")


def one_task(**values):
    """Scores of one task, a list a method."""
    rows = [(*TASKS[0], method, seed, value) for method, line in values.items() for seed, value in enumerate(line)]
    return pd.DataFrame(rows, columns=[*aggregates.TASK, "method", "seed", "value"])


def test_the_interquartile_mean_by_hand():
    # In order: -50 1 | 2 3 4 5 | 6 100. The differences to the other are 1 but for one of 50: the middle half is 1.
    values = np.array([100.0, 1, 2, 3, 4, -50, 5, 6])
    table = one_task(sam=values, sgd=values - np.array([50.0, 1, 1, 1, 1, 1, 1, 1]))
    found = aggregates.interquartile_means(table, "sgd", 0.95, resamples=50).set_index("method")
    assert found.loc["sam", ["mean", "difference", "tasks", "n"]].to_list() == [(2 + 3 + 4 + 5) / 4, 1.0, 1, 8]
    assert found.loc["sgd", aggregates.DIFFERENCE].isna().all()


def test_intervals_of_the_interquartile_mean_are_those_of_a_bootstrap_written_out():
    table = scores(["sgd", "sam"])
    found = aggregates.interquartile_means(table, "sgd", 0.95, resamples=4000).set_index("method")
    sam, sgd = (
        table[table["method"] == name].pivot(index=aggregates.TASK, columns="seed", values="value")
        for name in ("sam", "sgd")
    )
    stratum = {name: sam.index.get_level_values("dataset") == name for name in ("optdigits", "mnist1d")}
    generator, drawn = np.random.default_rng(5), {"mean": [], "difference": []}
    for _ in range(1000):
        # The two tasks of one data set share their seeds.
        seeds = {name: generator.integers(6, size=6) for name in stratum}
        for name, values in {"mean": sam.to_numpy(), "difference": (sam - sgd).to_numpy()}.items():
            picked = [values[rows][:, seeds[own]].ravel() for own, rows in stratum.items()]
            drawn[name].append(stats.trim_mean(np.concatenate(picked), 0.25))
    for name, columns in {"mean": ["low", "high"], "difference": aggregates.DIFFERENCE[1:]}.items():
        known = np.percentile(drawn[name], [2.5, 97.5])
        assert found.loc["sam", columns].to_list() == pytest.approx(known, abs=0.08)
    assert found.loc["sam", "mean"] == pytest.approx(stats.trim_mean(sam.to_numpy(), 0.25, None))
    assert found.loc["sam", "difference"] == pytest.approx(stats.trim_mean((sam - sgd).to_numpy(), 0.25, None))


def test_what_a_seed_does_to_all_tasks_of_a_data_set_widens_the_interval():
    generator, rows = np.random.default_rng(6), []
    for seed in range(20):
        common = generator.normal()
        rows += [("mnist1d", size, 0.0, "none", "sgd", seed, common) for size in (50, 100, 200, 300)]
    table = pd.DataFrame(rows, columns=[*aggregates.TASK, "method", "seed", "value"])
    row = aggregates.interquartile_means(table, "sgd", 0.95).iloc[0]
    alone = aggregates.interquartile_means(table[table["train_size"] == 50], "sgd", 0.95).iloc[0]
    # Four copies of one task tell no more than one.
    assert row["high"] - row["low"] == pytest.approx(alone["high"] - alone["low"], rel=0.1)


def study(seeds=10, rng=1):
    """Accuracies as in the comparison of methods: tasks 20 points apart, differences of a few points a run."""
    table = scores(["sgd", "sam", "adamw"], seeds, rng)
    task = table["dataset"].map({"optdigits": 0.9, "mnist1d": 0.5}) + 0.1 * (table["shift_family"] == "none")
    return table.assign(value=task + 0.03 * table["value"])


def test_the_printed_digits_of_the_bounds_do_not_depend_on_the_resamples_that_were_drawn(monkeypatch):
    """Points are printed to a tenth and probabilities to a hundredth: the error is below half of that, by far."""
    drawn = []
    for seed in (0, 1, 2):
        monkeypatch.setattr(aggregates, "SEED", seed)
        means = aggregates.interquartile_means(study(), "sgd", 0.95).set_index("method")
        better = aggregates.improvement(study(), "sgd", 0.95).set_index("method")
        bounds = 100 * means[["low", "high", *aggregates.DIFFERENCE[1:]]]
        drawn.append(pd.concat({"mean": bounds, "improvement": 10 * better[["low", "high"]]}, axis=1))
    spread = np.std(drawn, axis=0, ddof=1)
    assert 0 < np.nanmax(spread) < 0.05 / 2
    for other in drawn[1:]:
        pd.testing.assert_frame_equal(other.round(1), drawn[0].round(1))


def test_improvement_by_hand_and_by_mann_and_whitney():
    # 1 beats none, 3 beats 2 and ties with 3.
    found = aggregates.improvement(one_task(a=[1.0, 3.0], b=[2.0, 3.0]), "b", 0.95).set_index("method")
    assert found["probability"].to_dict() == {"a": 1.5 / 4, "b": 0.5}
    table = scores(["sgd", "sam"], seeds=8)
    each = [
        stats.mannwhitneyu(*(rows.loc[rows["method"] == name, "value"] for name in ("sam", "sgd"))).statistic / 64
        for _, rows in table.groupby(aggregates.TASK)
    ]
    found = aggregates.improvement(table, "sgd", 0.95).set_index("method")
    assert found.loc["sam", "probability"] == pytest.approx(np.mean(each))
    assert found.loc["sgd", ["low", "high"]].isna().all()


def test_the_interval_of_improvement_is_scipys_on_one_task():
    generator = np.random.default_rng(7)
    table = one_task(sam=generator.normal(0.5, 1, 12), sgd=generator.normal(0, 1, 12))
    sam, sgd = (table.loc[table["method"] == name, "value"].to_numpy() for name in ("sam", "sgd"))

    def share(a, b):
        return np.mean(a[:, None] > b) + 0.5 * np.mean(a[:, None] == b)

    known = stats.bootstrap(
        (sam, sgd), share, paired=True, vectorized=False, method="percentile", n_resamples=3000, rng=8
    ).confidence_interval
    row = aggregates.improvement(table, "sgd", 0.95, resamples=3000).set_index("method").loc["sam"]
    assert row[["low", "high"]].to_list() == pytest.approx([known.low, known.high], abs=0.02)


def test_axes_are_named_and_gaps_refused():
    table = scores(["sgd", "sam"])
    shuffled = table.sample(frac=1, random_state=3)[table.columns[::-1]]
    for make in (aggregates.interquartile_means, aggregates.improvement):
        pd.testing.assert_frame_equal(make(table, "sgd", 0.95, 200), make(shuffled, "sgd", 0.95, 200))
        with pytest.raises(UserError, match="no scores of the reference adamw to compare with, only of sam, sgd"):
            make(table, "adamw", 0.95)
    with pytest.raises(UserError, match=r"dataset=optdigits.*method=sgd.*seed=0 has no score"):
        aggregates.interquartile_means(table.drop(index=0), "sgd", 0.95)
    with pytest.raises(UserError, match="more than one score"):
        aggregates.improvement(pd.concat([table, table.head(1)]), "sgd", 0.95)
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


def test_with_all_draws_the_curve_ends_at_what_is_selected(small_records):
    curves = aggregates.tuning_curves(small_records.sample(frac=1, random_state=4), "data_efficiency")
    key = ["dataset", "method", "train_size", "seed"]
    chosen = select(small_records)
    scores = records.test_scores(chosen, "data_efficiency")
    scores = scores[scores["shift_family"] == "none"].set_index(key)["value"].sort_index()
    pd.testing.assert_series_equal(curves[curves["draws"] == 2].set_index(key)["value"].sort_index(), scores)
    own = small_records[(small_records["split"] == "test") & (small_records["shift"] == "none")]
    means = own[own["metric"] == "accuracy"].groupby(key)["value"].mean()
    pd.testing.assert_series_equal(curves[curves["draws"] == 1].set_index(key)["value"].sort_index(), means)


def test_a_diverged_draw_is_the_best_of_none():
    rows = [("d", 50, 0.0, 0, "sgd", draw, split, value, draw == 1)
            for draw, (validation, test) in enumerate([(0.5, 0.6), (0.9, 0.1)])
            for split, value in (("validation", validation), ("test", test))]  # fmt: skip
    names = ["dataset", "train_size", "label_noise", "seed", "method", "draw", "split", "value", "diverged"]
    table = pd.DataFrame(rows, columns=names).assign(experiment="e", metric="accuracy", shift="none")
    assert aggregates.tuning_curves(table, "e")["value"].to_list() == [0.35, 0.6]


def _simulated(effect, seeds):
    """The share of simulated paired t tests at 5 % that find an effect of so many deviations."""
    draws = np.random.default_rng(1).normal(effect, 1.0, (20_000, seeds))
    return (stats.ttest_1samp(draws, 0.0, axis=1).pvalue < 0.05).mean()


def test_runs_needed_are_statsmodels():
    for effect, deviation in ((0.3, 0.4), (0.3, 0.5), (1.0, 0.4), (0.01, 0.5)):
        known = TTestPower().solve_power(effect / deviation, alpha=0.05, power=0.8)
        assert aggregates.runs_needed(effect, deviation) == int(np.ceil(known))
    assert aggregates.detected(0.3, 0.5, 20) == pytest.approx(TTestPower().power(0.6, 20, 0.05))
    for seeds in (2, 3, 20):
        assert aggregates.detected(aggregates.smallest_effect(0.4, seeds), 0.4, seeds) == pytest.approx(0.8)
    assert aggregates.detected(11.549, 1.0, 2) == pytest.approx(_simulated(11.549, 2), abs=0.01)
    assert [aggregates.runs_for_probability(gamma) for gamma in (0.6, 0.7, 0.75, 0.8, 0.9)] == [181, 46, 29, 21, 12]
    for effect, deviation in ((0.0, 1.0), (1.0, 0.0), (1.0, float("nan"))):
        with pytest.raises(UserError, match="must not be zero"):
            aggregates.runs_needed(effect, deviation)
