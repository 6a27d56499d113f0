"""Numbers of data efficiency: ratios, bounds and counts as LaTeX prints them, and what is said where they lack."""

import pandas as pd
import pytest
import ruled

from robustpath.numbers import efficiency


@pytest.fixture(scope="module")
def settings():
    return ruled.settings()


@pytest.fixture(scope="module")
def table(settings):
    return ruled.recorded(settings, ruled.WORTH | {"slow_ball": 0.01})


@pytest.fixture(scope="module")
def macros(table, settings):
    return efficiency.collect(table, settings)


def test_ratios_are_those_that_were_planted(macros):
    assert macros["RatioSamCleanId"].value == macros["RatioSamNoisyId"].value == "1.50"
    assert macros["RatioShortDescentCleanId"].value == "0.90"
    assert (
        macros["RatioGroupDroCleanWorst"].value == "1.20" and macros["RatioGroupDroNoisyWorst"].value == "not measured"
    )
    assert macros["RatioMixupNoisyId"].value == "1.30" and macros["RatioEnsembleCleanId"].value == "1.40"
    assert macros["RatioSamCleanIdInterval"].value == "[1.50, 1.50]"
    assert macros["RatioSamCleanShifted"].value == "not measured"
    assert macros["RatioDatasetsMinima"].value == "Fashion-MNIST, Optdigits and Typeface digits"


def test_a_bound_is_printed_as_one(macros):
    assert macros["RatioSlowBallCleanId"].value.startswith(r"$<$\,0.1")  # 70 of 400 examples
    assert macros["RatioSlowBallCleanIdInterval"].value.startswith(r"[$<$\,0.1")
    open_above = {"ratio": 3.0, "low": 1.2, "high": 3.2, "side": ">", "low_open": False, "high_open": True}
    assert efficiency.written(pd.Series(open_above)) == (r"$>$\,3.00", r"[1.20, $>$\,3.20]")
    assert efficiency.written(None) == ("not measured", "not measured")


def test_counts_are_of_methods_that_are_no_ruler(macros):
    """Three methods of minima at two label noises, of which SAM is above 1, short descent below and one its equal."""
    names = ("", "Above", "Below", "Equal", "Bound")
    assert [macros[f"RatioMinima{name}Count"].value for name in names] == ["6", "2", "2", "2", "0"]
    assert macros["RatioBatchesBoundCount"].value == "2"


def test_what_is_not_there_is_not_measured(macros, table, settings):
    lacking = efficiency.collect(table[table["experiment"] == "none"], settings)
    assert lacking.keys() == macros.keys()
    assert {number.value for number in lacking.values()} == {"not measured"}
    without = {name: own for name, own in settings["experiments"].items() if not name.startswith("ruler")}
    unruled = efficiency.collect(table, settings | {"experiments": without})
    assert unruled["RatioSamCleanId"].value == unruled["RatioCount"].value == "not measured"
    assert unruled.keys() == macros.keys()
    assert macros["PrequentialBitsErClean"].value.startswith("1.")
    assert macros["CodeLengthSgd"].value == "not measured" and float(macros["CodeLengthRulerOptdigits"].value) > 0
