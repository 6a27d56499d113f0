"""Numbers of the scale check: planted differences and ratios as LaTeX prints them, and what lacks."""

import larger_records
import pytest

from robustpath.numbers import larger

SMALL = {"sam": 2.0, "parallelogram": 0.1}
LARGER = {"sam": 0.5, "parallelogram": 0.1}


@pytest.fixture(scope="module")
def settings():
    return larger_records.settings()


@pytest.fixture(scope="module")
def table(settings):
    return larger_records.recorded(settings, SMALL, LARGER)


@pytest.fixture(scope="module")
def macros(table, settings):
    return larger.collect(table, settings)


def test_differences_and_ratios_are_those_that_were_planted(macros):
    assert macros["LargerSamMinusSgdNoisyIdSmall"].value == "$+6.0$"
    assert macros["LargerSamMinusSgdNoisyIdLarger"].value == r"$-6.0$"
    assert macros["LargerParallelogramMinusCoreSetCleanIdLarger"].value == "$-10.0$"
    assert macros["LargerSamMinusSgdCleanShiftedSmall"].value == "not measured"
    assert macros["LargerRatioSamNoisyIdSmall"].value == "2.00"
    assert macros["LargerRatioSamNoisyIdLarger"].value == "0.50"


def test_outcomes_are_counted(macros):
    """SAM less SGD turns round at two noises; the contour less short descent is clear at neither; two contrasts of
    streams are the same and none, since DER++ and plain steps are equal; two of labels are the same."""
    counts = {name: macros[f"Larger{name}CountWord"].value for name in ("", "Same", "Opposite", "Neither")}
    assert counts[""] == "eight" and counts["Opposite"] == "two" and counts["Same"] == "four"
    assert counts["Neither"] == "two"
    assert macros["LargerSeeds"].value == "6"


def test_what_is_not_there_is_not_measured(macros, table, settings):
    lacking = larger.collect(table[table["experiment"] == "none"], settings)
    assert lacking.keys() == macros.keys()
    differences = {name: each.value for name, each in lacking.items() if "Count" not in name and name != "LargerSeeds"}
    assert set(differences.values()) == {"not measured"} and lacking["LargerCountWord"].value == "zero"


def test_another_reference_defines_the_same_macros_and_changes_no_difference(macros, table, settings):
    """The text names SGD; a ratio to another ruler is one that these records do not have."""
    other = larger.collect(table, settings | {"reference": "adamw"})
    assert other.keys() == macros.keys()
    same = [name for name in macros if "Ratio" not in name]
    assert {name: other[name].value for name in same} == {name: macros[name].value for name in same}
    assert other["LargerRatioSamNoisyIdSmall"].value == "not measured"
