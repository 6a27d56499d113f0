"""Which experiments measure which methods, and ratios of planted curves."""

import copy

import numpy as np
import pandas as pd
import pytest
import ruled

from robustpath.statistics import rulers
from robustpath.statistics.evidence import OOD


@pytest.fixture(scope="module")
def settings():
    return ruled.settings()


@pytest.fixture(scope="module")
def found(settings):
    return rulers.measured(ruled.recorded(settings), settings).set_index(
        ["comparison", "method", "label_noise", "kind"]
    )


def test_a_method_is_worth_as_many_examples_as_was_planted(found):
    for method in ("sam", "contour_warmup", "short_descent"):
        for noise in (0.0, 0.2):
            row = found.loc["minima", method, noise, "none"]
            assert row["ratio"] == pytest.approx(ruled.WORTH[method], rel=0.01) and row["side"] == ""
            assert row["low"] <= row["ratio"] <= row["high"] and not row["itself"]
    assert found.loc["groups", "group_dro", 0.0, "none"]["ratio"] == pytest.approx(1.2, rel=0.01)
    assert found.loc["streams", "slow_ball", 0.0, "none"]["ratio"] == pytest.approx(0.5, rel=0.01)
    assert found.loc["rehearsal", "der_plus_plus", 0.3, "none"]["ratio"] == pytest.approx(2.0, rel=0.01)


def test_every_comparison_with_records_has_its_ruler_measured_by_half_of_its_seeds(found):
    own = found[found["itself"]].reset_index()
    assert set(own["comparison"]) == {"minima", "streams", "rehearsal", "groups", "holes"}
    assert (own["seeds"] == 3).all()
    assert own.loc[own["comparison"] != "holes", "ratio"].between(0.97, 1.03).all()


def test_a_method_without_a_ruler_in_its_experiment_is_measured_by_that_of_another(settings):
    """Also where the network is another one; where anything else is, nothing measures it."""
    table = ruled.recorded(settings)
    names = list(rulers.YARDSTICKS)
    found = rulers.measured(table, settings, names).set_index(["comparison", "method", "label_noise", "kind"])
    for comparison, method, worth in (("yardsticks", "mixup", 1.3), ("ensembles", "ensemble", 1.4)):
        for noise in (0.0, 0.2):
            row = found.loc[comparison, method, noise, "none"]
            assert row["ratio"] == pytest.approx(worth, rel=0.01) and row["seeds"] == 6 and not row["itself"]
    assert set(found.reset_index()["method"]) == {"mixup", "ensemble"}
    assert settings["experiments"]["ensembles"]["model"] == "ensemble_mlp"
    for key, value in {"budget": 601, "draws": 2, "label_noise": [0.0]}.items():
        other = copy.deepcopy(settings)
        other["experiments"]["ensembles"][key] = value
        assert rulers.rulers("ensembles", settings)[0] == "minima" and not rulers.rulers("ensembles", other)
        assert set(rulers.measured(table, other, names)["comparison"]) == {"yardsticks"}
        assert rulers.yardsticks("minima", other) == ["yardsticks"]
    without = {name: own for name, own in settings["experiments"].items() if name != "minima"}
    assert rulers.measured(table, settings | {"experiments": without}, names).empty
    assert not rulers.yardsticks("minima", settings | {"experiments": without})
    assert rulers.yardsticks("minima", settings) == names and not rulers.yardsticks("larger", settings)
    other = copy.deepcopy(settings)
    other["experiments"]["minima"]["methods"].append("mixup")
    assert rulers.yardsticks("minima", other) == ["ensembles"]


def test_a_yardstick_is_measured_by_its_own_runs_where_the_other_experiment_has_the_method_too(settings):
    table = ruled.recorded(settings)
    own = (table["experiment"] == "minima") & (table["method"] == "sam")
    both = pd.concat([table, table[own].assign(method="mixup", value=table["value"][own] - 0.1)], ignore_index=True)
    found, expected = (rulers.measured(rows, settings, ["yardsticks"]) for rows in (both, table))
    pd.testing.assert_frame_equal(found, expected)


def test_labels_are_counted_from_the_first_ones_on(settings):
    """The curve of random choice over 640 labels reaches at 420 what another acquisition has after 120."""

    def planted(run):
        at = 0.5 if run["experiment"] == "ruler_acquisition_hole" else 0.2
        return {"worst": 0.5 - 0.1 * 11 / 30 if run["method"] == "badge" else at}

    own = settings | {"experiments": {name: settings["experiments"][name] for name in ruled.ACQUIRED}}
    table = ruled.acquired_records.recorded(own, planted, 1e-6)
    twice = (table["experiment"] == "acquisition_methods") & (table["method"] == "random_acquisition")
    found = rulers.measured(table[~twice], own).set_index(["comparison", "method"])
    row = found.loc["holes", "badge"]
    assert row["size"] == 120 and row["ratio"] == pytest.approx(420 / 120, rel=0.01)


