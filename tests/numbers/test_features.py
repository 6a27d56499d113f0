"""Numbers of the features of training sets: those that were planted, and none where the records lack them."""

import designed
import pandas as pd
import pytest

from robustpath.numbers import features
from robustpath.records.labels import MISSING


@pytest.fixture(autouse=True)
def fewer(monkeypatch):
    """Few permutations, for speed."""
    monkeypatch.setattr("robustpath.statistics.features.PERMUTATIONS", 2)
    monkeypatch.setattr("robustpath.statistics.features.RESAMPLES", 50)


def test_numbers_are_those_of_the_planted_effects():
    table = pd.concat([designed.sweep(settings=40), designed.subsets(settings=30), designed.changes(sizes=(5, 40))])
    found = {name: number.value for name, number in features.collect(table, designed.settings()).items()}
    assert MISSING not in found.values()
    assert float(found["FeatureSweepRSquared"].strip("$")) > 0.5
    assert float(found["FeatureDatamodelRSquared"].strip("$")) > 0.5
    assert found["FeatureLargestKnob"] == "correlation"
    assert found["FeatureCheckExamples"] == "40"
    # The planted law falls with the logarithm of all minority examples: 0.08 log(31 / 71) by 40 more of them.
    assert float(found["FeatureCheckMeasured"].strip("$")) == pytest.approx(-6.6, abs=1)
    assert abs(float(found["FeatureCheckPlacebo"].strip("$"))) < 1


def test_what_is_absent_is_not_measured():
    whole = features.collect(pd.concat([designed.subsets(settings=10), designed.changes()]), designed.settings())
    none = features.collect(designed.sweep(settings=4).assign(experiment="other"), designed.settings())
    assert whole.keys() == none.keys()
    assert {number.value for number in none.values()} == {MISSING}
    assert whole["FeatureSweepRSquared"].value == MISSING != whole["FeatureDatamodelRSquared"].value
    assert whole["FeatureCheckVerdict"].value in ("confirmed", "refuted")
    alone = features.collect(designed.changes(), designed.settings())
    assert alone["FeatureCheckVerdict"].value == MISSING
