"""Regressions of behaviour on features of the training set: what was planted is found, and a placebo finds nothing."""

import designed
import numpy as np
import pandas as pd
import pytest

from robustpath.core.errors import UserError
from robustpath.statistics import features, intervals, ridge

KNOBS = list(features.KNOBS)


def stream(seed=0):
    return np.random.default_rng(seed)


@pytest.fixture(scope="module")
def swept():
    """Knobs and the reliance on the attribute of planted settings."""
    means = features.of_settings(features.behaviours(designed.sweep(), features.SWEEP, KNOBS), KNOBS)
    return {knob: means[knob].to_numpy() for knob in KNOBS}, means["reliance_attribute"].to_numpy()


def test_ridge_is_that_of_scikit_learn(swept):
    from sklearn.linear_model import Ridge

    knobs, values = swept
    for form in features.SWEEP_FORMS:
        model = ridge.fit(form, 0.3, knobs, values)
        design = ridge.design(model.basis, knobs)
        theirs = Ridge(alpha=0.3 * len(values)).fit(design, values)
        np.testing.assert_allclose(ridge.predict(model, knobs), theirs.predict(design), atol=1e-9)


def test_errors_of_rows_left_out_are_those_of_leaving_them_out(swept):
    knobs, values = swept
    form = features.SWEEP_FORMS[2]
    base = ridge.basis(form, knobs)
    design = ridge.design(base, knobs)
    for place in (0, 5, 10):
        errors = []
        for row in range(len(values)):
            rest = np.arange(len(values)) != row
            centred = design[rest] - design[rest].mean(0)
            penalty = ridge.STRENGTHS[place] * len(values) * np.eye(design.shape[1])
            weights = np.linalg.solve(centred.T @ centred + penalty, centred.T @ values[rest])
            predicted = values[rest].mean() + (design[row] - design[rest].mean(0)) @ weights
            errors.append((values[row] - predicted) ** 2)
        assert ridge.left_out(form, knobs, values)[place] == pytest.approx(np.mean(errors), rel=1e-8)


def test_planted_effects_are_found_on_settings_held_out(swept):
    found = features.score(features.held_out(features.SWEEP_FORMS, *swept, stream()), 0.95, stream(1))
    assert found.n == 80
    assert found.r2 > 0.9 and found.rank > 0.9
    assert found.r2_low < found.r2 < found.r2_high and found.rank_low < found.rank < found.rank_high


def test_a_setting_held_out_has_no_part_in_its_own_prediction(swept):
    knobs, values = swept
    before = features.held_out(features.SWEEP_FORMS[:1], knobs, values, stream())
    moved = values.copy()
    moved[7] += 100.0
    after = features.held_out(features.SWEEP_FORMS[:1], knobs, moved, stream())
    assert after["predicted"][7] == before["predicted"][7] and after["constant"][7] == before["constant"][7]
    assert after["predicted"][8] != before["predicted"][8] or after["predicted"][9] != before["predicted"][9]


def test_knobs_permuted_between_settings_explain_nothing(swept):
    found = features.placebo(features.SWEEP_FORMS, *swept, 0.95, stream())
    assert found.mean <= 0 and found.low <= found.mean
    none = features.score(
        features.held_out(features.SWEEP_FORMS, swept[0], stream(3).normal(size=80), stream()), 0.95, stream(1)
    )
    assert none.r2 < 0.1 and none.r2_low < 0


def test_shares_are_those_of_the_planted_function():
    """f = 2 x + y + x y + 1 of independent x, y with variance v: variances 4 v, v and v^2."""
    rows = pd.DataFrame({"x": np.repeat([-1.0, 0.0, 1.0], 3), "y": np.tile([-1.0, 0.0, 1.0], 3)})
    values = (1 + 2 * rows["x"] + rows["y"] + rows["x"] * rows["y"]).to_numpy()
    form = ridge.Form("all", {"x": "linear", "y": "linear"}, squares=True, interactions=True)
    found, v = ridge.shares(ridge.fit(form, 0.0, rows, values)), 2 / 3
    whole = 5 * v + v * v
    assert found.first == pytest.approx({"x": 4 * v / whole, "y": v / whole})
    assert found.total == pytest.approx({"x": (4 * v + v * v) / whole, "y": (v + v * v) / whole})


