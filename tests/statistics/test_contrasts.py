"""Contrasts of paired runs against planted effects and the arithmetic by hand."""

import contrasted
import numpy as np
import pytest
from scipy import stats

from robustpath.core.errors import UserError
from robustpath.statistics.contrasts import after_draws, walked


def test_walks_are_compared_with_the_runs_that_stand_still_at_the_same_time_for_as_long():
    """Paired within data set and seed: the large scatter of seeds and data sets is in no interval."""

    def gain(noise, method, descended, share):
        return 0.001 * (1 + 2 * (noise > 0) + 4 * (method == "midway_walk")) * (1 + descended) * (1 + share)

    found = walked(contrasted.contrasted(seeds=4, gain=gain, spread=0.0), "walk_levels", 0.95)
    assert len(found) == 2 * 2 * 3 * 3
    assert set(found["n"]) == {8}
    for row in found.itertuples():
        assert row.mean == pytest.approx(gain(row.label_noise, row.method, row.descended, row.share), abs=1e-12)
        assert (row.low, row.high) == pytest.approx((row.mean, row.mean), abs=1e-9)
        assert row.p < 1e-6


def test_interval_and_p_are_those_of_a_t_test_with_data_sets_as_strata():
    table = contrasted.contrasted(seeds=5, gain=lambda *_: 0.004)
    found = walked(table, "walk_levels", 0.9).set_index(["label_noise", "method", "descended", "share"])
    own = table[(table["experiment"] == "walk_levels") & (table["method"] == "midway_walk")]
    own = own[(own["split"] == "test") & (own["label_noise"] == 0.2)]
    wide = own.pivot(index="dataset", columns=["draw", "seed"], values="value")
    differences = (wide[3] - wide[2]).to_numpy()  # draws of descended 0, share .25: step length 0, then .05
    variances = differences.var(axis=1, ddof=1) / 5
    error, freedom = np.sqrt(variances.sum()) / 2, variances.sum() ** 2 / (variances**2 / 4).sum()
    row = found.loc[(0.2, "midway_walk", 0.0, 0.25)]
    assert row["mean"] == pytest.approx(differences.mean())
    assert row["low"] == pytest.approx(differences.mean() - stats.t.ppf(0.95, freedom) * error)
    assert row["p"] == pytest.approx(2 * stats.t.sf(abs(differences.mean() / error), freedom))


def test_walks_without_runs_that_stand_still_are_refused():
    table = contrasted.contrasted(seeds=2)
    still = table["hyperparameters"].str.contains('"step_length": 0.0}')
    with pytest.raises(UserError, match=r"has the step lengths \[0.05\], where 0 and one other are compared"):
        walked(table[~still], "walk_levels", 0.95)
    one = still & (table["draw"] == 0) & (table["seed"] == 1) & (table["dataset"] == "optdigits")
    with pytest.raises(UserError, match="records are not complete"):
        walked(table[~one], "walk_levels", 0.95)


def test_draws_add_what_the_expected_best_of_them_adds():
    """The largest of n of the numbers 0 to 3 is on average 1.5, 7/3, 2.75 and 3, by enumeration. A draw adds a point
    to sgd and two to sam."""
    found = after_draws(contrasted.contrasted(seeds=3), "headline", "sgd", 0.95).set_index(["method", "label_noise"])
    best = [1.5, 7 / 3, 2.75, 3.0]
    for noise in (0.0, 0.2):
        rows = found.loc[("sam", noise)]
        assert rows["draws"].tolist() == [1, 2, 3, 4]
        assert rows["mean"].tolist() == pytest.approx([0.01 * each for each in best])
        assert (found.loc[("contour_warmup", noise)]["mean"].abs() < 1e-12).all()
    with pytest.raises(UserError, match="no scores of the reference adam"):
        after_draws(contrasted.contrasted(seeds=3), "headline", "adam", 0.95)
