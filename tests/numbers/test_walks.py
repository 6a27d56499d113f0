"""The numbers of walks in the prose, from records whose curvature and accuracy are planted."""

import planted
import pytest

from robustpath.numbers import walks
from robustpath.records import labels
from robustpath.statistics import evidence
from robustpath.statistics.walks import END, START, TRAINED

METHODS = ["sgd", "sam", "short_descent", "isotropic_warmup", "repelled_warmup", "flat_warmup", "contour_cooldown"]
LEVEL, WORDS = {"Clean": 0.0, "Noisy": 0.2}, {"Clean": "clean", "Noisy": "noisy"}
GAINS = {"sam": 2.0, "short_descent": 1.0, "isotropic_warmup": 0.7, "repelled_warmup": 0.2, "flat_warmup": 0.5}
CURVATURE = {
    "isotropic_warmup": (2.0, 2.1, 5.0),
    "repelled_warmup": (2.0, 9.0, 6.0),
    "flat_warmup": (2.0, 1.0, 7.0),
    "contour_cooldown": (6.0, 0.5, 9.0),
}


@pytest.fixture(scope="module")
def settings():
    return planted.settings(METHODS, seeds=4)


@pytest.fixture(scope="module")
def macros(settings):
    table = planted.study(METHODS, seeds=4, spread=0.02, gain=GAINS)
    value = table["value"].to_numpy(copy=True)
    for name, values in CURVATURE.items():
        for metric, each in zip((START, END, TRAINED), values, strict=True):
            value[(table["method"] == name) & (table["metric"] == metric)] = each
    table = table.assign(value=value)
    found = evidence.gather(table, "minima", "lengths")
    return walks.collect(table, "minima", found, settings, LEVEL, WORDS)


def test_curvature_has_the_range_over_walks_before_the_descent_and_whose_it_is(macros):
    for place in LEVEL:
        said = {
            name: macros[f"WalkCurvature{name}{place}"].value for name in ("StartLowest", "EndLowest", "EndHighest")
        }
        assert said == {"StartLowest": "2.00", "EndLowest": "1.00", "EndHighest": "9.00"}  # not the cool-down's 0.50
        assert macros[f"WalkCurvatureEndLowestName{place}"].value == "flat warm-up"
        assert macros[f"WalkCurvatureEndHighestName{place}"].value == "repelled warm-up"
        assert macros[f"WalkCurvatureTrainedHighest{place}"].value == "7.00"


def test_gains_at_the_defaults_are_the_planted_ones(macros):
    assert macros["DefaultGainSamNoisy"].value == "$+2.0$"
    assert macros["DefaultGainShortDescentClean"].value == "$+1.0$"
    assert macros["DefaultGainShortDescentCleanVerdict"].value == "is higher than"
    assert (macros["WalkGainDefaultLowestNoisy"].value, macros["WalkGainDefaultHighestNoisy"].value) == (
        "$0.0$",
        "$+0.5$",
    )
    assert macros["WalkGainDefaultHighestNameNoisy"].value == "flat warm-up"
    assert macros["WalkGainMatchedHighestNoisy"].value == "$+0.5$"


def test_comparisons_with_short_descent_are_counted_by_interval_and_after_the_correction(macros):
    """Three walks, two label noises, in distribution and under shift: all gain less than short descent does."""
    for rule in ("", "Default"):
        assert macros[f"WalksBesideShortDescent{rule}Count"].value == "twelve"
        assert macros[f"WalksBesideShortDescent{rule}Above"].value == "zero"
        assert macros[f"WalksBesideShortDescent{rule}HolmAbove"].value == "zero"
        assert macros[f"WalksBesideShortDescent{rule}HolmAboveList"].value == "none"
    assert macros["WalksBesideShortDescentDefaultHolmBelow"].value == "twelve"


def test_a_walk_that_stays_above_short_descent_is_named(settings):
    table = planted.study(METHODS, seeds=4, spread=0.02, gain={"short_descent": 0.5, "flat_warmup": 1.5})
    found = evidence.gather(table[table["label_noise"] == 0.0], "minima", "lengths")
    macros = walks.collect(table, "minima", found, settings, LEVEL, WORDS)
    cases = [rf"flat warm-up with 0\,\% label noise {where}" for where in ("in distribution", "under shift")]
    assert macros["WalksBesideShortDescentDefaultHolmAboveList"].value == " and ".join(cases)


def test_what_was_not_measured_is_said_to_be_so_by_the_same_names(macros, settings):
    table = planted.study(["sgd", "adamw"], seeds=2)
    empty = walks.collect(table, "minima", None, settings, LEVEL, WORDS)
    assert list(empty) == list(macros)
    assert {number.value for name, number in empty.items() if "Verdict" not in name} == {labels.MISSING}


def test_the_correction_takes_away_comparisons_that_the_interval_alone_would_count(settings):
    """Scatter that hides most of a small gain: of twelve comparisons three intervals lie above zero, and one stays."""
    table = planted.study(METHODS[:1] + METHODS[2:], seeds=4, spread=0.3, gain={"flat_warmup": 0.35})
    macros = walks.collect(table, "minima", evidence.gather(table, "minima", "lengths"), settings, LEVEL, WORDS)
    counts = [
        macros[f"WalksBesideShortDescentDefault{name}"].value for name in ("Above", "HolmAbove", "Below", "HolmBelow")
    ]
    assert counts == ["three", "one", "one", "zero"]