def test_shares_of_a_category_and_a_square_are_exact():
    """f = x^2 + 3 [c = 2] on a whole grid: the shares are the variances of both parts."""
    rows = pd.DataFrame([(x, c) for x in (-2.0, -1.0, 0.0, 1.0, 2.0) for c in (0.0, 1.0, 2.0)], columns=["x", "c"])
    parts = rows["x"] ** 2, 3.0 * (rows["c"] == 2)
    form = ridge.Form("all", {"x": "linear", "c": (0.0, 1.0, 2.0)}, squares=True, interactions=True)
    found = ridge.shares(ridge.fit(form, 1e-12, rows, sum(parts).to_numpy()))
    variances = [part.var(ddof=0) for part in parts]
    assert list(found.first.values()) == pytest.approx([own / sum(variances) for own in variances], abs=1e-6)
    assert found.total == pytest.approx(found.first, abs=1e-6)


def test_shares_of_two_categories_together_are_exact():
    """f = [c = 2] [d = 1] on a whole grid of three and four values: probabilities p = 1/3 and q = 1/4."""
    rows = pd.DataFrame([(c, d) for c in (0.0, 1.0, 2.0) for d in (0.0, 1.0, 2.0, 3.0)], columns=["c", "d"])
    values = ((rows["c"] == 2) & (rows["d"] == 1)).to_numpy(dtype=float)
    form = ridge.Form("all", {"c": (0.0, 1.0, 2.0), "d": (0.0, 1.0, 2.0, 3.0)}, interactions=True)
    found, p, q = ridge.shares(ridge.fit(form, 1e-12, rows, values)), 1 / 3, 1 / 4
    alone, joint = [q * q * p * (1 - p), p * p * q * (1 - q)], p * (1 - p) * q * (1 - q)
    whole = sum(alone) + joint
    assert list(found.first.values()) == pytest.approx([own / whole for own in alone], abs=1e-6)
    assert list(found.total.values()) == pytest.approx([(own + joint) / whole for own in alone], abs=1e-6)


def test_shares_sum_as_they_should_and_name_the_largest_knob(swept):
    model = ridge.best(features.SWEEP_FORMS, *swept)
    found = features.shares(model, features.without_one(model, *swept), 0.95)
    assert model.basis.form.interactions
    assert found["first"].sum() <= 1 <= found["total"].sum()
    assert found.loc[found["first"].idxmax(), "knob"] == "correlation"
    assert (found["first"] <= found["total"] + 1e-12).all()
    for name in ("first", "total"):
        assert found[name].between(found[f"{name}_low"], found[f"{name}_high"]).all()
    assert found.set_index("knob").loc["correlation", "first_low"] < 0.0048 / 0.0066
    assert found.set_index("knob").loc["correlation", "first_high"] > 0.0048 / 0.0066
    plainer = ridge.fit(features.SWEEP_FORMS[1], 0.01, *swept)
    assert sum(ridge.shares(plainer).first.values()) == pytest.approx(1)


def test_the_jackknife_of_a_mean_is_its_t_interval():
    values = stream(5).normal(size=(12, 1))
    others = np.stack([np.delete(values, row, 0).mean(0) for row in range(12)])
    low, high = features.jackknife(values.mean(0), others, 0.95)
    own = intervals.interval(pd.DataFrame({"seed": range(12), "value": values[:, 0], "by": 0}), ["by"], 0.95).iloc[0]
    assert (low[0], high[0]) == pytest.approx((own["low"], own["high"]))


def causal(law, expected=designed.of_counts, seeds=10):
    """The verdict on changes that follow `law`, of a datamodel of subsets that follow `expected`."""
    runs = features.behaviours(designed.subsets(law=expected), features.SUBSETS, features.GROUPS)
    means = features.of_settings(runs, features.GROUPS)
    knobs = {group: means[group].to_numpy(dtype=float) for group in features.GROUPS}
    values = means["reliance_attribute"].to_numpy()
    model = ridge.best(features.COUNT_FORMS, knobs, values)
    table = designed.changes(seeds=seeds, law=law, sizes=(5, 40))
    measured = features.paired_effects(
        features.behaviours(table, features.CHANGES, ["group", "change"]), "reliance_attribute"
    )
    cells = measured[["group", "change"]].drop_duplicates()
    counts = features.unchanged_counts(table)
    others = features.without_one(model, knobs, values)[:20]
    return features.verdict(measured, features.effects(model, others, counts, cells, 0.95), 0.95)


