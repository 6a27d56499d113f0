"""Contrasts at two scales: planted differences come back, from the defaults and the shared data sets alone."""

import larger_records
import numpy as np
import pytest

from robustpath.statistics import larger
from robustpath.statistics.stratified import mean

SMALL = {"sam": 2.0, "mixup": 1.5, "ensemble": 1.7, "parallelogram": 0.1}
LARGER = {"sam": 0.5, "mixup": 1.25, "ensemble": 1.1, "parallelogram": 0.1, "contour_warmup": 2.0}


@pytest.fixture(scope="module")
def settings():
    return larger_records.settings()


@pytest.fixture(scope="module")
def table(settings):
    return larger_records.recorded(settings, SMALL, LARGER)


@pytest.fixture(scope="module")
def found(table, settings):
    return larger.contrasts(table, settings).set_index(["method", "other", "label_noise", "kind"])


def test_differences_are_those_that_were_planted(found):
    """Twice the examples are worth .06 on the planted curve, half of them -.06."""
    row = found.loc["sam", "sgd", 0.2, "none"]
    assert row["small"].effect == pytest.approx(0.06, abs=1e-3)
    assert row["larger"].effect == pytest.approx(-0.06, abs=1e-3)
    for level in (0.0, 0.2):
        row = found.loc["contour_warmup", "short_descent", level, "none"]
        assert row["small"].effect == pytest.approx(0.0, abs=1e-3)
        assert row["larger"].effect == pytest.approx(0.06, abs=1e-3)
    assert found.loc["slow_ball", "online_sgd", 0.0, "none"]["larger"].effect == pytest.approx(-0.1, abs=1e-3)
    assert found.loc["parallelogram", "core_set", 0.0, "none"]["small"].effect == pytest.approx(-0.1, abs=1e-3)


def test_only_the_default_draw_counts(found):
    """The second draw of the slow ball on stream_split is better by a fifth."""
    row = found.loc["slow_ball", "der_plus_plus", 0.0, "none"]
    assert row["small"].effect == pytest.approx(-0.1, abs=1e-3)
    assert row["small"].n == row["larger"].n == 12  # six seeds on each of two kinds of streams


def test_data_sets_are_those_of_both_scales(found, settings):
    names = [name for name, *_ in found.loc["sam", "sgd", 0.0, "none"]["small"].by_dataset]
    assert names == ["fashion_mnist", "typeface_digits"]  # and not Optdigits, which has no larger images
    changed = settings | {
        "experiments": settings["experiments"] | {"larger": settings["experiments"]["larger"] | {"datasets": []}}
    }
    assert len(larger.shared(changed, "minima", "larger")["minima"]) == 3


def test_outcomes_are_named_by_the_signs_of_whole_intervals(found):
    def around(centre, half):
        return mean(np.array([[[centre - half, centre, centre + half]]]), ["one"], 0.95)

    up, down, unclear = around(1.0, 0.1), around(-1.0, 0.1), around(0.1, 1.0)
    assert larger.outcome(up, up) == larger.outcome(down, down) == larger.SAME
    assert larger.outcome(up, down) == larger.outcome(down, up) == larger.OPPOSITE
    assert larger.outcome(up, unclear) == larger.ONLY_SMALL
    assert larger.outcome(unclear, down) == larger.ONLY_LARGER
    assert larger.outcome(unclear, unclear) == larger.NEITHER
    assert found.loc["sam", "sgd", 0.0, "none"]["outcome"] == larger.OPPOSITE
    assert found.loc["parallelogram", "random_acquisition", 0.0, "none"]["outcome"] == larger.SAME


def test_ratios_are_those_that_were_planted(table, settings):
    own = larger.ratios(table, settings).set_index(["scale", "method", "label_noise", "kind"])["ratio"]
    assert own["small", "sam", 0.2, "none"] == pytest.approx(2.0, rel=0.02)
    assert own["small", "mixup", 0.2, "none"] == pytest.approx(1.5, rel=0.02)
    assert own["larger", "mixup", 0.2, "none"] == pytest.approx(1.25, rel=0.02)
    assert own["small", "ensemble", 0.0, "none"] == pytest.approx(1.7, rel=0.02)
    assert own["larger", "ensemble", 0.0, "none"] == pytest.approx(1.1, rel=0.02)
    assert own["larger", "sam", 0.2, "none"] == pytest.approx(0.5, rel=0.02)
    assert own["larger", "short_descent", 0.0, "none"] == pytest.approx(1.0, rel=0.02)


def test_what_is_not_in_the_records_is_left_out(table, settings):
    without = table[~((table["experiment"] == "larger_stream_split") | (table["method"] == "core_set"))]
    found = larger.contrasts(without, settings)
    assert set(found["family"]) == {"minima", "shortcuts"}
    assert "core_set" not in set(found["other"])
    assert larger.contrasts(table[table["experiment"] == "none"], settings).empty