def test_what_lies_beyond_the_ruler_is_a_bound(settings):
    table = ruled.recorded(settings, {"sam": 20.0, "slow_ball": 0.01})
    found = rulers.measured(table, settings).set_index(["comparison", "method", "label_noise", "kind"])
    above, below = found.loc["minima", "sam", 0.0, "none"], found.loc["streams", "slow_ball", 0.0, "none"]
    ends = [("fashion_mnist", 3200), ("optdigits", 540), ("typeface_digits", 960)]
    assert above["side"] == ">" and above["ratio"] == pytest.approx(np.prod([end / 300 for _, end in ends]) ** (1 / 3))
    assert above["high_open"] and below["low_open"]
    assert below["side"] == "<" and below["ratio"] == pytest.approx(70 / 400)


def test_a_ruler_that_does_not_rise_measures_nothing(settings):
    table = ruled.recorded(settings)
    falls = (table["dataset"] == "coloured_mnist1d") & (table["metric"] == "accuracy_worst_group")
    fallen = table.assign(value=table["value"].mask(falls, 1 - table["value"]))
    before, after = (rulers.measured(each, settings).query("comparison == 'groups'") for each in (table, fallen))
    names = [{name for name, *_ in own["by_dataset"].iloc[-1]} for own in (before, after)]
    assert names[0] - names[1] == {"coloured_mnist1d"} and len(names[1]) == 2
    rising = np.array([[0.5, 0.6], [0.4, 0.52], [0.45, 0.56]])
    assert rulers.rises(rising, 0.95) and not rulers.rises(rising[:, ::-1], 0.95)
    assert not rulers.rises(np.array([[0.5, 0.6], [0.6, 0.5], [0.5, 0.5]]), 0.95)


def test_accuracies_under_shift_are_the_mean_over_their_kinds(settings):
    table = ruled.recorded(settings)
    own = table[table["experiment"].isin(["minima", "ruler"]) & (table["dataset"] == "fashion_mnist")]
    test = own[(own["split"] == "test") & (own["metric"] == "accuracy")]
    shifted = [
        test.assign(shift=name, shift_family=kind, severity=1, value=test["value"] - less)
        for name, kind, less in (("fog", "corruption", 0.1), ("rain", "corruption", 0.2), ("other", "natural", 0.05))
    ]
    rows = rulers.scores(ruled.pd.concat([own, *shifted]), "minima", settings)
    both = rows[rows["method"] == "sgd"].pivot_table(index=["size", "seed"], columns="kind", values="value")
    assert (both["none"] - both[OOD]).to_numpy() == pytest.approx(0.1)


@pytest.mark.parametrize("scale", ["smoke", "laptop", "cluster"])
def test_the_shipped_rulers_hold_the_size_that_they_measure(scale):
    """Every data set of minima and groups, streams and acquisition, at sizes on both sides."""
    settings = ruled.shipped(scale)
    for comparison in rulers.YARDSTICKS:
        assert rulers.rulers(comparison, settings) == ["minima", *rulers.rulers("minima", settings)]
    for comparison, about in rulers.COMPARISONS.items():
        names = rulers.rulers(comparison, settings)
        own = settings["experiments"][about.experiment]
        if scale == "smoke" and comparison == "labels":
            continue
        assert {name for each in names for name in settings["experiments"][each]["datasets"]} >= set(own["datasets"])
        if "train_sizes" in own:
            for each in names:
                assert min(settings["experiments"][each]["train_sizes"]) < own["train_sizes"][0]
                assert max(settings["experiments"][each]["train_sizes"]) > own["train_sizes"][0]
                assert scale == "smoke" or len(settings["experiments"][each]["train_sizes"]) >= 7
        elif "examples" in own:
            sizes = [settings["experiments"][each]["examples"] for each in names]
            assert min(sizes) < own["examples"] < max(sizes) and (scale == "smoke" or len(sizes) >= 7)


@pytest.mark.parametrize(("key", "value"), [("budget", 601), ("draws", 2), ("label_noise", [0.0]), ("seeds", 5)])
def test_an_experiment_that_differs_in_more_than_its_sizes_is_no_ruler(settings, key, value):
    other = copy.deepcopy(settings)
    other["experiments"]["ruler"][key] = value
    assert "ruler" in rulers.rulers("minima", settings) and "ruler" not in rulers.rulers("minima", other)
    other = copy.deepcopy(settings)
    other["experiments"]["ruler"]["methods"] = ["sgd", "sam"]
    assert "ruler" not in rulers.rulers("minima", other)