def of_logs(counts):
    """Each group by the logarithm of its own count: what the datamodel can state exactly."""
    effect = sum(w * np.log1p(c) for w, c in zip((0.01, -0.04, -0.04, 0.01), counts, strict=True))
    return dict.fromkeys(features.BEHAVIOURS, 0.5 + effect)


def test_a_planted_cause_is_confirmed():
    found = causal(of_logs, of_logs)
    assert found.confirmed, found
    assert (found.n, found.change) == (10, 40)
    assert found.minority == pytest.approx(-0.04 * np.log(56 / 16), abs=0.01)


def test_an_effect_that_is_absent_from_the_changes_is_refuted():
    found = causal(lambda counts: dict.fromkeys(features.BEHAVIOURS, 0.5), of_logs)
    assert not found.confirmed and not found.sign and not found.inside


def test_an_effect_of_the_other_sign_or_of_another_size_is_refuted():
    def scaled(by):
        return lambda counts: {name: 0.5 + by * (own - 0.5) for name, own in of_logs(counts).items()}

    opposite, large = causal(scaled(-1), of_logs), causal(scaled(4), of_logs)
    assert not opposite.confirmed and not opposite.sign
    assert large.sign and not large.inside and not large.confirmed


def test_an_effect_that_majority_examples_have_too_is_refuted():
    def alike(counts):
        return dict.fromkeys(features.BEHAVIOURS, 0.5 - 0.04 * np.log(56 / 16) * (sum(counts) - 1000) / 40)

    found = causal(alike, of_logs)
    assert found.sign and found.inside and not found.smaller and not found.confirmed


def test_the_unchanged_set_is_that_of_its_runs():
    assert features.unchanged_counts(designed.changes(seeds=2)).tolist() == list(designed.BASE)


def test_effects_are_paired_by_seed_and_refuse_gaps():
    table = designed.changes(seeds=4, spread=0.0, sizes=(5,))
    runs = features.behaviours(table, features.CHANGES, ["group", "change"])
    shifted = runs.assign(reliance_attribute=runs["reliance_attribute"] + 10.0 * runs["seed"])
    pd.testing.assert_frame_equal(
        features.paired_effects(runs, "reliance_attribute"), features.paired_effects(shifted, "reliance_attribute")
    )
    lost = (runs["change"] == 5) & (runs["group"] == 1) & (runs["seed"] == 2)
    with pytest.raises(UserError, match="cell=1 by 5, seed=2 has no score"):
        features.paired_effects(runs[~lost], "reliance_attribute")
    unchanged = (runs["change"] == 0) & (runs["seed"] == 3)
    with pytest.raises(UserError, match="no unchanged set of seed 3"):
        features.paired_effects(runs[~unchanged], "reliance_attribute")


def test_what_is_lacking_is_named():
    table = designed.sweep(settings=3)
    with pytest.raises(UserError, match="3 settings are too few"):
        features.of_settings(features.behaviours(table, features.SWEEP, KNOBS), KNOBS)
    with pytest.raises(UserError, match="no behaviour of experiment feature_subsets"):
        features.behaviours(table, features.SUBSETS, features.GROUPS)
    changed = designed.changes(seeds=1)
    with pytest.raises(UserError, match="no unchanged set"):
        features.unchanged_counts(changed[changed["setting"] > 0])
    fewer = pd.DataFrame({"group": [1], "change": [-50]})
    model = ridge.Model(None, None, None, 0.0, 0.0, {})
    with pytest.raises(UserError, match="removes more examples"):
        features.effects(model, [model], pd.Series(dict(zip(features.GROUPS, designed.BASE, strict=True))), fewer, 0.95)
